/*-------------------------------------------------------------------------
 *
 * launcher.h
 *	  The process that keeps the workers running.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_LAUNCHER_H
#define BRIM_WORKER_LAUNCHER_H

/* Register the launcher; while preloading only. */
extern void brim_launcher_init(void);

/* Called by name through the background worker machinery. */
extern PGDLLEXPORT void brim_launcher_main(Datum arg);

#endif /* BRIM_WORKER_LAUNCHER_H */
