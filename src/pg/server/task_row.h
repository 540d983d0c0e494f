/*-------------------------------------------------------------------------
 *
 * task_row.h
 *	  Rows of brim.task, as the process that works on one sees them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_TASK_ROW_H
#define BRIM_PG_SERVER_TASK_ROW_H

#define BRIM_TASK_UNKNOWN (-1) /* units in all: nobody knows */

/* Inside a transaction: return true if rows wait, or are said to be running. */
extern bool brim_task_row_any(void);

/* Inside a transaction: end the rows whose process is gone. */
extern void brim_task_row_settle(void);

/*
 * Inside a transaction: take the oldest row that waits, for this process, and
 * with its lock.  Returns its number, and its kind, which is never freed; 0 if
 * none waits.  *more: others wait, too.
 */
extern int64 brim_task_row_take(char **kind, bool *more);

/* Raise an error if who asked for it may not have it done, or its arguments are no good. */
extern void brim_task_row_check(int64 task_id);

/*
 * A step of a task is a transaction of its own: begin() sees to interrupts and
 * settings first, and raises an error if the extension is gone.  progress() is
 * called before the commit: what can be seen is what is done.
 */
extern void brim_task_row_begin(void);
extern void brim_task_row_progress(int64 task_id, int64 done, int64 total, const char *text);
extern void brim_task_row_commit(void);

/*
 * In a transaction of its own: how it ended.  error is NULL, or a text that is
 * cut; where somebody cancelled it, that is said instead.
 */
extern void brim_task_row_end(int64 task_id, const char *status, const char *error, Oid by);

#endif /* BRIM_PG_SERVER_TASK_ROW_H */
