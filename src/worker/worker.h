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

/* Called by name through the background worker machinery. */
extern PGDLLEXPORT void brim_launcher_main(Datum arg);
extern PGDLLEXPORT void brim_worker_main(Datum arg);

#endif /* BRIM_WORKER_WORKER_H */
