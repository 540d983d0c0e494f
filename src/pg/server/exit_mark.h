/*-------------------------------------------------------------------------
 *
 * exit_mark.h
 *	  How the last process of a worker's number ended.
 *
 * A process that ends in good order leaves a mark, and so does one that has to
 * quit because something else in the server crashed.  One that dies of
 * itself leaves none: then what it worked on may be what killed it.  The mark
 * is an empty file, since shared memory does not outlive a crash.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_EXIT_MARK_H
#define BRIM_PG_SERVER_EXIT_MARK_H

/* Take the number's mark away; from here on this process leaves one when it ends well. */
extern void brim_exit_mark_begin(int number);

/* Return true if the last process of this number, or of another that is dead, left a mark. */
extern bool brim_exit_mark_found(int number);

#endif /* BRIM_PG_SERVER_EXIT_MARK_H */
