/*-------------------------------------------------------------------------
 *
 * init.c
 *	  Loading the library: a table of contents.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "db/lexicon.h"
#include "db/model.h"
#include "db/settings.h"
#include "db/shared.h"
#include "worker/worker.h"

BRIM_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	brim_settings_init();
	brim_model_init();
	brim_lexicon_init();
	brim_shared_init();
	brim_launcher_init();
}
