/*-------------------------------------------------------------------------
 *
 * model_cache.c
 *	  Compiled scoring models in backend memory; see model_cache.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "access/xact.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "pg/row/row.h"
#include "pg/score/internal.h"
#include "pg/server/server.h"

#define MODEL_KEY (NAMEDATALEN + 16) /* name, or name@version */

/* An entry of the cache: the published version of a model. */
typedef struct CacheEntry
{
	char             name[MODEL_KEY]; /* empty: the default model */
	BrimModelHandle *handle;
} CacheEntry;

/* Models that plans were made for lately, each held; the oldest is released first. */
#define PLANNED_MAX 32
static BrimModelHandle *planned[PLANNED_MAX];
static int              next_planned = 0;

static HTAB           *cache = NULL;
static MemoryContext   cache_cxt = NULL;
static BrimModelTables tables;      /* what the cached models were read from */
static uint64          changes = 0; /* changes that we learned of */

void
brim_model_cache_release(BrimModelHandle *handle)
{
	Assert(handle->holders > 0);
	if (--handle->holders > 0)
		return;
	if (handle->lexicon != NULL)
		brim_lexicon_cache_release(handle->lexicon);
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
			brim_model_cache_release(handle);
		}
	}
}

/* The relation cache drops a table, or all of them: so do we. */
static void
table_changed(Datum arg, Oid relid)
{
	(void) arg;
	if (relid == InvalidOid || relid == tables.intent_class || relid == tables.intent_term ||
		relid == tables.intent_cue || relid == tables.model || relid == tables.rule ||
		relid == tables.signal || relid == tables.published)
	{
		changes++;
		drop_models();
	}
}

/*
 * A transaction is over.  A plan that is carried out later is made again where
 * the rules have changed by now, so that what it was made for is of no use.
 */
static void
forget_planned(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE ||
		event == XACT_EVENT_PARALLEL_PRE_COMMIT)
		return;
	for (int i = 0; i < PLANNED_MAX; i++)
	{
		BrimModelHandle *handle = planned[i];

		if (handle == NULL || !handle->is_stale)
			continue;
		planned[i] = NULL;
		brim_model_cache_release(handle);
	}
}

void
brim_model_cache_init(void)
{
	CacheRegisterRelcacheCallback(table_changed, (Datum) 0);
	RegisterXactCallback(forget_planned, NULL);
}

static void
start_cache(void)
{
	HASHCTL ctl;

	if (cache_cxt == NULL)
		cache_cxt =
			AllocSetContextCreate(TopMemoryContext, "brim scoring models", ALLOCSET_DEFAULT_SIZES);
	memset(&ctl, 0, sizeof(ctl));
	ctl.keysize = MODEL_KEY;
	ctl.entrysize = sizeof(CacheEntry);
	ctl.hcxt = cache_cxt;
	cache = hash_create("brim scoring models", 16, &ctl, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/* Find the scoring tables by their names; an error where brim is not installed. */
BrimModelTables
brim_model_cache_tables(void)
{
	BrimModelTables found;
	Oid             schema = get_namespace_oid("brim", true);

	memset(&found, 0, sizeof(found));
	if (OidIsValid(schema))
	{
		found.model = get_relname_relid("scoring_model", schema);
		found.rule = get_relname_relid("scoring_rule", schema);
		found.signal = get_relname_relid("scoring_signal", schema);
		found.published = get_relname_relid("published_model", schema);
		found.intent_class = get_relname_relid("intent_class", schema);
		found.intent_term = get_relname_relid("intent_term", schema);
		found.intent_cue = get_relname_relid("intent_cue", schema);
	}
	if (!OidIsValid(found.model) || !OidIsValid(found.rule) || !OidIsValid(found.signal) ||
		!OidIsValid(found.published))
		ereport(
			ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
			errmsg("the scoring tables of schema \"brim\" do not exist"),
			errhint(
				"Run CREATE EXTENSION brim in this database, or pass a scoring model as jsonb."));
	brim_version_check();
	return found;
}

BrimModel *
brim_model_cache_compile_in(MemoryContext parent, BrimModelDef *def, int sqlerrcode,
							MemoryContext *cxt)
{
	MemoryContext own =
		AllocSetContextCreate(CurrentMemoryContext, "brim scoring model", ALLOCSET_SMALL_SIZES);
	BrimError  error;
	BrimModel *model;

	brim_kind_of(def)->check(def);
	model = def->scorer->compile(def, &brim_language_server, brim_memory_in(own), &error);
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

/* Give a definition that looks for events the lexicon, which has to be released; or NULL. */
static BrimLexiconHandle *
give_lexicon(BrimModelDef *def)
{
	BrimLexiconHandle *lexicon;

	if (!brim_kind_of(def)->needs_lexicon(def))
		return NULL;
	lexicon = brim_lexicon_cache_acquire();
	def->lexicon = lexicon->lexicon;
	return lexicon;
}

/* Compile a definition; should that fail, release the lexicon. */
static BrimModel *
compile_holding(BrimLexiconHandle *lexicon, MemoryContext parent, BrimModelDef *def, int sqlerrcode,
				MemoryContext *cxt)
{
	BrimModel *volatile model = NULL;

	PG_TRY();
	{
		model = brim_model_cache_compile_in(parent, def, sqlerrcode, cxt);
	}
	PG_CATCH();
	{
		if (lexicon != NULL)
			brim_lexicon_cache_release(lexicon);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return model;
}

/* Read and compile a model; nothing is left behind but the handle. */
static BrimModelHandle *
read_model(const char *name, int version)
{
	static uint64 serial = 0;
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "brim scoring rules", ALLOCSET_DEFAULT_SIZES);
	MemoryContext      caller = MemoryContextSwitchTo(work);
	BrimModelDef      *def = brim_model_load(&tables, name, version);
	BrimLexiconHandle *lexicon = give_lexicon(def);
	MemoryContext      cxt;
	BrimModel         *model =
		compile_holding(lexicon, work, def, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, &cxt);
	BrimModelHandle *handle;

	handle = MemoryContextAllocZero(cxt, sizeof(BrimModelHandle));
	handle->lexicon = lexicon;
	handle->model = model;
	handle->cxt = cxt;
	handle->serial = ++serial;
	MemoryContextSetParent(cxt, cache_cxt);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	return handle;
}

/*
 * Take "name@version" apart; version 0 where there is none.  The name is cut
 * off in place.
 */
static int
cut_version(char *name)
{
	char *at = strrchr(name, '@');
	char *end;
	long  version;

	if (at == NULL)
		return 0;
	errno = 0;
	version = strtol(at + 1, &end, 10);
	if (at[1] < '0' || at[1] > '9' || *end != '\0' || errno != 0 || version <= 0 ||
		version > INT_MAX)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid version of a scoring model in \"%s\"", name),
				errhint("Write name@version, for example 'balanced@2'."));
	*at = '\0';
	return (int) version;
}

BrimModelHandle *
brim_model_cache_acquire(const char *name)
{
	char             key[MODEL_KEY] = {0};
	char             base[MODEL_KEY] = {0};
	CacheEntry      *entry;
	BrimModelHandle *handle;
	bool             found;

	if (cache == NULL)
		start_cache();
	if (name != NULL)
	{
		if (name[0] == '\0' || strlen(name) >= MODEL_KEY)
			ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("scoring model \"%s\" does not exist", name),
					errhint("The view brim.model_spec lists the models."));
		strlcpy(key, name, sizeof(key));
		strlcpy(base, name, sizeof(base));
	}

	/* See what other sessions committed up to now. */
	AcceptInvalidationMessages();
	entry = hash_search(cache, key, HASH_FIND, NULL);
	if (entry == NULL)
	{
		int    version = name == NULL ? 0 : cut_version(base);
		uint64 changes_before;

		/* Known before reading, so that a change that comes in while reading is noticed. */
		tables = brim_model_cache_tables();
		changes_before = changes;
		handle = read_model(name == NULL ? NULL : base, version);
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
brim_model_cache_remember(BrimModelHandle *handle)
{
	for (int i = 0; i < PLANNED_MAX; i++)
	{
		if (planned[i] == handle)
			return;
	}
	handle->holders++;
	if (planned[next_planned] != NULL)
		brim_model_cache_release(planned[next_planned]);
	planned[next_planned] = handle;
	next_planned = (next_planned + 1) % PLANNED_MAX;
}

BrimModelHandle *
brim_model_cache_recall(uint64 serial)
{
	for (int i = 0; i < PLANNED_MAX; i++)
	{
		if (planned[i] != NULL && planned[i]->serial == serial)
		{
			planned[i]->holders++;
			return planned[i];
		}
	}
	return NULL;
}

void
brim_model_cache_try(const char *name, int version, bool is_draft)
{
	MemoryContext      cxt;
	BrimModelTables    now = brim_model_cache_tables();
	BrimModelDef      *def = brim_model_load(&now, name, version);
	BrimLexiconHandle *lexicon;

	if (is_draft && !brim_kind_of(def)->trim_draft(def))
		return;
	lexicon = give_lexicon(def);
	compile_holding(lexicon, CurrentMemoryContext, def,
					is_draft ? ERRCODE_CHECK_VIOLATION : ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
					&cxt);
	if (lexicon != NULL)
		brim_lexicon_cache_release(lexicon);
	MemoryContextDelete(cxt);
}
