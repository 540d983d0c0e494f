/*-------------------------------------------------------------------------
 *
 * task.h
 *	  A process that does one long piece of work and ends.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_TASK_H
#define BRIM_WORKER_TASK_H

/*
 * A kind of work.  run() does it in steps (pg/server/task_row.h), each a
 * transaction that leaves what is done in a state that another run can go on
 * from; it returns when all is done, and raises an error otherwise.
 */
typedef struct BrimTaskKind
{
	const char *name;
	void (*run)(int64 task_id);
} BrimTaskKind;

/* For workers: if there are rows that a process should look at, wish for one. */
extern void brim_task_look(void *arg);

/* Entry point of a task process, called by name; its argument is its slot. */
extern PGDLLEXPORT void brim_task_main(Datum arg);

#endif /* BRIM_WORKER_TASK_H */
