/*-------------------------------------------------------------------------
 *
 * model.c
 *	  Compiled scoring models in backend memory; see model.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "db/fold.h"
#include "db/memory.h"
#include "db/model.h"

/* An entry of the cache: the published version of a model. */
typedef struct CacheEntry
{
	char             name[NAMEDATALEN]; /* empty: the default model */
	BrimModelHandle *handle;
} CacheEntry;

static HTAB           *cache = NULL;
static MemoryContext   cache_cxt = NULL;
static BrimModelTables tables;      /* what the cached models were read from */
static uint64          changes = 0; /* times that we were told of a change */

void
brim_model_release(BrimModelHandle *handle)
{
	Assert(handle->holders > 0);
	if (--handle->holders == 0)
		MemoryContextDelete(handle->cxt);
}

/* Drop every cached model; those in use live until their holders are done. */
static void
drop_models(void)
{
	HASH_SEQ_STATUS scan;
	CacheEntry     *entry;

	if (cache == NULL)
		return;
	hash_seq_init(&scan, cache);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		BrimModelHandle *handle = entry->handle;

		hash_search(cache, entry->name, HASH_REMOVE, NULL);
		if (handle != NULL)
		{
			handle->is_stale = true;
			brim_model_release(handle);
		}
	}
}

/* The relation cache drops a table, or all of them: so do we. */
static void
table_changed(Datum arg, Oid relid)
{
	(void) arg;
	if (relid == InvalidOid || relid == tables.model || relid == tables.rule ||
		relid == tables.published)
	{
		changes++;
		drop_models();
	}
}

void
brim_model_init(void)
{
	CacheRegisterRelcacheCallback(table_changed, (Datum) 0);
}

static void
start_cache(void)
{
	HASHCTL ctl;

	if (cache_cxt == NULL)
		cache_cxt =
			AllocSetContextCreate(TopMemoryContext, "brim scoring models", ALLOCSET_DEFAULT_SIZES);
	memset(&ctl, 0, sizeof(ctl));
	ctl.keysize = NAMEDATALEN;
	ctl.entrysize = sizeof(CacheEntry);
	ctl.hcxt = cache_cxt;
	cache = hash_create("brim scoring models", 16, &ctl, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/* Find the scoring tables by their names; an error where brim is not installed. */
BrimModelTables
brim_model_tables(void)
{
	BrimModelTables found;
	Oid             schema = get_namespace_oid("brim", true);

	memset(&found, 0, sizeof(found));
	if (OidIsValid(schema))
	{
		found.model = get_relname_relid("scoring_model", schema);
		found.rule = get_relname_relid("scoring_rule", schema);
		found.published = get_relname_relid("published_model", schema);
	}
	if (!OidIsValid(found.model) || !OidIsValid(found.rule) || !OidIsValid(found.published))
		ereport(
			ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
			errmsg("the scoring tables of schema \"brim\" are not there"),
			errhint(
				"Run CREATE EXTENSION brim in this database, or pass a scoring model as jsonb."));
	return found;
}

BrimModel *
brim_model_compile_in(MemoryContext parent, BrimModelDef *def, int sqlerrcode, MemoryContext *cxt)
{
	MemoryContext own =
		AllocSetContextCreate(CurrentMemoryContext, "brim scoring model", ALLOCSET_SMALL_SIZES);
	BrimError  error;
	BrimModel *model;

	model = brim_model_compile(def, &brim_fold_server, brim_memory_in(own), &error);
	if (model == NULL)
		ereport(ERROR, errcode(sqlerrcode),
				def->version > 0
					? errmsg("scoring model \"%s\" version %d is broken: %s",
							 pnstrdup(def->name.data, def->name.len), def->version, error.message)
					: errmsg("scoring model \"%s\" is broken: %s",
							 pnstrdup(def->name.data, def->name.len), error.message),
				errhint("Correct the model and run the statement again."));
	MemoryContextSetParent(own, parent);
	*cxt = own;
	return model;
}

/* Read and compile a model; nothing is left behind but the handle. */
static BrimModelHandle *
read_model(const char *name, int version)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "brim scoring rules", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	BrimModelDef *def = brim_model_load(&tables, name, version);
	MemoryContext cxt;
	BrimModel    *model =
		brim_model_compile_in(work, def, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, &cxt);
	BrimModelHandle *handle = MemoryContextAllocZero(cxt, sizeof(BrimModelHandle));

	handle->model = model;
	handle->cxt = cxt;
	MemoryContextSetParent(cxt, cache_cxt);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	return handle;
}

BrimModelHandle *
brim_model_acquire(const char *name)
{
	char             key[NAMEDATALEN] = {0};
	CacheEntry      *entry;
	BrimModelHandle *handle;
	bool             found;

	if (cache == NULL)
		start_cache();
	if (name != NULL)
	{
		if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
			ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("scoring model \"%s\" does not exist", name),
					errhint("The view brim.model_spec lists the models."));
		strlcpy(key, name, sizeof(key));
	}

	/* See what other sessions committed up to now. */
	AcceptInvalidationMessages();
	entry = hash_search(cache, key, HASH_FIND, NULL);
	if (entry == NULL)
	{
		uint64 changes_before;

		/* Known before reading, so that a change that comes in while reading is noticed. */
		tables = brim_model_tables();
		changes_before = changes;
		handle = read_model(name, 0);
		if (changes != changes_before)
		{
			/* Right for this statement; the next one reads again. */
			handle->is_stale = true;
			handle->holders = 1;
			return handle;
		}
		entry = hash_search(cache, key, HASH_ENTER, &found);
		Assert(!found);
		handle->holders = 1;
		entry->handle = handle;
	}
	handle = entry->handle;
	handle->holders++;
	return handle;
}

void
brim_model_try(const char *name, int version)
{
	MemoryContext   cxt;
	BrimModelTables now = brim_model_tables();

	brim_model_compile_in(CurrentMemoryContext, brim_model_load(&now, name, version),
						  ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, &cxt);
	MemoryContextDelete(cxt);
}
