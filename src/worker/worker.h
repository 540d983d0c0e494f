/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  Entry points of the background processes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_WORKER_H
#define BRIM_WORKER_WORKER_H

/* Register the launcher; while preloading only. */
extern void brim_launcher_init(void);

/* What a worker process is told: its slot in shared memory, its number in its database. */
#define BRIM_WORKER_ARG(slot, number) Int32GetDatum((slot) + (number) *BRIM_MAX_SLOTS)
#define BRIM_WORKER_ARG_SLOT(arg) (DatumGetInt32(arg) % BRIM_MAX_SLOTS)
#define BRIM_WORKER_ARG_NUMBER(arg) (DatumGetInt32(arg) / BRIM_MAX_SLOTS)

/* Called by name through the background worker machinery. */
extern PGDLLEXPORT void brim_launcher_main(Datum arg);
extern PGDLLEXPORT void brim_worker_main(Datum arg);

#endif /* BRIM_WORKER_WORKER_H */
