/*-------------------------------------------------------------------------
 *
 * call_cache.c
 *	  A place in a running statement that scores; see call_cache.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "pg/score/internal.h"
#include "pg/row/row.h"

#define SITE_MODELS_MAX 16 /* so that every model can be tried on every lead */

/* A model of a site goes, if only because the statement is over or failed: release the shared one. */
static void
release_model(void *arg)
{
	BrimCallModel *model = arg;

	if (model->handle != NULL)
		brim_model_cache_release(model->handle);
}

BrimCallCache *
brim_call_cache_get(FunctionCallInfo fcinfo)
{
	BrimCallCache *site = fcinfo->flinfo->fn_extra;
	MemoryContext  cxt;

	if (site != NULL)
		return site;
	cxt = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "brim scoring site", ALLOCSET_SMALL_SIZES);
	site = MemoryContextAllocZero(cxt, sizeof(BrimCallCache));
	site->cxt = cxt;
	site->row_cxt = AllocSetContextCreate(cxt, "brim scoring row", ALLOCSET_DEFAULT_SIZES);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

/*
 * Return true if this is another statement than the last call's.  PL/pgSQL keeps the
 * sites of its expressions from one statement of a transaction to the next.
 */
static bool
is_new_statement(BrimCallCache *site)
{
	Snapshot      snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;
	TransactionId xmax = snapshot == NULL ? InvalidTransactionId : snapshot->xmax;
	uint32        xcnt = snapshot == NULL ? 0 : snapshot->xcnt;
	CommandId     curcid = snapshot == NULL ? 0 : snapshot->curcid;
	bool          is_new = site->xmax != xmax || site->xcnt != xcnt || site->curcid != curcid;

	site->xmax = xmax;
	site->xcnt = xcnt;
	site->curcid = curcid;
	return is_new;
}

bool
brim_call_cache_is_current(BrimCallCache *site)
{
	BrimCallModel **link = &site->models;

	if (!is_new_statement(site))
		return true;
	/* Forget the models whose rules have changed since */
	AcceptInvalidationMessages();
	while (*link != NULL)
	{
		BrimCallModel *model = *link;

		if (model->handle != NULL && model->handle->is_stale)
		{
			*link = model->next;
			site->nmodels--;
			MemoryContextDelete(model->cxt);
		}
		else
			link = &model->next;
	}
	return false;
}

/* The day of a statement, for what old events count. */
static void
set_today(BrimCallModel *model)
{
	if (model->handle == NULL || model->model->lexicon == NULL)
		return;
	model->score->has_today = true;
	model->score->today = GetSQLCurrentDate();
}

/* Return true if this was asked for. */
static bool
is_asked_for(const BrimCallModel *model, const char *name, const Jsonb *spec)
{
	if (spec != NULL)
		return model->spec != NULL && VARSIZE(model->spec) == VARSIZE(spec) &&
			   memcmp(model->spec, spec, VARSIZE(spec)) == 0;
	if (model->spec != NULL || (model->name == NULL) != (name == NULL))
		return false;
	return name == NULL || strcmp(model->name, name) == 0;
}

/* Find a model among those of the site and put it first; NULL if it is not there. */
static BrimCallModel *
find_model(BrimCallCache *site, const char *name, const Jsonb *spec)
{
	for (BrimCallModel **link = &site->models; *link != NULL; link = &(*link)->next)
	{
		BrimCallModel *model = *link;

		if (!is_asked_for(model, name, spec) || model->record == NULL)
			continue;
		if (link != &site->models)
		{
			*link = model->next;
			model->next = site->models;
			site->models = model;
		}
		return model;
	}
	return NULL;
}

/* Make room for one more, and a context for it. */
static BrimCallModel *
new_model(BrimCallCache *site)
{
	MemoryContextCallback *callback;
	MemoryContext          cxt;
	BrimCallModel         *model;

	if (site->nmodels >= SITE_MODELS_MAX)
	{
		BrimCallModel **link = &site->models;

		while ((*link)->next != NULL)
			link = &(*link)->next;
		model = *link;
		*link = NULL;
		site->nmodels--;
		MemoryContextDelete(model->cxt);
	}
	cxt = AllocSetContextCreate(site->cxt, "brim scoring site model", ALLOCSET_SMALL_SIZES);
	model = MemoryContextAllocZero(cxt, sizeof(BrimCallModel));
	model->cxt = cxt;

	/* Not of the site's context: when that one goes, those below it go first */
	callback = MemoryContextAllocZero(cxt, sizeof(MemoryContextCallback));
	callback->func = release_model;
	callback->arg = model;
	MemoryContextRegisterResetCallback(cxt, callback);
	return model;
}

/* Give a model its scorer. */
static void
finish_model(BrimCallModel *model)
{
	const BrimModel *compiled = model->model;

	model->score =
		compiled->scorer->begin(compiled, &brim_language_server, brim_memory_in(model->cxt));
	if (model->score == NULL)
		brim_memory_error();
	set_today(model);
	model->record = brim_record_create(&compiled->features, compiled->name.data, model->cxt);
}

static void
link_model(BrimCallCache *site, BrimCallModel *model)
{
	model->next = site->models;
	site->models = model;
	site->nmodels++;
}

BrimCallModel *
brim_call_cache_model(BrimCallCache *site, const char *name)
{
	BrimCallModel *model;

	(void) brim_call_cache_is_current(site);
	model = find_model(site, name, NULL);
	if (model != NULL)
	{
		set_today(model);
		return model;
	}
	model = new_model(site);
	model->name = name == NULL ? NULL : MemoryContextStrdup(model->cxt, name);
	model->handle = brim_model_cache_acquire(name);
	model->model = model->handle->model;

	/*
	 * Linked at once, so that an error does not lose the handle; a model whose
	 * making was cut short by one is made again.
	 */
	link_model(site, model);
	finish_model(model);
	return model;
}

BrimCallModel *
brim_call_cache_planned(BrimCallCache *site, uint64 serial)
{
	BrimModelHandle *handle = brim_model_cache_recall(serial);
	BrimCallModel   *model;

	if (handle == NULL)
		return NULL;
	model = new_model(site);
	model->name = MemoryContextStrdup(model->cxt, "@"); /* found by nobody */
	model->handle = handle;
	model->model = handle->model;
	link_model(site, model);
	finish_model(model);
	return model;
}

BrimCallModel *
brim_call_cache_spec(BrimCallCache *site, Jsonb *spec)
{
	BrimCallModel *model = find_model(site, NULL, spec);
	MemoryContext  work;
	MemoryContext  caller;
	MemoryContext  compiled;

	if (model != NULL)
		return model;
	model = new_model(site);
	work = AllocSetContextCreate(CurrentMemoryContext, "brim scoring spec", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(work);
	model->model = brim_model_cache_compile_in(model->cxt, brim_spec_read(spec),
											   ERRCODE_INVALID_PARAMETER_VALUE, &compiled);
	MemoryContextSetParent(work, model->cxt); /* a lexicon of the spec lives there */
	MemoryContextSwitchTo(model->cxt);
	model->spec = palloc(VARSIZE(spec));
	memcpy(model->spec, spec, VARSIZE(spec));
	MemoryContextSwitchTo(caller);
	if (model->model->lexicon == NULL)
		MemoryContextDelete(work);
	finish_model(model);
	link_model(site, model);
	return model;
}

BrimCallModel *
brim_call_cache_argument(BrimCallCache *site, FunctionCallInfo fcinfo, int argument)
{
	char          *name = NULL;
	BrimCallModel *model;

	if (PG_NARGS() > argument && !PG_ARGISNULL(argument))
		name = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	model = brim_call_cache_model(site, name);
	if (name != NULL)
		pfree(name);
	return model;
}

int
brim_call_cache_result(const BrimCallModel *model, int want)
{
	if (want == BRIM_WANT_FIT)
		return model->score->fit;
	return want == BRIM_WANT_INTENT ? model->score->intent : model->score->total;
}

/* What has to be read for what is wanted. */
static BrimReads
want_of(BrimCallModel *model, int want)
{
	BrimReads reads;

	brim_score_want(model->score, want);
	reads.count = model->score->nreads;
	reads.places = model->score->reads;
	reads.for_reasons = (want & BRIM_WANT_MATCHES) != 0;
	return reads;
}

const BrimValue *
brim_call_cache_score(BrimCallCache *site, BrimCallModel *model, HeapTupleHeader row,
					  TupleDesc desc, HeapTuple tuple, int want)
{
	MemoryContext    caller = MemoryContextSwitchTo(site->row_cxt);
	BrimReads        reads = want_of(model, want);
	const BrimValue *values;

	MemoryContextReset(site->row_cxt);
	if (row != NULL)
		values = brim_record_read(model->record, row, &reads);
	else
		values = brim_record_read_tuple(model->record, desc, tuple, &reads);
	if (!model->model->scorer->run(model->score, values, want))
		brim_memory_error();
	MemoryContextSwitchTo(caller);
	return values;
}

void
brim_call_cache_score_columns(BrimCallCache *site, BrimCallModel *model, const BrimColumns *columns,
							  const NullableDatum *datums, int want)
{
	MemoryContext    caller = MemoryContextSwitchTo(site->row_cxt);
	BrimReads        reads = want_of(model, want);
	const BrimValue *values;

	if (!site->row_cxt->isReset)
		MemoryContextReset(site->row_cxt);
	if (!model->reads_columns)
	{
		brim_record_bind_columns(model->record, columns);
		model->reads_columns = true;
	}
	values = brim_record_read_columns(model->record, datums, &reads);
	if (!model->model->scorer->run(model->score, values, want))
		brim_memory_error();
	MemoryContextSwitchTo(caller);
}

void
brim_call_cache_finish(BrimCallCache *site)
{
	MemoryContextReset(site->row_cxt);
}
