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

#include "api/site.h"
#include "db/memory.h"

BRIM_FUNCTION(brim_explain);
BRIM_FUNCTION(brim_explain_named);
BRIM_FUNCTION(brim_explain_spec);

#define REASON_MAX (64 * 1024 * 1024)

/* A jsonb value under construction. */
typedef struct Writer
{
	JsonbParseState *state;
	JsonbValue      *result;
} Writer;

static void
write_mark(Writer *writer, JsonbIteratorToken token)
{
	writer->result = pushJsonbValue(&writer->state, token, NULL);
}

static void
write_string(Writer *writer, JsonbIteratorToken token, BrimStr text)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = pnstrdup(text.data, text.len);
	value.val.string.len = (int) text.len;
	writer->result = pushJsonbValue(&writer->state, token, &value);
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
	writer->result = pushJsonbValue(&writer->state, WJB_VALUE, &value);
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
	writer->result = pushJsonbValue(&writer->state, WJB_VALUE, &value);
}

static void
write_bool(Writer *writer, const char *key, bool boolean)
{
	JsonbValue value;

	value.type = jbvBool;
	value.val.boolean = boolean;
	write_key(writer, key);
	writer->result = pushJsonbValue(&writer->state, WJB_VALUE, &value);
}

/* The reasons of one sort, in the order of the signals. */
static void
write_reasons(Writer *writer, const char *key, const BrimScore *score, const BrimStr *reasons,
			  bool positive)
{
	write_key(writer, key);
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int s = 0; s < score->model->nsignals; s++)
	{
		if (reasons[s].len > 0 &&
			score->model->rules[score->signals[s].rule].is_positive == positive)
			write_string(writer, WJB_ELEM, reasons[s]);
	}
	write_mark(writer, WJB_END_ARRAY);
}

/* The names of the missing attributes, each once, in the order of the signals. */
static void
write_missing(Writer *writer, const BrimScore *score)
{
	const BrimModel *model = score->model;
	bool            *seen = palloc0(sizeof(bool) * model->nattributes);

	write_key(writer, "missing");
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int s = 0; s < model->nsignals; s++)
	{
		int attribute = model->signals[s].attribute;

		if (score->signals[s].state != BRIM_SIGNAL_MISSING || seen[attribute])
			continue;
		seen[attribute] = true;
		write_string(writer, WJB_ELEM, model->attributes[attribute].name);
	}
	write_mark(writer, WJB_END_ARRAY);
}

/* What became of each signal; points are null where it did not count. */
static void
write_signals(Writer *writer, const BrimScore *score, const BrimStr *reasons)
{
	const BrimModel *model = score->model;

	write_key(writer, "signals");
	write_mark(writer, WJB_BEGIN_ARRAY);
	for (int s = 0; s < model->nsignals; s++)
	{
		const BrimSignal *signal = &model->signals[s];

		CHECK_FOR_INTERRUPTS();
		write_mark(writer, WJB_BEGIN_OBJECT);
		write_text(writer, "dimension", brim_str(signal->dimension == BRIM_FIT ? "fit" : "intent"));
		write_text(writer, "signal", signal->name);
		write_text(writer, "attribute", model->attributes[signal->attribute].name);
		if (score->signals[s].state == BRIM_SIGNAL_SCORED)
		{
			const BrimRule *rule = &model->rules[score->signals[s].rule];

			write_decimal(writer, "points", rule->points, 0, false);
			write_decimal(writer, "weight", rule->weight, 4, false);
			write_decimal(writer, "rule_no", rule->rule_no, 0, false);
		}
		else
		{
			write_null(writer, "points");
			write_null(writer, "weight");
			write_null(writer, "rule_no");
		}
		write_text(writer, "reason", reasons[s]);
		write_mark(writer, WJB_END_OBJECT);
	}
	write_mark(writer, WJB_END_ARRAY);
}

/* The reason of each signal; empty where it gives none. */
static BrimStr *
collect_reasons(const BrimScore *score, const BrimValue *values)
{
	BrimMem *mem = brim_memory_in(CurrentMemoryContext);
	BrimStr *reasons = palloc0(sizeof(BrimStr) * score->model->nsignals);

	for (int s = 0; s < score->model->nsignals; s++)
	{
		BrimBuf buf;

		brim_buf_init(&buf, mem, REASON_MAX);
		if (!brim_score_reason(score, s, values, &buf))
			ereport(
				ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("reason of signal \"%s\" is too long", score->model->signals[s].name.data));
		reasons[s] = brim_buf_str(&buf);
	}
	return reasons;
}

static Jsonb *
explain(const BrimScore *score, const BrimValue *values)
{
	BrimStr *reasons = collect_reasons(score, values);
	Writer   writer = {NULL, NULL};

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
	write_key(&writer, "reasoning");
	write_mark(&writer, WJB_BEGIN_OBJECT);
	write_reasons(&writer, "positive", score, reasons, true);
	write_reasons(&writer, "negative", score, reasons, false);
	write_missing(&writer, score);
	write_mark(&writer, WJB_END_OBJECT);
	write_signals(&writer, score, reasons);
	write_mark(&writer, WJB_END_OBJECT);
	return JsonbValueToJsonb(writer.result);
}

/* Explain the row of a call: everything is built in the site's row memory, the result is copied. */
static Datum
explain_call(FunctionCallInfo fcinfo, BrimSite *site, BrimSiteModel *model)
{
	MemoryContext    caller = CurrentMemoryContext;
	const BrimValue *values =
		brim_site_score(site, model, PG_GETARG_HEAPTUPLEHEADER(0), NULL, NULL, BRIM_WANT_ALL);
	Jsonb *built;
	Jsonb *result;

	MemoryContextSwitchTo(site->row_cxt);
	built = explain(model->score, values);
	MemoryContextSwitchTo(caller);
	result = palloc(VARSIZE(built));
	memcpy(result, built, VARSIZE(built));
	brim_site_finish(site);
	PG_RETURN_JSONB_P(result);
}

Datum
brim_explain(PG_FUNCTION_ARGS)
{
	BrimSite *site;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = brim_site_get(fcinfo);
	return explain_call(fcinfo, site, brim_site_model(site, NULL));
}

Datum
brim_explain_named(PG_FUNCTION_ARGS)
{
	BrimSite *site;
	char     *name = NULL;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = brim_site_get(fcinfo);
	if (!PG_ARGISNULL(1))
		name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	return explain_call(fcinfo, site, brim_site_model(site, name));
}

Datum
brim_explain_spec(PG_FUNCTION_ARGS)
{
	BrimSite *site;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	site = brim_site_get(fcinfo);
	return explain_call(fcinfo, site, brim_site_spec(site, PG_GETARG_JSONB_P(1)));
}
