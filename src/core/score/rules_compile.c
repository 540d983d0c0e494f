/*-------------------------------------------------------------------------
 *
 * rules_compile.c
 *	  Compile models of rules; see internal.h.
 *
 * Compiling groups the rules by signal and the signals by attribute, and puts
 * the keywords of all rules that read an attribute into one set for whole
 * values and one automaton for words, so that a lead is looked at once.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ATTRIBUTES_MAX 1600

/* A rule's place while the rules are grouped. */
typedef struct RulePlace
{
	const BrimRuleDef *def;
	int                order; /* by rule number, counted from 0 */
	int                group; /* order of the first rule of its signal */
} RulePlace;

/* Order by signal, then number: brings the rules of a signal together. */
static int
compare_by_signal(const void *left, const void *right)
{
	const RulePlace *a = left;
	const RulePlace *b = right;
	BrimDimension    a_dimension =
		(BrimDimension) brim_rules_names_dimension(a->def->dimension, BRIM_FIT);
	BrimDimension b_dimension =
		(BrimDimension) brim_rules_names_dimension(b->def->dimension, BRIM_FIT);
	int order;

	if (a_dimension != b_dimension)
		return a_dimension < b_dimension ? -1 : 1;
	if (a->def->signal.len != b->def->signal.len)
		return a->def->signal.len < b->def->signal.len ? -1 : 1;
	order = memcmp(a->def->signal.data, b->def->signal.data, a->def->signal.len);
	if (order != 0)
		return order;
	return (a->order > b->order) - (a->order < b->order);
}

/* Order by the signal's first rule, then number: the order of the model. */
static int
compare_by_group(const void *left, const void *right)
{
	const RulePlace *a = left;
	const RulePlace *b = right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static bool
same_signal(const BrimRuleDef *a, const BrimRuleDef *b)
{
	return brim_str_equal(a->dimension, b->dimension) && brim_str_equal(a->signal, b->signal);
}

/* The rules, those of a signal together, signals by their first rules; NULL: no memory. */
static RulePlace *
group_rules(BrimRulesCompiler *compiler)
{
	int        nrules = compiler->def->nrules;
	RulePlace *places = brim_arena_alloc(&compiler->scratch, (size_t) nrules, sizeof(RulePlace));

	if (places == NULL)
		return NULL;
	for (int i = 0; i < nrules; i++)
	{
		places[i].def = &compiler->def->rules[i];
		places[i].order = i;
	}
	qsort(places, (size_t) nrules, sizeof(RulePlace), compare_by_signal);
	for (int i = 0; i < nrules; i++)
		places[i].group = i > 0 && same_signal(places[i - 1].def, places[i].def)
							  ? places[i - 1].group
							  : places[i].order;
	qsort(places, (size_t) nrules, sizeof(RulePlace), compare_by_group);
	return places;
}

/* What people call an attribute: the column, and the steps of the path behind dots. */
static BrimStr
make_label(BrimRulesCompiler *compiler, BrimStr name, const BrimStr *path, int npath)
{
	brim_buf_clear(&compiler->folded);
	brim_buf_append_str(&compiler->folded, name);
	for (int i = 0; i < npath; i++)
	{
		brim_buf_append_text(&compiler->folded, ".");
		brim_buf_append_str(&compiler->folded, path[i]);
	}
	if (compiler->folded.failed)
		return brim_str(NULL);
	return brim_arena_copy(&compiler->model->arena, brim_buf_str(&compiler->folded));
}

static bool
add_attribute(BrimRulesCompiler *compiler, BrimStr name, const BrimStr *path, int npath,
			  int accepts)
{
	BrimRulesModel *model = compiler->model;
	BrimFeatures   *features = &model->head.features;
	BrimAttribute  *attribute = &features->attributes[features->count];

	attribute->name = brim_arena_copy(&model->arena, name);
	attribute->label = make_label(compiler, name, path, npath);
	attribute->accepts = accepts;
	attribute->npath = npath;
	attribute->path = brim_arena_alloc(&model->arena, (size_t) npath, sizeof(BrimStr));
	if (attribute->name.data == NULL || attribute->label.data == NULL || attribute->path == NULL)
		return brim_rules_no_memory(compiler);
	for (int i = 0; i < npath; i++)
	{
		attribute->path[i] = brim_arena_copy(&model->arena, path[i]);
		if (attribute->path[i].data == NULL)
			return brim_rules_no_memory(compiler);
	}
	model->attributes[features->count++].feature = attribute;
	return true;
}

static bool
is_attribute(const BrimAttribute *attribute, const BrimRuleDef *rule)
{
	if (!brim_str_equal(attribute->name, rule->attribute) || attribute->npath != rule->npath)
		return false;
	for (int i = 0; i < rule->npath; i++)
	{
		if (!brim_str_equal(attribute->path[i], rule->path[i]))
			return false;
	}
	return true;
}

/*
 * An attribute is read by one more rule.  A column has to be of a type that all
 * its rules can read; a value at a path is of any type, and each rule reads
 * what it can.
 */
static bool
narrow_attribute(BrimRulesCompiler *compiler, int place, const BrimRuleDef *rule)
{
	BrimAttribute *attribute = &compiler->model->head.features.attributes[place];
	int            accepts = brim_rules_names_kind_accepts(
				   (BrimRuleKind) brim_rules_names_kind(rule->kind, BRIM_RULE_PRESENT));

	if (attribute->npath > 0)
	{
		attribute->accepts |= accepts;
		return true;
	}
	attribute->accepts &= accepts;
	if (attribute->accepts != 0)
		return true;
	brim_error_set(compiler->error,
				   "rule %d (signal \"%.*s\"), field kind: "
				   "a rule of kind %.*s cannot read attribute \"%s\"%s",
				   rule->rule_no, (int) rule->signal.len, rule->signal.data, (int) rule->kind.len,
				   rule->kind.data, attribute->label.data,
				   place < BRIM_FACTS ? "" : " as other rules do");
	return false;
}

/*
 * The attribute that the first rule of a signal reads, -1: refused.  Signals
 * that read a column share it; each path is its signal's own, since a value
 * there may be of any type and each signal reads of it what it can.
 */
static int
rule_attribute(BrimRulesCompiler *compiler, const BrimRuleDef *rule)
{
	const BrimFeatures *features = &compiler->model->head.features;
	int                 place = rule->npath > 0 ? features->count : 0;

	while (place < features->count && !is_attribute(&features->attributes[place], rule))
		place++;
	if (place == features->count)
	{
		if (place == ATTRIBUTES_MAX)
		{
			brim_error_set(compiler->error, "rule %d: the model reads more than %d attributes",
						   rule->rule_no, ATTRIBUTES_MAX);
			return -1;
		}
		if (!add_attribute(compiler, rule->attribute, rule->path, rule->npath,
						   rule->npath > 0 ? 0 : BRIM_ACCEPTS_ANY))
			return -1;
	}
	return narrow_attribute(compiler, place, rule) ? place : -1;
}

/* The settings of a signal, or NULL where it has none. */
static const BrimSignalDef *
find_settings(const BrimRulesDef *def, const BrimRuleDef *rule)
{
	for (int i = 0; i < def->nsignals; i++)
	{
		if (brim_str_equal(def->signals[i].dimension, rule->dimension) &&
			brim_str_equal(def->signals[i].signal, rule->signal))
			return &def->signals[i];
	}
	return NULL;
}

static void
apply_settings(const BrimRulesDef *def, const BrimRuleDef *rule, BrimSignal *signal)
{
	const BrimSignalDef *settings = find_settings(def, rule);
	BrimMissingPolicy    policy =
		(BrimMissingPolicy) brim_rules_names_policy(def->missing_policy, BRIM_MISSING_IGNORE);

	signal->min_points = (int64_t) -BRIM_MODEL_POINTS_MAX * BRIM_WEIGHT_ONE;
	signal->max_points = (int64_t) BRIM_MODEL_POINTS_MAX * BRIM_WEIGHT_ONE;
	signal->counts_missing = policy == BRIM_MISSING_ZERO;
	if (signal->dimension == BRIM_DISQUALIFIER)
		signal->combine = BRIM_ADD; /* each rule is tried, and says why */
	if (settings == NULL)
		return;
	signal->combine = (BrimCombine) brim_rules_names_combine(settings->combine, BRIM_AVERAGE);
	if (settings->has_min)
		signal->min_points = (int64_t) settings->min_points * BRIM_WEIGHT_ONE;
	if (settings->has_max)
		signal->max_points = (int64_t) settings->max_points * BRIM_WEIGHT_ONE;
	if (policy == BRIM_MISSING_PRIOR && settings->has_prior)
	{
		signal->counts_missing = true;
		signal->missing_points = (int64_t) settings->prior_points * BRIM_WEIGHT_ONE;
	}
}

static bool
start_signal(BrimRulesCompiler *compiler, const BrimRuleDef *rule)
{
	BrimRulesModel *model = compiler->model;
	int             attribute = rule_attribute(compiler, rule);
	BrimSignal     *signal = &model->signals[model->nsignals];

	if (attribute < 0)
		return false;
	signal->name = brim_arena_copy(&model->arena, rule->signal);
	signal->dimension = (BrimDimension) brim_rules_names_dimension(rule->dimension, BRIM_FIT);
	signal->attribute = attribute;
	signal->first_rule = model->nrules;
	signal->fallback = -1;
	apply_settings(compiler->def, rule, signal);
	model->nsignals++;
	model->attributes[attribute].nsignals++;
	model->attributes[attribute].in_dimension[signal->dimension] = true;
	return signal->name.data != NULL || brim_rules_no_memory(compiler);
}

/* What the rules of one signal have to have in common. */
static bool
check_in_signal(BrimRulesCompiler *compiler, const BrimSignal *signal, const BrimRuleDef *def)
{
	const BrimAttribute *attribute = compiler->model->attributes[signal->attribute].feature;
	const char          *field = NULL;
	const char          *why = NULL;

	if (!is_attribute(attribute, def))
	{
		field = brim_str_equal(attribute->name, def->attribute) ? "path" : "attribute";
		why = "all rules of a signal read the same attribute";
	}
	else if (signal->combine == BRIM_ADD && signal->dimension != BRIM_DISQUALIFIER &&
			 def->weight != BRIM_WEIGHT_ONE)
	{
		field = "weight";
		why = "a signal that adds takes no part in the average, so its rules have weight 1";
	}
	if (field == NULL)
		return true;
	brim_error_set(compiler->error, "rule %d (signal \"%s\"), field %s: %s, here \"%s\"",
				   def->rule_no, signal->name.data, field, why, attribute->label.data);
	if (signal->combine == BRIM_ADD && strcmp(field, "weight") == 0)
		brim_error_set(compiler->error, "rule %d (signal \"%s\"), field %s: %s", def->rule_no,
					   signal->name.data, field, why);
	return false;
}

static bool
copy_rule_texts(BrimRulesCompiler *compiler, const BrimRuleDef *def, BrimRule *rule)
{
	BrimRulesModel *model = compiler->model;

	rule->reason = brim_arena_copy(&model->arena, def->reason);
	rule->pattern = brim_arena_copy(&model->arena, def->pattern);
	if (rule->reason.data == NULL || rule->pattern.data == NULL)
		return brim_rules_no_memory(compiler);
	for (int i = 0; i < def->nkeywords; i++)
	{
		BrimStr copy = brim_arena_copy(&model->arena, def->keywords[i]);

		if (copy.data == NULL)
			return brim_rules_no_memory(compiler);
		model->keywords[model->nkeywords++] = copy;
	}
	return true;
}

/* Add a rule to the signal begun last. */
static bool
add_rule(BrimRulesCompiler *compiler, const BrimRuleDef *def)
{
	BrimRulesModel *model = compiler->model;
	int             place = model->nrules++;
	BrimRule       *rule = &model->rules[place];
	BrimSignal     *signal = &model->signals[model->nsignals - 1];

	if (!check_in_signal(compiler, signal, def) ||
		!narrow_attribute(compiler, signal->attribute, def))
		return false;
	rule->rule_no = def->rule_no;
	rule->signal = model->nsignals - 1;
	rule->kind = (BrimRuleKind) brim_rules_names_kind(def->kind, BRIM_RULE_PRESENT);
	rule->stem = def->stem;
	rule->low = def->has_low ? def->low : -HUGE_VAL;
	rule->high = def->has_high ? def->high : HUGE_VAL;
	rule->points = def->points;
	rule->weight = def->weight;
	rule->first_keyword = model->nkeywords;
	rule->nkeywords = def->nkeywords;
	rule->is_positive = brim_str_equal(def->reason_kind, brim_str("positive"));
	if (!copy_rule_texts(compiler, def, rule))
		return false;
	if (signal->nrules++ == 0 && signal->counts_missing)
		signal->missing_weight = def->weight;
	if (rule->kind == BRIM_RULE_RANGE)
		signal->nranges++;
	if (rule->kind == BRIM_RULE_REGEX)
		model->attributes[signal->attribute].nregexes++;
	if (signal->fallback < 0 &&
		(rule->kind == BRIM_RULE_PRESENT || rule->kind == BRIM_RULE_OTHERWISE))
		signal->fallback = place;
	return true;
}

/* Tell each attribute its signals and its rules with regular expressions. */
static bool
link_attributes(BrimRulesCompiler *compiler)
{
	BrimRulesModel *model = compiler->model;

	for (int a = 0; a < model->head.features.count; a++)
	{
		BrimRulesAttribute *attribute = &model->attributes[a];

		attribute->signals =
			brim_arena_alloc(&model->arena, (size_t) attribute->nsignals, sizeof(int));
		attribute->regexes =
			brim_arena_alloc(&model->arena, (size_t) attribute->nregexes, sizeof(int));
		if (attribute->signals == NULL || attribute->regexes == NULL)
			return brim_rules_no_memory(compiler);
		attribute->nsignals = 0;
		attribute->nregexes = 0;
	}
	for (int s = 0; s < model->nsignals; s++)
	{
		BrimRulesAttribute *attribute = &model->attributes[model->signals[s].attribute];

		attribute->signals[attribute->nsignals++] = s;
	}
	for (int r = 0; r < model->nrules; r++)
	{
		BrimRulesAttribute *attribute =
			&model->attributes[model->signals[model->rules[r].signal].attribute];

		if (model->rules[r].kind == BRIM_RULE_REGEX)
			attribute->regexes[attribute->nregexes++] = r;
	}
	return true;
}

/* Settings that name no signal of the model are a mistake. */
static bool
check_settings(BrimRulesCompiler *compiler)
{
	const BrimRulesDef *def = compiler->def;

	for (int i = 0; i < def->nsignals; i++)
	{
		int rule = 0;

		while (rule < def->nrules && find_settings(def, &def->rules[rule]) != &def->signals[i])
			rule++;
		if (rule < def->nrules)
			continue;
		brim_error_set(compiler->error,
					   "signal \"%.*s\" of dimension %.*s has settings, but no rule",
					   (int) def->signals[i].signal.len, def->signals[i].signal.data,
					   (int) def->signals[i].dimension.len, def->signals[i].dimension.data);
		return false;
	}
	return true;
}

static bool
compile(BrimRulesCompiler *compiler)
{
	BrimRulesModel     *model = compiler->model;
	const BrimRulesDef *def = compiler->def;
	size_t              nrules = (size_t) def->nrules;
	size_t              nkeywords = 0;
	RulePlace          *places = group_rules(compiler);

	for (size_t i = 0; i < nrules; i++)
		nkeywords += (size_t) def->rules[i].nkeywords;
	model->head.scorer = def->head.scorer;
	model->head.name = brim_arena_copy(&model->arena, def->head.name);
	model->head.version = def->head.version;
	model->head.has_as_of = def->head.has_as_of;
	model->head.as_of = def->head.as_of;
	model->head.high_above = def->head.high_above;
	model->head.medium_above = def->head.medium_above;
	model->head.qualified_above = def->head.qualified_above;
	model->fit_weight = def->fit_weight;
	model->intent_weight = def->intent_weight;
	model->language = brim_arena_copy(
		&model->arena, def->language.data == NULL ? brim_str("english") : def->language);
	model->rules = brim_arena_alloc(&model->arena, nrules, sizeof(BrimRule));
	model->signals = brim_arena_alloc(&model->arena, nrules, sizeof(BrimSignal));
	model->head.features.attributes =
		brim_arena_alloc(&model->arena, nrules + BRIM_FACTS, sizeof(BrimAttribute));
	model->attributes =
		brim_arena_alloc(&model->arena, nrules + BRIM_FACTS, sizeof(BrimRulesAttribute));
	model->keywords = brim_arena_alloc(&model->arena, nkeywords, sizeof(BrimStr));
	if (places == NULL || model->head.name.data == NULL || model->language.data == NULL ||
		model->rules == NULL || model->signals == NULL || model->head.features.attributes == NULL ||
		model->attributes == NULL || model->keywords == NULL)
		return brim_rules_no_memory(compiler);
	for (int fact = 0; fact < BRIM_FACTS; fact++)
	{
		if (!add_attribute(compiler, brim_feature_fact_name(fact), NULL, 0,
						   brim_feature_fact_accepts(fact)))
			return false;
		model->head.features.attributes[fact].is_fact = true;
		model->head.features.attributes[fact].zero_is_missing =
			brim_feature_fact_accepts(fact) == BRIM_ACCEPTS_NUMBER;
	}
	for (size_t i = 0; i < nrules; i++)
	{
		if ((i == 0 || places[i].group != places[i - 1].group) &&
			!start_signal(compiler, places[i].def))
			return false;
		if (!add_rule(compiler, places[i].def))
			return false;
	}
	return check_settings(compiler) && link_attributes(compiler) &&
		   brim_rules_compile_events(compiler) && brim_rules_compile_keywords(compiler);
}

void
brim_rules_compile_free(BrimModel *model, BrimMem *mem)
{
	if (model == NULL)
		return;
	brim_arena_free(&((BrimRulesModel *) model)->arena);
	brim_mem_free(mem, model);
}

BrimModel *
brim_rules_compile(BrimModelDef *def, const BrimFold *fold, BrimMem *mem, BrimError *error)
{
	BrimRulesCompiler compiler = {.def = (BrimRulesDef *) def, .fold = fold, .error = error};
	bool              ok;

	error->message[0] = '\0';
	if (!brim_rules_check(compiler.def, error))
		return NULL;
	compiler.model = brim_mem_alloc(mem, sizeof(BrimRulesModel));
	if (compiler.model == NULL)
	{
		brim_rules_no_memory(&compiler);
		return NULL;
	}
	memset(compiler.model, 0, sizeof(BrimRulesModel));
	brim_arena_init(&compiler.model->arena, mem);
	brim_arena_init(&compiler.scratch, mem);
	brim_buf_init(&compiler.folded, mem, BRIM_MODEL_KEYWORD_BYTES_MAX);
	brim_buf_init(&compiler.pattern, mem, 4 * (size_t) BRIM_MODEL_KEYWORD_BYTES_MAX);
	ok = compile(&compiler);
	brim_buf_free(&compiler.folded);
	brim_buf_free(&compiler.pattern);
	brim_arena_free(&compiler.scratch);
	if (ok)
		return &compiler.model->head;
	brim_rules_compile_free(&compiler.model->head, mem);
	return NULL;
}
