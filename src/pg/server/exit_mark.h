/*-------------------------------------------------------------------------
 *
 * exit_mark.h
 *	  How the last process of a worker's number ended.
 *
 * A process that ends in good order leaves a mark, and so does one that is told
 * to quit because something else in the server crashed.  One that dies of
 * itself leaves none: then what it had in hand may be what killed it.  The mark
 * is an empty file, since shared memory does not outlive a crash.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_EXIT_MARK_H
#define BRIM_PG_SERVER_EXIT_MARK_H

/* Take the number's mark away; from here on this process leaves one when it ends well. */
extern void brim_exit_mark_begin(int number);

/* Did the process before this one leave its mark; for another number, is there one? */
extern bool brim_exit_mark_found(int number);

#endif /* BRIM_PG_SERVER_EXIT_MARK_H */
