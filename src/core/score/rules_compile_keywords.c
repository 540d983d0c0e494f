/*-------------------------------------------------------------------------
 *
 * rules_compile_keywords.c
 *	  The keywords of a model, ready to be found; see internal.h.
 *
 * The keywords of all rules that read an attribute go into one matcher for
 * whole values, one for words and one for stems, so that a lead is looked at
 * once.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

/* The ways of matching keywords. */
enum
{
	MATCH_WHOLE,
	MATCH_WORDS,
	MATCH_STEMS
};

/* Which of the three ways of matching keywords a rule asks for; -1: none. */
static int
matcher_of(const BrimRule *rule)
{
	switch (rule->kind)
	{
		case BRIM_RULE_ONE_OF:
		case BRIM_RULE_ANY_OF:
		case BRIM_RULE_ALL_OF:
			return MATCH_WHOLE;
		case BRIM_RULE_WORDS:
			return rule->stem ? MATCH_STEMS : MATCH_WORDS;
		default:
			return -1;
	}
}

/* Bring one keyword into the form it is compared in. */
static bool
fold_keyword(BrimRulesCompiler *compiler, int place, int number, int how, BrimKeyword *keyword)
{
	BrimRulesModel *model = compiler->model;
	const BrimRule *rule = &model->rules[place];
	BrimStr         text = model->keywords[rule->first_keyword + number];
	BrimStr         pattern;
	bool            ok;

	if (how == MATCH_STEMS)
		ok = brim_fold_stems(compiler->fold, model->language, text, &compiler->pattern,
							 &compiler->folded);
	else
		ok = brim_fold(compiler->fold, text, &compiler->folded);
	if (!ok)
		return brim_rules_no_memory(compiler);
	pattern = brim_buf_str(&compiler->folded);
	if (how != MATCH_WHOLE)
	{
		brim_buf_clear(&compiler->pattern);
		if (!brim_automaton_pattern(pattern, &compiler->pattern))
		{
			if (compiler->pattern.failed)
				return brim_rules_no_memory(compiler);
			brim_error_set(compiler->error,
						   "rule %d, field keywords: keyword %d is nothing but white space",
						   rule->rule_no, number + 1);
			return false;
		}
		pattern = brim_buf_str(&compiler->pattern);
	}
	compiler->keyword_bytes += pattern.len;
	if (compiler->keyword_bytes > BRIM_MODEL_KEYWORD_BYTES_MAX)
	{
		brim_error_set(compiler->error,
					   "rule %d, field keywords: the keywords of the model have more than %d "
					   "bytes in all",
					   rule->rule_no, BRIM_MODEL_KEYWORD_BYTES_MAX);
		return false;
	}
	keyword->pattern = brim_arena_copy(&model->arena, pattern);
	keyword->target.rule = place;
	keyword->target.keyword = rule->first_keyword + number;
	return keyword->pattern.data != NULL || brim_rules_no_memory(compiler);
}

/* Collect the keywords of an attribute's rules that are matched in a way; NULL: no memory. */
static BrimKeyword *
collect_keywords(BrimRulesCompiler *compiler, const BrimRulesAttribute *attribute, int how,
				 int count)
{
	BrimRulesModel *model = compiler->model;
	BrimKeyword    *keywords =
		brim_arena_alloc(&compiler->scratch, (size_t) count, sizeof(BrimKeyword));

	if (keywords == NULL)
	{
		brim_rules_no_memory(compiler);
		return NULL;
	}
	count = 0;
	for (int s = 0; s < attribute->nsignals; s++)
	{
		const BrimSignal *signal = &model->signals[attribute->signals[s]];

		for (int r = signal->first_rule; r < signal->first_rule + signal->nrules; r++)
		{
			if (matcher_of(&model->rules[r]) != how)
				continue;
			for (int k = 0; k < model->rules[r].nkeywords; k++)
			{
				if (!fold_keyword(compiler, r, k, how, &keywords[count++]))
					return NULL;
			}
		}
	}
	return keywords;
}

static int
count_keywords(const BrimRulesModel *model, const BrimRulesAttribute *attribute, int how)
{
	int count = 0;

	for (int s = 0; s < attribute->nsignals; s++)
	{
		const BrimSignal *signal = &model->signals[attribute->signals[s]];

		for (int r = signal->first_rule; r < signal->first_rule + signal->nrules; r++)
		{
			if (matcher_of(&model->rules[r]) == how)
				count += model->rules[r].nkeywords;
		}
	}
	return count;
}

/* Build the matcher of one way; *matcher stays NULL where no rule asks for it. */
static bool
build_matcher(BrimRulesCompiler *compiler, const BrimRulesAttribute *attribute, int how,
			  BrimMatcher **matcher)
{
	int          count = count_keywords(compiler->model, attribute, how);
	BrimKeyword *keywords;

	if (count == 0)
		return true;
	keywords = collect_keywords(compiler, attribute, how, count);
	if (keywords == NULL)
		return false;
	*matcher = brim_matcher_build(keywords, count, how != MATCH_WHOLE, &compiler->model->arena);
	return *matcher != NULL || brim_rules_no_memory(compiler);
}

/* How many keywords that differ each rule has among whole values. */
static void
count_distinct(BrimRulesModel *model, const BrimKeywordSet *set)
{
	for (int t = 0; t < set->first[set->npatterns]; t++)
		model->rules[set->targets[t].rule].ndistinct++;
}

bool
brim_rules_compile_keywords(BrimRulesCompiler *compiler)
{
	BrimRulesModel *model = compiler->model;

	for (int a = 0; a < model->head.features.count; a++)
	{
		BrimRulesAttribute *attribute = &model->attributes[a];

		if (!build_matcher(compiler, attribute, MATCH_WHOLE, &attribute->exact) ||
			!build_matcher(compiler, attribute, MATCH_WORDS, &attribute->words) ||
			!build_matcher(compiler, attribute, MATCH_STEMS, &attribute->stems))
			return false;
		if (attribute->exact != NULL)
			count_distinct(model, &attribute->exact->set);
	}
	return true;
}
