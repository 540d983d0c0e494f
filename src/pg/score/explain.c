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

#include "pg/score/rule_text.h"
#include "pg/score/call_cache.h"

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

/* A rule that matched, with what it says. */
typedef struct Match
{
	int     rule;
	BrimStr reason; /* empty: it gives none */
	BrimStr evidence;
} Match;

/* All rules that matched, in the order of the model. */
typedef struct Matches
{
	Match *entries;
	int    count;
} Matches;

/* The reasons of one sort, in the order of the signals. */
static void
write_reasons(Writer *writer, const char *key, const BrimScore *score, const Matches *matches,
			  bool positive)
{
	write_key(writer, key);
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int m = 0; m < matches->count; m++)
	{
		const Match *match = &matches->entries[m];

		if (match->reason.len > 0 && score->model->rules[match->rule].is_positive == positive)
			write_string(writer, WJB_ELEM, match->reason);
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

/* The names of the missing attributes, each once, in the order of the signals. */
static void
write_missing(Writer *writer, const BrimScore *score)
{
	const BrimModel *model = score->model;
	int              nseen = 0;
	BrimStr         *seen = palloc(sizeof(BrimStr) * model->nsignals);

	write_key(writer, "missing");
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int s = 0; s < model->nsignals; s++)
	{
		BrimStr         label = model->attributes[model->signals[s].attribute].label;
		BrimSignalState state = score->signals[s].state;

		if ((state != BRIM_SIGNAL_MISSING && state != BRIM_SIGNAL_ASSUMED) ||
			model->signals[s].dimension == BRIM_DISQUALIFIER || is_among(seen, nseen, label))
			continue;
		seen[nseen++] = label;
		write_string(writer, WJB_ELEM, label);
	}
	write_mark(writer, WJB_END_ARRAY);
}

static void
write_match(Writer *writer, const BrimScore *score, const Match *match)
{
	const BrimRule *rule = &score->model->rules[match->rule];

	write_mark(writer, WJB_BEGIN_OBJECT);
	write_decimal(writer, "rule_no", rule->rule_no, 0, false);
	write_decimal(writer, "points", brim_score_reason_rule_points(score, match->rule), 4, false);
	write_text(writer, "reason", match->reason);
	write_text(writer, "evidence", match->evidence);
	write_mark(writer, WJB_END_OBJECT);
}

/* The rules of a signal that matched; *next is the place of its first match, and then of the next signal's. */
static void
write_matches(Writer *writer, const BrimScore *score, int signal, const Matches *matches, int *next)
{
	write_key(writer, "rules");
	write_mark(writer, WJB_BEGIN_ARRAY);
	while (*next < matches->count &&
		   score->model->rules[matches->entries[*next].rule].signal == signal)
		write_match(writer, score, &matches->entries[(*next)++]);
	write_mark(writer, WJB_END_ARRAY);
}

/* What became of each signal; points are null where it did not count. */
static void
write_signals(Writer *writer, const BrimScore *score, const Matches *matches,
			  const BrimBreakdown *breakdown)
{
	const BrimModel *model = score->model;
	int              next = 0;

	write_key(writer, "signals");
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int s = 0; s < model->nsignals; s++)
	{
		const BrimSignal       *signal = &model->signals[s];
		const BrimSignalResult *result = &score->signals[s];
		bool counts = result->state >= BRIM_SIGNAL_SCORED && signal->dimension != BRIM_DISQUALIFIER;
		bool matched = result->state == BRIM_SIGNAL_SCORED;
		BrimStr reason = brim_str(NULL);

		CHECK_FOR_INTERRUPTS();
		if (matched && next < matches->count && matches->entries[next].rule == result->rule)
			reason = matches->entries[next].reason;
		write_mark(writer, WJB_BEGIN_OBJECT);
		write_text(writer, "dimension",
				   brim_str(brim_model_names_dimension_name(signal->dimension)));
		write_text(writer, "signal", signal->name);
		write_text(writer, "attribute", model->attributes[signal->attribute].label);
		write_text(writer, "state", brim_str(signal_states[result->state]));
		if (counts)
		{
			write_decimal(writer, "points", result->points, 4, false);
			write_decimal(writer, "weight", result->weight, 4, false);
		}
		else
		{
			write_null(writer, "points");
			write_null(writer, "weight");
		}
		if (matched)
			write_decimal(writer, "rule_no", model->rules[result->rule].rule_no, 0, false);
		else
			write_null(writer, "rule_no");
		write_text(writer, "reason", reason);
		write_matches(writer, score, s, matches, &next);
		write_decimal(writer, "contribution", breakdown->signals[s], 6, false);
		write_mark(writer, WJB_END_OBJECT);
	}
	write_mark(writer, WJB_END_ARRAY);
}

static void
write_adjustment(Writer *writer, const char *what, int64 millionths)
{
	if (millionths == 0)
		return;
	write_mark(writer, WJB_BEGIN_OBJECT);
	write_text(writer, "what", brim_str(what));
	write_decimal(writer, "contribution", millionths, 6, false);
	write_mark(writer, WJB_END_OBJECT);
}

/* What makes whole numbers from 0 to 100 of the contributions. */
static void
write_adjustments(Writer *writer, const BrimBreakdown *breakdown)
{
	write_key(writer, "adjustments");
	write_mark(writer, WJB_BEGIN_ARRAY);
	write_adjustment(writer, "limit", breakdown->limit);
	write_adjustment(writer, "rounding", breakdown->rounding);
	write_adjustment(writer, "disqualified", breakdown->disqualified);
	write_mark(writer, WJB_END_ARRAY);
}

/* The rules that matched. */
static Matches
collect_matches(const BrimScore *score, const BrimValue *values)
{
	const BrimModel *model = score->model;
	Matches          matches = {palloc(sizeof(Match) * model->nrules), 0};

	for (int r = 0; r < model->nrules; r++)
	{
		Match *match = &matches.entries[matches.count];

		if (!brim_score_reason_matched(score, r))
			continue;
		CHECK_FOR_INTERRUPTS();
		match->rule = r;
		match->reason = brim_rule_text(brim_score_reason, score, r, values);
		match->evidence = brim_rule_text(brim_score_reason_evidence, score, r, values);
		matches.count++;
	}
	return matches;
}

static Jsonb *
explain(const BrimScore *score, const BrimValue *values)
{
	Matches       matches = collect_matches(score, values);
	BrimBreakdown breakdown = {palloc(sizeof(int64_t) * score->model->nsignals)};
	Writer        writer = {0};

	brim_score_reason_breakdown(score, &breakdown);

	write_mark(&writer, WJB_BEGIN_OBJECT);
	write_text(&writer, "model", score->model->name);
	if (score->model->version > 0)
		write_decimal(&writer, "version", score->model->version, 0, false);
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
	write_reasons(&writer, "positive", score, &matches, true);
	write_reasons(&writer, "negative", score, &matches, false);
	write_missing(&writer, score);
	write_mark(&writer, WJB_END_OBJECT);
	write_signals(&writer, score, &matches, &breakdown);
	write_adjustments(&writer, &breakdown);
	write_mark(&writer, WJB_END_OBJECT);
	return JsonbValueToJsonb(writer.result);
}

/* Explain the row of a call: everything is built in the site's row memory, the result is copied. */
static Datum
explain_call(FunctionCallInfo fcinfo, BrimCallCache *site, BrimCallModel *model)
{
	MemoryContext    caller = CurrentMemoryContext;
	const BrimValue *values =
		brim_call_cache_score(site, model, PG_GETARG_HEAPTUPLEHEADER(0), NULL, NULL, BRIM_WANT_ALL);
	Jsonb *built;
	Jsonb *result;

	MemoryContextSwitchTo(site->row_cxt);
	built = explain(model->score, values);
	MemoryContextSwitchTo(caller);
	result = palloc(VARSIZE(built));
	memcpy(result, built, VARSIZE(built));
	brim_call_cache_finish(site);
	PG_RETURN_JSONB_P(result);
}

Datum
brim_explain(PG_FUNCTION_ARGS)
{
	BrimCallCache *site;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = brim_call_cache_get(fcinfo);
	return explain_call(fcinfo, site, brim_call_cache_model(site, NULL));
}

Datum
brim_explain_named(PG_FUNCTION_ARGS)
{
	BrimCallCache *site;
	char          *name = NULL;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = brim_call_cache_get(fcinfo);
	if (!PG_ARGISNULL(1))
		name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	return explain_call(fcinfo, site, brim_call_cache_model(site, name));
}

Datum
brim_explain_spec(PG_FUNCTION_ARGS)
{
	BrimCallCache *site;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	site = brim_call_cache_get(fcinfo);
	return explain_call(fcinfo, site, brim_call_cache_spec(site, PG_GETARG_JSONB_P(1)));
}
