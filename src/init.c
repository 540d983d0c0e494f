/*-------------------------------------------------------------------------
 *
 * init.c
 *	  Loading the library: a table of contents.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "pg/intent/intent.h"
#include "pg/score/score.h"
#include "pg/server/server.h"
#include "worker/worker.h"

BRIM_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	brim_settings_init();
	brim_model_cache_init();
	brim_lexicon_cache_init();
	brim_breaker_init();
	brim_clock_init();
	brim_task_slots_init();
	brim_shared_init();
	brim_prepared_init();
	brim_launcher_init();
}
