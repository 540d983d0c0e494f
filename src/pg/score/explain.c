/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  brim_explain(): a score with its reasons, as jsonb.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "pg/score/score.h"

BRIM_FUNCTION(brim_explain);
BRIM_FUNCTION(brim_explain_named);
BRIM_FUNCTION(brim_explain_spec);

static const char *const signal_states[] = {
	[BRIM_SIGNAL_MISSING] = "missing",
	[BRIM_SIGNAL_LEFT_OUT] = "left_out",
	[BRIM_SIGNAL_SCORED] = "scored",
	[BRIM_SIGNAL_ASSUMED] = "assumed",
};

/* A jsonb value under construction. */
typedef JsonbInState Writer;

static void
write_mark(Writer *writer, JsonbIteratorToken token)
{
	pushJsonbValue(writer, token, NULL);
}

static void
write_string(Writer *writer, JsonbIteratorToken token, BrimStr text)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = pnstrdup(text.data, text.len);
	value.val.string.len = (int) text.len;
	pushJsonbValue(writer, token, &value);
}

static void
write_key(Writer *writer, const char *key)
{
	write_string(writer, WJB_KEY, brim_str(key));
}

static void
write_null(Writer *writer, const char *key)
{
	JsonbValue value;

	value.type = jbvNull;
	write_key(writer, key);
	pushJsonbValue(writer, WJB_VALUE, &value);
}

static void
write_text(Writer *writer, const char *key, BrimStr text)
{
	if (text.len == 0)
	{
		write_null(writer, key);
		return;
	}
	write_key(writer, key);
	write_string(writer, WJB_VALUE, text);
}

/* A decimal: units of 10^-digits, zeros behind the point cut unless they are asked for. */
static void
write_decimal(Writer *writer, const char *key, int64 units, int digits, bool keep_zeros)
{
	JsonbValue value;
	Numeric    number;

	if (digits == 0)
		number = int64_to_numeric(units);
	else
		number = int64_div_fast_to_numeric(units, digits);
	if (!keep_zeros)
		number = DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(number)));
	value.type = jbvNumeric;
	value.val.numeric = number;
	write_key(writer, key);
	pushJsonbValue(writer, WJB_VALUE, &value);
}

static void
write_bool(Writer *writer, const char *key, bool boolean)
{
	JsonbValue value;

	value.type = jbvBool;
	value.val.boolean = boolean;
	write_key(writer, key);
	pushJsonbValue(writer, WJB_VALUE, &value);
}

/* An explanation, and what its reasons say. */
typedef struct Told
{
	const BrimScore *score;
	BrimExplanation  explanation;
	BrimStr         *reasons; /* empty: it gives none */
	BrimStr         *evidence;
} Told;

/* The reasons of one sort, in the order of the parts. */
static void
write_reasons(Writer *writer, const char *key, const Told *told, bool positive)
{
	write_key(writer, key);
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int r = 0; r < told->explanation.nreasons; r++)
	{
		if (told->reasons[r].len > 0 && told->explanation.reasons[r].is_positive == positive)
			write_string(writer, WJB_ELEM, told->reasons[r]);
	}
	write_mark(writer, WJB_END_ARRAY);
}

static bool
is_among(const BrimStr *texts, int count, BrimStr text)
{
	for (int i = 0; i < count; i++)
	{
		if (brim_str_equal(texts[i], text))
			return true;
	}
	return false;
}

/* The names of the missing attributes, each once, in the order of the parts. */
static void
write_missing(Writer *writer, const BrimExplanation *explanation)
{
	int      nseen = 0;
	BrimStr *seen = palloc(sizeof(BrimStr) * explanation->nparts);

	write_key(writer, "missing");
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int p = 0; p < explanation->nparts; p++)
	{
		const BrimPart *part = &explanation->parts[p];

		if ((part->state != BRIM_SIGNAL_MISSING && part->state != BRIM_SIGNAL_ASSUMED) ||
			!part->has_points || is_among(seen, nseen, part->attribute))
			continue;
		seen[nseen++] = part->attribute;
		write_string(writer, WJB_ELEM, part->attribute);
	}
	write_mark(writer, WJB_END_ARRAY);
}

/* The reasons of a part, from one on. */
static void
write_rules(Writer *writer, const Told *told, int first, int count)
{
	write_key(writer, "rules");
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int r = first; r < first + count; r++)
	{
		const BrimReason *reason = &told->explanation.reasons[r];

		write_mark(writer, WJB_BEGIN_OBJECT);
		write_decimal(writer, "rule_no", reason->rule_no, 0, false);
		write_decimal(writer, "points", reason->points, 4, false);
		write_text(writer, "reason", told->reasons[r]);
		write_text(writer, "evidence", told->evidence[r]);
		write_mark(writer, WJB_END_OBJECT);
	}
	write_mark(writer, WJB_END_ARRAY);
}

/* What became of one signal; points are null where it did not count.  first: its reasons begin there. */
static void
write_signal(Writer *writer, const Told *told, const BrimPart *part, int first)
{
	bool counts = part->state >= BRIM_SIGNAL_SCORED && part->has_points;
	bool matched = part->nreasons > 0;

	write_mark(writer, WJB_BEGIN_OBJECT);
	write_text(writer, "dimension", brim_str(part->dimension));
	write_text(writer, "signal", part->name);
	write_text(writer, "attribute", part->attribute);
	write_text(writer, "state", brim_str(signal_states[part->state]));
	if (counts)
	{
		write_decimal(writer, "points", part->points, 4, false);
		write_decimal(writer, "weight", part->weight, 4, false);
	}
	else
	{
		write_null(writer, "points");
		write_null(writer, "weight");
	}
	if (matched)
		write_decimal(writer, "rule_no", told->explanation.reasons[first].rule_no, 0, false);
	else
		write_null(writer, "rule_no");
	write_text(writer, "reason", matched ? told->reasons[first] : brim_str(NULL));
	write_rules(writer, told, first, part->nreasons);
	write_decimal(writer, "contribution", part->contribution, 6, false);
	write_mark(writer, WJB_END_OBJECT);
}

static void
write_signals(Writer *writer, const Told *told)
{
	const BrimExplanation *explanation = &told->explanation;
	int                    first = 0;

	write_key(writer, "signals");
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int p = 0; p < explanation->nparts; p++)
	{
		CHECK_FOR_INTERRUPTS();
		write_signal(writer, told, &explanation->parts[p], first);
		first += explanation->parts[p].nreasons;
	}
	write_mark(writer, WJB_END_ARRAY);
}

/* What makes whole numbers from 0 to 100 of the contributions. */
static void
write_adjustments(Writer *writer, const BrimExplanation *explanation)
{
	write_key(writer, "adjustments");
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int a = 0; a < explanation->nadjustments; a++)
	{
		write_mark(writer, WJB_BEGIN_OBJECT);
		write_text(writer, "what", brim_str(explanation->adjustments[a].what));
		write_decimal(writer, "contribution", explanation->adjustments[a].contribution, 6, false);
		write_mark(writer, WJB_END_OBJECT);
	}
	write_mark(writer, WJB_END_ARRAY);
}

/* Have the last run explained, in words. */
static Told
tell(const BrimScore *score, const BrimValue *values)
{
	Told told = {.score = score, .explanation = brim_reason_text_explain(score)};
	int  nreasons = told.explanation.nreasons;

	told.reasons = palloc(sizeof(BrimStr) * Max(nreasons, 1));
	told.evidence = palloc(sizeof(BrimStr) * Max(nreasons, 1));
	for (int r = 0; r < nreasons; r++)
	{
		const BrimReason *reason = &told.explanation.reasons[r];

		CHECK_FOR_INTERRUPTS();
		told.reasons[r] = brim_reason_text(score, reason, BRIM_TELL_REASON, values);
		told.evidence[r] = brim_reason_text(score, reason, BRIM_TELL_EVIDENCE, values);
	}
	return told;
}

static Jsonb *
explain(const BrimScore *score, const BrimValue *values)
{
	const BrimModel *model = score->model;
	Told             told = tell(score, values);
	Writer           writer = {0};

	write_mark(&writer, WJB_BEGIN_OBJECT);
	write_text(&writer, "model", model->name);
	if (model->version > 0)
		write_decimal(&writer, "version", model->version, 0, false);
	else
		write_null(&writer, "version");
	write_decimal(&writer, "fit_score", score->fit, 0, false);
	write_decimal(&writer, "intent_score", score->intent, 0, false);
	write_decimal(&writer, "total_score", score->total, 0, false);
	write_decimal(&writer, "confidence", score->confidence, 2, true);
	write_text(&writer, "action", brim_str(score->action));
	write_bool(&writer, "qualified", score->is_qualified);
	write_bool(&writer, "disqualified", score->is_disqualified);
	write_key(&writer, "reasoning");
	write_mark(&writer, WJB_BEGIN_OBJECT);
	write_reasons(&writer, "positive", &told, true);
	write_reasons(&writer, "negative", &told, false);
	write_missing(&writer, &told.explanation);
	write_mark(&writer, WJB_END_OBJECT);
	write_signals(&writer, &told);
	write_adjustments(&writer, &told.explanation);
	write_mark(&writer, WJB_END_OBJECT);
	return JsonbValueToJsonb(writer.result);
}

/*
 * Explain the row of a call; the second argument is as for brim_score().
 * Everything is built in the site's row memory, the result is copied.
 */
static Datum
explain_call(FunctionCallInfo fcinfo, bool has_spec)
{
	MemoryContext    caller = CurrentMemoryContext;
	BrimCallCache   *site;
	BrimCallModel   *model;
	const BrimValue *values;
	Jsonb           *built;
	Jsonb           *result;

	if (PG_ARGISNULL(0) || (has_spec && PG_ARGISNULL(1)))
		PG_RETURN_NULL();
	site = brim_call_cache_get(fcinfo);
	if (has_spec)
		model = brim_call_cache_spec(site, PG_GETARG_JSONB_P(1));
	else
		model = brim_call_cache_argument(site, fcinfo, 1);
	values =
		brim_call_cache_score(site, model, PG_GETARG_HEAPTUPLEHEADER(0), NULL, NULL, BRIM_WANT_ALL);
	MemoryContextSwitchTo(site->row_cxt);
	built = explain(model->score, values);
	MemoryContextSwitchTo(caller);
	result = palloc(VARSIZE(built));
	memcpy(result, built, VARSIZE(built));
	brim_call_cache_finish(site);
	PG_RETURN_JSONB_P(result);
}

/* The default model. */
Datum
brim_explain(PG_FUNCTION_ARGS)
{
	return explain_call(fcinfo, false);
}

Datum
brim_explain_named(PG_FUNCTION_ARGS)
{
	return explain_call(fcinfo, false);
}

Datum
brim_explain_spec(PG_FUNCTION_ARGS)
{
	return explain_call(fcinfo, true);
}
