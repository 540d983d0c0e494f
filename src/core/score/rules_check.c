/*-------------------------------------------------------------------------
 *
 * rules_check.c
 *	  Whether a definition of rules is sound; see internal.h.
 *
 * Every refusal names the rule, its signal and the field.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEIGHT_MAX 10000000 /* 999.9999, and a bit */

/* Refuse a field of a rule. */
static bool __attribute__((format(printf, 4, 5)))
refuse(BrimError *error, const BrimRuleDef *rule, const char *field, const char *format, ...)
{
	char    why[160];
	va_list args;
	BrimStr signal = rule->signal;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (signal.data == NULL)
		signal = brim_str("");
	brim_error_set(error, "rule %d (signal \"%.*s\"), field %s: %s", rule->rule_no,
				   (int) (signal.len < 63 ? signal.len : 63), signal.data, field, why);
	return false;
}

static bool
check_name(BrimError *error, const BrimRuleDef *rule, const char *field, BrimStr name)
{
	if (name.data == NULL || name.len == 0)
		return refuse(error, rule, field, "it is missing");
	if (name.len > BRIM_MODEL_NAME_MAX)
		return refuse(error, rule, field, "it is longer than %d bytes", BRIM_MODEL_NAME_MAX);
	return true;
}

/* The reason and its placeholders. */
static bool
check_reason(BrimError *error, const BrimRuleDef *rule, BrimRuleKind kind)
{
	BrimStr reason = rule->reason;

	if ((reason.data == NULL) != (rule->reason_kind.data == NULL))
		return refuse(error, rule, reason.data == NULL ? "reason" : "reason_kind",
					  "reason and reason_kind go together");
	if (reason.data == NULL)
		return true;
	if (!brim_str_equal(rule->reason_kind, brim_str("positive")) &&
		!brim_str_equal(rule->reason_kind, brim_str("negative")))
		return refuse(error, rule, "reason_kind", "it must be positive or negative");
	if (reason.len == 0 || reason.len > BRIM_MODEL_REASON_MAX)
		return refuse(error, rule, "reason", "it must have 1 to %d bytes", BRIM_MODEL_REASON_MAX);
	for (size_t at = 0; at < reason.len; at++)
	{
		BrimStr rest = {reason.data + at, 0};
		size_t  end = at + 1;

		if (reason.data[at] != '{')
			continue;
		while (end < reason.len &&
			   ((reason.data[end] >= 'a' && reason.data[end] <= 'z') || reason.data[end] == '_'))
			end++;
		if (end == at + 1 || end >= reason.len || reason.data[end] != '}')
			continue; /* a brace like any character */
		rest.len = end + 1 - at;
		if (brim_str_equal(rest, brim_str("{matched}")))
		{
			if (!brim_rules_names_kind_has_keywords(kind) && kind != BRIM_RULE_REGEX)
				return refuse(error, rule, "reason",
							  "{matched} needs a rule with keywords or a pattern");
		}
		else if (brim_str_equal(rest, brim_str("{value}")))
		{
			if ((brim_rules_names_kind_accepts(kind) & (BRIM_ACCEPTS_NUMBER | BRIM_ACCEPTS_TEXT)) ==
				0)
				return refuse(error, rule, "reason",
							  "{value} stands for a number or a text, not a list");
		}
		else
			return refuse(error, rule, "reason", "\"%.*s\" is neither {value} nor {matched}",
						  (int) (rest.len < 60 ? rest.len : 60), rest.data);
	}
	return true;
}

static bool
check_range(BrimError *error, const BrimRuleDef *rule, bool is_range)
{
	if (!is_range)
	{
		if (rule->has_low || rule->has_high)
			return refuse(error, rule, rule->has_low ? "low" : "high",
						  "only a rule of kind range has it");
		return true;
	}
	if (!rule->has_low && !rule->has_high)
		return refuse(error, rule, "low", "a rule of kind range needs low or high");
	if (rule->has_low && !isfinite(rule->low))
		return refuse(error, rule, "low", "it must be a finite number");
	if (rule->has_high && !isfinite(rule->high))
		return refuse(error, rule, "high", "it must be a finite number");
	if (rule->has_low && rule->has_high && rule->low > rule->high)
		return refuse(error, rule, "low", "%.15g is greater than high (%.15g)", rule->low,
					  rule->high);
	return true;
}

static bool
check_keywords(BrimError *error, const BrimRuleDef *rule, bool has_keywords)
{
	if (!has_keywords)
	{
		if (rule->nkeywords > 0)
			return refuse(error, rule, "keywords", "a rule of this kind has none");
		return true;
	}
	if (rule->nkeywords <= 0)
		return refuse(error, rule, "keywords", "a rule of this kind needs at least one");
	for (int i = 0; i < rule->nkeywords; i++)
	{
		if (rule->keywords[i].data == NULL || rule->keywords[i].len == 0)
			return refuse(error, rule, "keywords", "keyword %d is null or empty", i + 1);
	}
	return true;
}

/* Return true if a pattern refers back to what a group matched, which has no bound in time. */
static bool
has_back_reference(BrimStr pattern)
{
	for (size_t at = 0; at + 1 < pattern.len; at++)
	{
		if (pattern.data[at] != '\\')
			continue;
		at++;
		if (pattern.data[at] >= '1' && pattern.data[at] <= '9')
			return true;
	}
	return false;
}

static bool
check_pattern(BrimError *error, const BrimRuleDef *rule, bool is_regex)
{
	if (!is_regex)
	{
		if (rule->pattern.data != NULL)
			return refuse(error, rule, "pattern", "only a rule of kind regex has one");
		return true;
	}
	if (rule->pattern.data == NULL || rule->pattern.len == 0)
		return refuse(error, rule, "pattern", "a rule of kind regex needs one");
	if (rule->pattern.len > BRIM_MODEL_PATTERN_MAX)
		return refuse(error, rule, "pattern", "it is longer than %d bytes", BRIM_MODEL_PATTERN_MAX);
	if (has_back_reference(rule->pattern) ||
		(rule->pattern.len >= 3 && memcmp(rule->pattern.data, "***", 3) == 0))
		return refuse(error, rule, "pattern",
					  "back references and directors (***) are not allowed");
	return true;
}

static bool
check_path(BrimError *error, const BrimRuleDef *rule)
{
	if (rule->npath > BRIM_MODEL_PATH_MAX)
		return refuse(error, rule, "path", "it has more than %d steps", BRIM_MODEL_PATH_MAX);
	for (int i = 0; i < rule->npath; i++)
	{
		if (rule->path[i].data == NULL || rule->path[i].len == 0)
			return refuse(error, rule, "path", "step %d is null or empty", i + 1);
		if (rule->path[i].len > BRIM_MODEL_REASON_MAX)
			return refuse(error, rule, "path", "step %d is longer than %d bytes", i + 1,
						  BRIM_MODEL_REASON_MAX);
	}
	return true;
}

/* A disqualifier has no points, and nothing good to say. */
static bool
check_points(BrimError *error, const BrimRuleDef *rule)
{
	if (rule->points < -BRIM_MODEL_POINTS_MAX || rule->points > BRIM_MODEL_POINTS_MAX)
		return refuse(error, rule, "points", "%d is not between %d and %d", rule->points,
					  -BRIM_MODEL_POINTS_MAX, BRIM_MODEL_POINTS_MAX);
	if ((BrimDimension) brim_rules_names_dimension(rule->dimension, BRIM_FIT) != BRIM_DISQUALIFIER)
		return true;
	if (rule->points != 0)
		return refuse(error, rule, "points", "a disqualifier has 0 points");
	if (brim_str_equal(rule->reason_kind, brim_str("positive")))
		return refuse(error, rule, "reason_kind", "that of a disqualifier is negative");
	return true;
}

static bool
check_rule(BrimError *error, const BrimRuleDef *rule)
{
	int kind = brim_rules_names_kind(rule->kind, -1);

	if (!check_name(error, rule, "signal", rule->signal) ||
		!check_name(error, rule, "attribute", rule->attribute) || !check_path(error, rule))
		return false;
	if (brim_rules_names_dimension(rule->dimension, -1) < 0)
		return refuse(error, rule, "dimension", "it must be fit, intent or disqualifier");
	if (kind < 0)
		return refuse(error, rule, "kind",
					  "it must be range, one_of, any_of, all_of, words, regex, event, present "
					  "or otherwise");
	if (rule->stem && kind != BRIM_RULE_WORDS)
		return refuse(error, rule, "stem", "only a rule of kind words has it");
	if (rule->weight <= 0 || rule->weight >= WEIGHT_MAX)
		return refuse(error, rule, "weight", "it must be greater than 0 and less than 1000");
	return check_points(error, rule) && check_range(error, rule, kind == BRIM_RULE_RANGE) &&
		   check_keywords(error, rule, brim_rules_names_kind_has_keywords((BrimRuleKind) kind)) &&
		   check_pattern(error, rule, kind == BRIM_RULE_REGEX) &&
		   check_reason(error, rule, (BrimRuleKind) kind);
}

static int
compare_rules(const void *left, const void *right)
{
	const BrimRuleDef *a = left;
	const BrimRuleDef *b = right;

	return (a->rule_no > b->rule_no) - (a->rule_no < b->rule_no);
}

static bool
check_threshold(BrimError *error, const char *field, int value)
{
	if (value >= 0 && value <= 100)
		return true;
	brim_error_set(error, "field %s: %d is not between 0 and 100", field, value);
	return false;
}

static bool
check_head(const BrimRulesDef *def, BrimError *error)
{
	if (def->head.name.len > BRIM_MODEL_NAME_MAX)
	{
		brim_error_set(error, "field name: it is longer than %d bytes", BRIM_MODEL_NAME_MAX);
		return false;
	}
	if (def->fit_weight < 0 || def->intent_weight < 0 || def->fit_weight > BRIM_WEIGHT_ONE ||
		def->intent_weight > BRIM_WEIGHT_ONE ||
		def->fit_weight + def->intent_weight != BRIM_WEIGHT_ONE)
	{
		brim_error_set(error, "fields fit_weight and intent_weight: "
							  "they must be between 0 and 1 and add up to 1");
		return false;
	}
	if (!check_threshold(error, "high_above", def->head.high_above) ||
		!check_threshold(error, "medium_above", def->head.medium_above) ||
		!check_threshold(error, "qualified_above", def->head.qualified_above))
		return false;
	if (def->missing_policy.data != NULL && brim_rules_names_policy(def->missing_policy, -1) < 0)
	{
		brim_error_set(error, "field missing_policy: it must be ignore, zero or prior");
		return false;
	}
	if (def->language.data != NULL &&
		(def->language.len == 0 || def->language.len > BRIM_MODEL_NAME_MAX))
	{
		brim_error_set(error, "field language: it must have 1 to %d bytes", BRIM_MODEL_NAME_MAX);
		return false;
	}
	if (def->head.medium_above > def->head.high_above)
	{
		brim_error_set(error, "field medium_above: %d is greater than high_above (%d)",
					   def->head.medium_above, def->head.high_above);
		return false;
	}
	if (def->nrules <= 0 || def->nrules > BRIM_MODEL_RULES_MAX)
	{
		brim_error_set(error, "a model has 1 to %d rules, this one has %d", BRIM_MODEL_RULES_MAX,
					   def->nrules);
		return false;
	}
	return true;
}

/* Refuse settings of a signal. */
static bool
refuse_settings(BrimError *error, const BrimSignalDef *settings, const char *why)
{
	brim_error_set(error, "signal \"%.*s\": %s",
				   (int) (settings->signal.len < 63 ? settings->signal.len : 63),
				   settings->signal.data == NULL ? "" : settings->signal.data, why);
	return false;
}

static bool
are_points(int points)
{
	return points >= -BRIM_MODEL_POINTS_MAX && points <= BRIM_MODEL_POINTS_MAX;
}

/* The settings of signals: sound, and once each. */
static bool
check_signals(const BrimRulesDef *def, BrimError *error)
{
	if (def->nsignals < 0 || def->nsignals > BRIM_MODEL_SIGNALS_MAX)
	{
		brim_error_set(error, "a model has settings for at most %d signals, this one for %d",
					   BRIM_MODEL_SIGNALS_MAX, def->nsignals);
		return false;
	}
	for (int i = 0; i < def->nsignals; i++)
	{
		const BrimSignalDef *settings = &def->signals[i];
		int                  dimension = brim_rules_names_dimension(settings->dimension, -1);

		if (settings->signal.data == NULL || settings->signal.len == 0)
			return refuse_settings(error, settings, "field signal: it is missing");
		if (dimension != BRIM_FIT && dimension != BRIM_INTENT)
			return refuse_settings(error, settings, "field dimension: it must be fit or intent");
		if (settings->combine.data != NULL && brim_rules_names_combine(settings->combine, -1) < 0)
			return refuse_settings(error, settings, "field combine: it must be average or add");
		if (!are_points(settings->min_points) || !are_points(settings->max_points) ||
			!are_points(settings->prior_points))
			return refuse_settings(error, settings,
								   "fields min_points, max_points and prior_points: "
								   "they must be between -100 and 100");
		if (settings->has_min && settings->has_max && settings->min_points > settings->max_points)
			return refuse_settings(error, settings,
								   "field min_points: it is greater than max_points");
		for (int j = 0; j < i; j++)
		{
			if (brim_str_equal(def->signals[j].signal, settings->signal) &&
				brim_str_equal(def->signals[j].dimension, settings->dimension))
				return refuse_settings(error, settings, "it has settings twice");
		}
	}
	return true;
}

bool
brim_rules_check(BrimRulesDef *def, BrimError *error)
{
	int64_t nkeywords = 0;
	int     nregexes = 0;

	if (!check_head(def, error) || !check_signals(def, error))
		return false;
	qsort(def->rules, (size_t) def->nrules, sizeof(BrimRuleDef), compare_rules);
	for (int i = 0; i < def->nrules; i++)
	{
		const BrimRuleDef *rule = &def->rules[i];

		if (i > 0 && def->rules[i - 1].rule_no == rule->rule_no)
			return refuse(error, rule, "rule_no", "two rules have this number");
		if (!check_rule(error, rule))
			return false;
		if (brim_rules_names_kind(rule->kind, -1) == BRIM_RULE_REGEX &&
			++nregexes > BRIM_MODEL_REGEX_MAX)
			return refuse(error, rule, "kind", "the model has more than %d rules of kind regex",
						  BRIM_MODEL_REGEX_MAX);
		nkeywords += rule->nkeywords;
		if (nkeywords > BRIM_MODEL_KEYWORDS_MAX)
			return refuse(error, rule, "keywords", "the model has more than %d in all",
						  BRIM_MODEL_KEYWORDS_MAX);
	}
	return true;
}
