/*-------------------------------------------------------------------------
 *
 * model.c
 *	  Compile scoring models; see model.h.
 *
 * Compiling groups the rules by signal and the signals by attribute, and puts
 * the keywords of all rules that read an attribute into one set for whole
 * values and one automaton for words, so that a lead is looked at once.
 *
 *-------------------------------------------------------------------------
 */
#include "core/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define ATTRIBUTES_MAX 1600

/* A model while it is compiled. */
typedef struct Compiler
{
	BrimModel      *model;
	BrimModelDef   *def;
	const BrimFold *fold;
	BrimError      *error;
	BrimArena       scratch;
	BrimBuf         folded;
	BrimBuf         pattern;
	size_t          keyword_bytes;
} Compiler;

/* A rule's place while the rules are grouped. */
typedef struct RulePlace
{
	const BrimRuleDef *def;
	int                order; /* by rule number, counted from 0 */
	int                group; /* order of the first rule of its signal */
} RulePlace;

static bool
out_of_memory(Compiler *compiler)
{
	brim_error_set(compiler->error, "out of memory");
	return false;
}

/* Order by signal, then number: brings the rules of a signal together. */
static int
compare_by_signal(const void *left, const void *right)
{
	const RulePlace *a = left;
	const RulePlace *b = right;
	BrimDimension    a_dimension = brim_model_dimension(a->def->dimension);
	BrimDimension    b_dimension = brim_model_dimension(b->def->dimension);
	int              order;

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
group_rules(Compiler *compiler)
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

static bool
add_attribute(Compiler *compiler, BrimStr name, int accepts)
{
	BrimModel     *model = compiler->model;
	BrimAttribute *attribute = &model->attributes[model->nattributes];

	attribute->name = brim_arena_copy(&model->arena, name);
	attribute->accepts = accepts;
	model->nattributes++;
	return attribute->name.data != NULL || out_of_memory(compiler);
}

/* The attribute that a rule reads, new where it is the first to read it; -1: refused. */
static int
rule_attribute(Compiler *compiler, const BrimRuleDef *rule)
{
	BrimModel *model = compiler->model;
	int        place = 0;

	while (place < model->nattributes &&
		   !brim_str_equal(model->attributes[place].name, rule->attribute))
		place++;
	if (place == model->nattributes)
	{
		if (place == ATTRIBUTES_MAX)
		{
			brim_error_set(compiler->error, "rule %d: the model reads more than %d attributes",
						   rule->rule_no, ATTRIBUTES_MAX);
			return -1;
		}
		if (!add_attribute(compiler, rule->attribute, BRIM_ACCEPTS_ANY))
			return -1;
	}
	model->attributes[place].accepts &= brim_model_kind_accepts(brim_model_kind(rule->kind));
	if (model->attributes[place].accepts == 0)
	{
		brim_error_set(compiler->error,
					   "rule %d (signal \"%.*s\"), field kind: "
					   "a rule of kind %.*s cannot read attribute \"%.*s\"%s",
					   rule->rule_no, (int) rule->signal.len, rule->signal.data,
					   (int) rule->kind.len, rule->kind.data, (int) rule->attribute.len,
					   rule->attribute.data, place < BRIM_FACTS ? "" : " as other rules do");
		return -1;
	}
	return place;
}

static bool
start_signal(Compiler *compiler, const BrimRuleDef *rule)
{
	BrimModel  *model = compiler->model;
	int         attribute = rule_attribute(compiler, rule);
	BrimSignal *signal = &model->signals[model->nsignals];

	if (attribute < 0)
		return false;
	signal->name = brim_arena_copy(&model->arena, rule->signal);
	signal->dimension = brim_model_dimension(rule->dimension);
	signal->attribute = attribute;
	signal->first_rule = model->nrules;
	signal->fallback = -1;
	model->nsignals++;
	model->attributes[attribute].nsignals++;
	model->attributes[attribute].in_dimension[signal->dimension] = true;
	return signal->name.data != NULL || out_of_memory(compiler);
}

/* Add a rule to the signal begun last. */
static bool
add_rule(Compiler *compiler, const BrimRuleDef *def)
{
	BrimModel  *model = compiler->model;
	int         place = model->nrules++;
	BrimRule   *rule = &model->rules[place];
	BrimSignal *signal = &model->signals[model->nsignals - 1];
	BrimStr     attribute = model->attributes[signal->attribute].name;

	if (!brim_str_equal(attribute, def->attribute))
	{
		brim_error_set(compiler->error,
					   "rule %d (signal \"%.*s\"), field attribute: "
					   "all rules of a signal read the same attribute, here \"%.*s\"",
					   def->rule_no, (int) def->signal.len, def->signal.data, (int) attribute.len,
					   attribute.data);
		return false;
	}
	if (rule_attribute(compiler, def) < 0)
		return false;
	rule->rule_no = def->rule_no;
	rule->signal = model->nsignals - 1;
	rule->kind = brim_model_kind(def->kind);
	rule->low = def->has_low ? def->low : -HUGE_VAL;
	rule->high = def->has_high ? def->high : HUGE_VAL;
	rule->points = def->points;
	rule->weight = def->weight;
	rule->first_keyword = model->nkeywords;
	rule->nkeywords = def->nkeywords;
	rule->reason = brim_arena_copy(&model->arena, def->reason);
	if (rule->reason.data == NULL)
		return out_of_memory(compiler);
	rule->is_positive = brim_str_equal(def->reason_kind, brim_str("positive"));
	for (int i = 0; i < def->nkeywords; i++)
	{
		BrimStr copy = brim_arena_copy(&model->arena, def->keywords[i]);

		if (copy.data == NULL)
			return out_of_memory(compiler);
		model->keywords[model->nkeywords++] = copy;
	}
	signal->nrules++;
	if (rule->kind == BRIM_RULE_RANGE)
		signal->nranges++;
	if (signal->fallback < 0 &&
		(rule->kind == BRIM_RULE_PRESENT || rule->kind == BRIM_RULE_OTHERWISE))
		signal->fallback = place;
	return true;
}

bool
brim_model_fold(const BrimFold *fold, BrimStr text, BrimBuf *out)
{
	BrimStr folded;

	brim_buf_clear(out);
	if (!brim_buf_append_str(out, text))
		return false;
	brim_text_lower_ascii(out->data, out->data, out->len);
	if (fold == NULL || brim_text_is_ascii(text))
		return true;
	if (!fold->fold(fold->state, brim_buf_str(out), &folded))
		return false;
	brim_buf_clear(out);
	return brim_buf_append_str(out, folded);
}

/* Bring one keyword into the form it is compared in. */
static bool
fold_keyword(Compiler *compiler, int place, int number, BrimKeyword *keyword)
{
	BrimModel      *model = compiler->model;
	const BrimRule *rule = &model->rules[place];
	BrimStr         text = model->keywords[rule->first_keyword + number];
	BrimStr         pattern;

	if (!brim_model_fold(compiler->fold, text, &compiler->folded))
		return out_of_memory(compiler);
	pattern = brim_buf_str(&compiler->folded);
	if (rule->kind == BRIM_RULE_WORDS)
	{
		brim_buf_clear(&compiler->pattern);
		if (!brim_automaton_pattern(pattern, &compiler->pattern))
		{
			if (compiler->pattern.failed)
				return out_of_memory(compiler);
			brim_error_set(compiler->error,
						   "rule %d (signal \"%.*s\"), field keywords: "
						   "keyword %d is nothing but white space",
						   rule->rule_no, (int) model->signals[rule->signal].name.len,
						   model->signals[rule->signal].name.data, number + 1);
			return false;
		}
		pattern = brim_buf_str(&compiler->pattern);
	}
	compiler->keyword_bytes += pattern.len;
	if (compiler->keyword_bytes > BRIM_MODEL_KEYWORD_BYTES_MAX)
	{
		brim_error_set(compiler->error,
					   "rule %d, field keywords: "
					   "the keywords of the model have more than %d bytes in all",
					   rule->rule_no, BRIM_MODEL_KEYWORD_BYTES_MAX);
		return false;
	}
	keyword->pattern = brim_arena_copy(&model->arena, pattern);
	keyword->target.rule = place;
	keyword->target.keyword = rule->first_keyword + number;
	return keyword->pattern.data != NULL || out_of_memory(compiler);
}

/* Collect the keywords of the rules of an attribute, words or others, into a set. */
static bool
collect_keywords(Compiler *compiler, const BrimAttribute *attribute, bool words,
				 BrimKeywordSet *set)
{
	BrimModel   *model = compiler->model;
	BrimKeyword *keywords = NULL;
	int          count = 0;

	for (int pass = 0; pass < 2; pass++)
	{
		if (pass == 1)
		{
			keywords = brim_arena_alloc(&compiler->scratch, (size_t) count, sizeof(BrimKeyword));
			if (keywords == NULL)
				return out_of_memory(compiler);
			count = 0;
		}
		for (int s = 0; s < attribute->nsignals; s++)
		{
			const BrimSignal *signal = &model->signals[attribute->signals[s]];

			for (int r = signal->first_rule; r < signal->first_rule + signal->nrules; r++)
			{
				if ((model->rules[r].kind == BRIM_RULE_WORDS) != words)
					continue;
				if (pass == 0)
				{
					count += model->rules[r].nkeywords;
					continue;
				}
				for (int k = 0; k < model->rules[r].nkeywords; k++)
				{
					if (!fold_keyword(compiler, r, k, &keywords[count++]))
						return false;
				}
			}
		}
		if (count == 0)
			return true;
	}
	return brim_keywords_build(set, keywords, count, &model->arena) || out_of_memory(compiler);
}

/* Tell each attribute its signals and give it its keyword sets. */
static bool
finish_attributes(Compiler *compiler)
{
	BrimModel *model = compiler->model;

	for (int a = 0; a < model->nattributes; a++)
	{
		BrimAttribute *attribute = &model->attributes[a];

		attribute->signals =
			brim_arena_alloc(&model->arena, (size_t) attribute->nsignals, sizeof(int));
		if (attribute->signals == NULL)
			return out_of_memory(compiler);
		attribute->nsignals = 0;
	}
	for (int s = 0; s < model->nsignals; s++)
	{
		BrimAttribute *attribute = &model->attributes[model->signals[s].attribute];

		attribute->signals[attribute->nsignals++] = s;
	}
	for (int a = 0; a < model->nattributes; a++)
	{
		BrimAttribute *attribute = &model->attributes[a];

		if (!collect_keywords(compiler, attribute, false, &attribute->exact) ||
			!collect_keywords(compiler, attribute, true, &attribute->words))
			return false;
		if (attribute->words.npatterns == 0)
			continue;
		attribute->automaton = brim_automaton_build(attribute->words.patterns,
													attribute->words.npatterns, &model->arena);
		if (attribute->automaton == NULL)
			return out_of_memory(compiler);
	}
	return true;
}

static bool
compile(Compiler *compiler)
{
	BrimModel          *model = compiler->model;
	const BrimModelDef *def = compiler->def;
	size_t              nrules = (size_t) def->nrules;
	size_t              nkeywords = 0;
	RulePlace          *places = group_rules(compiler);

	for (size_t i = 0; i < nrules; i++)
		nkeywords += (size_t) def->rules[i].nkeywords;
	model->name = brim_arena_copy(&model->arena, def->name);
	model->version = def->version;
	model->fit_weight = def->fit_weight;
	model->intent_weight = def->intent_weight;
	model->high_above = def->high_above;
	model->medium_above = def->medium_above;
	model->qualified_above = def->qualified_above;
	model->rules = brim_arena_alloc(&model->arena, nrules, sizeof(BrimRule));
	model->signals = brim_arena_alloc(&model->arena, nrules, sizeof(BrimSignal));
	model->attributes = brim_arena_alloc(&model->arena, nrules + BRIM_FACTS, sizeof(BrimAttribute));
	model->keywords = brim_arena_alloc(&model->arena, nkeywords, sizeof(BrimStr));
	if (places == NULL || model->name.data == NULL || model->rules == NULL ||
		model->signals == NULL || model->attributes == NULL || model->keywords == NULL)
		return out_of_memory(compiler);
	for (int fact = 0; fact < BRIM_FACTS; fact++)
	{
		if (!add_attribute(compiler, brim_model_fact_name(fact), brim_model_fact_accepts(fact)))
			return false;
		model->attributes[fact].is_fact = true;
		model->attributes[fact].zero_is_missing =
			brim_model_fact_accepts(fact) == BRIM_ACCEPTS_NUMBER;
	}
	for (size_t i = 0; i < nrules; i++)
	{
		if ((i == 0 || places[i].group != places[i - 1].group) &&
			!start_signal(compiler, places[i].def))
			return false;
		if (!add_rule(compiler, places[i].def))
			return false;
	}
	return finish_attributes(compiler);
}

BrimModel *
brim_model_compile(BrimModelDef *def, const BrimFold *fold, BrimMem *mem, BrimError *error)
{
	Compiler compiler = {.def = def, .fold = fold, .error = error};
	bool     ok;

	error->message[0] = '\0';
	if (!brim_model_check(def, error))
		return NULL;
	compiler.model = brim_mem_alloc(mem, sizeof(BrimModel));
	if (compiler.model == NULL)
	{
		out_of_memory(&compiler);
		return NULL;
	}
	memset(compiler.model, 0, sizeof(BrimModel));
	brim_arena_init(&compiler.model->arena, mem);
	brim_arena_init(&compiler.scratch, mem);
	brim_buf_init(&compiler.folded, mem, BRIM_MODEL_KEYWORD_BYTES_MAX);
	brim_buf_init(&compiler.pattern, mem, 4 * (size_t) BRIM_MODEL_KEYWORD_BYTES_MAX);
	ok = compile(&compiler);
	brim_buf_free(&compiler.folded);
	brim_buf_free(&compiler.pattern);
	brim_arena_free(&compiler.scratch);
	if (ok)
		return compiler.model;
	brim_model_free(compiler.model);
	return NULL;
}

void
brim_model_free(BrimModel *model)
{
	BrimMem *mem;

	if (model == NULL)
		return;
	mem = model->arena.mem;
	brim_arena_free(&model->arena);
	brim_mem_free(mem, model);
}
