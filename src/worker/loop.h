/*-------------------------------------------------------------------------
 *
 * loop.h
 *	  The worker process of one database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_LOOP_H
#define BRIM_WORKER_LOOP_H

/* The argument of a worker process: its slot in shared memory, its number in its database. */
#define BRIM_LOOP_ARG(slot, number) Int32GetDatum((slot) + (number) *BRIM_MAX_SLOTS)
#define BRIM_LOOP_ARG_SLOT(arg) (DatumGetInt32(arg) % BRIM_MAX_SLOTS)
#define BRIM_LOOP_ARG_NUMBER(arg) (DatumGetInt32(arg) / BRIM_MAX_SLOTS)

/* Called by name through the background worker machinery. */
extern PGDLLEXPORT void brim_loop_main(Datum arg);

#endif /* BRIM_WORKER_LOOP_H */
