/*-------------------------------------------------------------------------
 *
 * intent.c
 *	  brim_intent_signals(content, company, source), and the checks of rows of
 *	  the lexicon.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

#include "pg/server/server.h"
#include "core/intent/intent.h"
#include "pg/row/row.h"
#include "pg/intent/lexicon_cache.h"

BRIM_FUNCTION(brim_intent_signals);
BRIM_FUNCTION(brim_check_intent_term);
BRIM_FUNCTION(brim_check_intent_cue);

/* Columns of a signal. */
typedef enum SignalColumn
{
	SIG_CLASS,
	SIG_POLARITY,
	SIG_CERTAINTY,
	SIG_SUBJECT,
	SIG_EVIDENCE,
	SIG_POSITION,
	SIG_AMOUNT,
	SIG_CURRENCY,
	SIG_ROUND,
	SIG_PEOPLE,
	SIG_PUBLISHED_ON,
	SIG_WEIGHT,
	SIG_COLUMNS
} SignalColumn;

/* What a call site remembers from call to call. */
typedef struct IntentSite
{
	BrimLexiconHandle *handle; /* NULL: none */
	BrimIntentScan    *scan;
	MemoryContext      scan_cxt;
	MemoryContext      call_cxt; /* for one call */
} IntentSite;

/* The site is about to go. */
static void
release_site(void *arg)
{
	IntentSite *site = arg;

	if (site->handle != NULL)
		brim_lexicon_cache_release(site->handle);
	site->handle = NULL;
}

/* The site of this call, with a scan over the newest lexicon. */
static IntentSite *
get_site(FunctionCallInfo fcinfo)
{
	IntentSite *site = fcinfo->flinfo->fn_extra;

	if (site == NULL)
	{
		MemoryContextCallback *callback;

		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(IntentSite));
		callback = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(MemoryContextCallback));
		callback->func = release_site;
		callback->arg = site;
		site->scan_cxt = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "brim intent scan",
											   ALLOCSET_DEFAULT_SIZES);
		site->call_cxt = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "brim intent call",
											   ALLOCSET_DEFAULT_SIZES);
		MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, callback);
		fcinfo->flinfo->fn_extra = site;
	}
	if (site->handle != NULL && site->handle->is_stale)
	{
		site->scan = NULL;
		MemoryContextReset(site->scan_cxt);
		release_site(site);
	}
	if (site->handle == NULL)
		site->handle = brim_lexicon_cache_acquire();
	if (site->scan == NULL)
	{
		site->scan = brim_intent_create(site->handle->lexicon, &brim_language_server,
										brim_memory_in(site->scan_cxt));
		if (site->scan == NULL)
			brim_memory_error();
	}
	return site;
}

static Datum
str_datum(BrimStr text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.len));
}

/* value / 10^digits, without zeros behind the point that say nothing. */
static Datum
decimal_datum(int64 value, int digits)
{
	return DirectFunctionCall1(numeric_trim_scale,
							   NumericGetDatum(int64_div_fast_to_numeric(value, digits)));
}

/* Put one event into the result. */
static void
put_signal(ReturnSetInfo *result, const BrimLexicon *lexicon, BrimStr text,
		   const BrimIntentSignal *hit, const DateADT *published_on)
{
	static const char *const certainties[] = {
		[BRIM_STATED] = "stated", [BRIM_HEDGED] = "hedged", [BRIM_NEGATED] = "negated"};
	const BrimClass *class = &lexicon->classes[hit->class_no];
	BrimStr evidence = {text.data + hit->start, hit->len};
	Datum   values[SIG_COLUMNS] = {0};
	bool    nulls[SIG_COLUMNS] = {false};

	values[SIG_CLASS] = str_datum(class->name);
	values[SIG_POLARITY] = Int32GetDatum(class->polarity);
	values[SIG_CERTAINTY] = CStringGetTextDatum(certainties[hit->certainty]);
	values[SIG_SUBJECT] = CStringGetTextDatum(hit->is_other ? "other" : "own");

	/* A server encoding other than UTF-8 might be cut inside a character */
	nulls[SIG_EVIDENCE] = !pg_verifymbstr(evidence.data, (int) evidence.len, true);
	if (!nulls[SIG_EVIDENCE])
		values[SIG_EVIDENCE] = str_datum(evidence);
	values[SIG_POSITION] = Int32GetDatum(pg_mbstrlen_with_len(text.data, (int) hit->start) + 1);
	nulls[SIG_AMOUNT] = nulls[SIG_CURRENCY] = !hit->has_amount;
	if (hit->has_amount)
	{
		values[SIG_AMOUNT] = decimal_datum(hit->amount, 2);
		values[SIG_CURRENCY] = str_datum(hit->currency);
	}
	nulls[SIG_ROUND] = hit->round.data == NULL;
	if (!nulls[SIG_ROUND])
		values[SIG_ROUND] = str_datum(hit->round);
	nulls[SIG_PEOPLE] = hit->people == 0;
	values[SIG_PEOPLE] = Int32GetDatum(hit->people);
	nulls[SIG_PUBLISHED_ON] = published_on == NULL;
	if (published_on != NULL)
		values[SIG_PUBLISHED_ON] = DateADTGetDatum(*published_on);
	values[SIG_WEIGHT] = decimal_datum(class->weight, 4);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The bytes of an argument. */
static BrimStr
str_argument(text *argument)
{
	BrimStr bytes = {VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument)};

	return bytes;
}

/* brim_intent_signals(content, company, source) */
Datum
brim_intent_signals(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int            sources = BRIM_INTENT_ANY;
	BrimStr        content;
	BrimStr        company = {NULL, 0};
	IntentSite    *site;
	MemoryContext  caller;
	DateADT        day;
	bool           has_day;

	brim_srf_init(fcinfo);
	if (!PG_ARGISNULL(2))
	{
		char *name = text_to_cstring(PG_GETARG_TEXT_PP(2));

		sources = brim_lexicon_cache_sources(brim_str(name));
		if (sources == 0 || sources == BRIM_INTENT_ANY)
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("source \"%s\" of a text is not known", name),
					errhint("Say news or job_post, or pass NULL to have it decided from the "
							"text."));
	}
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	site = get_site(fcinfo);
	caller = MemoryContextSwitchTo(site->call_cxt);
	content = str_argument(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		company = str_argument(PG_GETARG_TEXT_PP(1));
	if (!brim_intent_run(site->scan, content, company, sources))
		brim_memory_error();
	has_day = site->scan->nsignals > 0 && brim_intent_date(content, &day);
	for (int i = 0; i < site->scan->nsignals; i++)
		put_signal(result, site->handle->lexicon, content, &site->scan->signals[i],
				   has_day ? &day : NULL);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(site->call_cxt);
	return (Datum) 0;
}

/* Compile a definition, to raise what is wrong with it. */
static void
try_lexicon(const BrimLexiconDef *def)
{
	MemoryContext cxt =
		AllocSetContextCreate(CurrentMemoryContext, "brim lexicon check", ALLOCSET_SMALL_SIZES);
	BrimError error;

	if (brim_lexicon_compile(def, &brim_language_server, brim_memory_in(cxt), &error) == NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", error.message),
				errhint("The notation of phrases is described in docs/intent.md."));
	MemoryContextDelete(cxt);
}

/* brim.check_intent_term(class, term_no, words, near, unless) */
Datum
brim_check_intent_term(PG_FUNCTION_ARGS)
{
	BrimClassDef class = {{NULL, 0}, 0, BRIM_LEXICON_WEIGHT_MAX, 0};
	BrimTermDef    term = {{NULL, 0}, 0, BRIM_INTENT_ANY, 0, NULL, 0, NULL, 0, NULL};
	BrimLexiconDef def = {1, &class, 1, &term, 0, NULL};

	class.name = brim_str(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	term.class_name = class.name;
	term.term_no = PG_GETARG_INT32(1);
	term.words = brim_columns_entries(PG_GETARG_ARRAYTYPE_P(2), &term.nwords);
	term.near = brim_columns_entries(PG_GETARG_ARRAYTYPE_P(3), &term.nnear);
	term.unless = brim_columns_entries(PG_GETARG_ARRAYTYPE_P(4), &term.nunless);
	if (class.name.len > 0 && class.name.len <= BRIM_LEXICON_NAME_MAX)
		try_lexicon(&def);
	PG_RETURN_VOID();
}

/* brim.check_intent_cue(kind, phrase) */
Datum
brim_check_intent_cue(PG_FUNCTION_ARGS)
{
	BrimCueDef     cue;
	BrimLexiconDef def = {0, NULL, 0, NULL, 1, &cue};

	cue.kind = brim_str(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	cue.phrase = brim_str(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	try_lexicon(&def);
	PG_RETURN_VOID();
}
