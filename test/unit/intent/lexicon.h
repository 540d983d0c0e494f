/*-------------------------------------------------------------------------
 *
 * lexicon.h
 *	  A small lexicon for tests, from arrays of C strings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_UNIT_LEXICON_H
#define BRIM_UNIT_LEXICON_H

#include <string.h>

#include "core/intent/intent.h"

#define LEXICON_PHRASES 400

typedef struct TestTerm
{
	const char *class_name;
	int         sources;
	const char *words; /* with | between */
	const char *near;
	const char *unless;
} TestTerm;

typedef struct TestCue
{
	const char *kind;
	const char *phrases;
} TestCue;

static const TestTerm lexicon_terms[] = {
	{"funding", BRIM_INTENT_ANY, "raises|raised|secur*", ">{money}|>round|>seed", "awareness"},
	{"funding", BRIM_INTENT_NEWS, "invest*", ">into {company}", ""},
	{"layoffs", BRIM_INTENT_NEWS, "layoff*|job cuts", "", ""},
	{"layoffs", BRIM_INTENT_NEWS, "cut|cuts|lays off", ">3jobs|>2{people}|<1staff", "ribbon"},
	{"expansion", BRIM_INTENT_ANY,
	 "opens|opened|cuts ribbon|\xC3\xB6"
	 "ffnet",
	 ">office|>plant|ribbon|>werk", "<no"},
	{"expansion", BRIM_INTENT_NEWS, "cuts ribbon", "", ""},
	{"acquisition", BRIM_INTENT_NEWS, "acquires|buys", ">1{name}", ">1{company}|>0by"},
	{"acquired", BRIM_INTENT_NEWS, "acquires|buys", ">1{company}", ""},
	{"acquired", BRIM_INTENT_NEWS, "bought by", "", ""},
	{"tool", BRIM_INTENT_JOB_POST, "=Make|zapier", "", ""},
	{"growth", BRIM_INTENT_NEWS, "sales", "fall|rose|rise", ""},
	{"growth", BRIM_INTENT_NEWS, "anywhere", "^lastword", ""},
};

static const TestCue lexicon_cues[] = {
	{"negation", "not|no|denies|never"},
	{"negation_after", "called off|ruled out"},
	{"hedge", "may|could|plans to|considering"},
	{"hedge_after", "possible"},
	{"hedge_sentence", "sources say"},
	{"break", "but|while"},
	{"ignore", "not only|in may|no. 5"},
	{"other", "rival|partner|supplier|backed|former|shareholder"},
	{"own", "the company|we"},
	{"job_post", "we are hiring"},
};

/* Cut at |; none for the empty string. */
static int __attribute__((unused)) split_phrases(const char *text, BrimStr *out)
{
	int count = 0;

	while (*text != '\0')
	{
		size_t len = strcspn(text, "|");

		out[count].data = text;
		out[count++].len = len;
		text += len + (text[len] == '|');
	}
	return count;
}

/* Compile the lexicon above. */
static BrimLexicon *__attribute__((unused))
lexicon_for_tests(const BrimFold *fold, BrimMem *mem, BrimError *error)
{
	static const char *const names[] = {"funding",  "layoffs", "expansion", "acquisition",
										"acquired", "tool",    "growth"};
	static BrimStr           phrases[LEXICON_PHRASES];
	BrimClassDef             classes[sizeof(names) / sizeof(names[0])];
	BrimTermDef              terms[sizeof(lexicon_terms) / sizeof(lexicon_terms[0])];
	BrimCueDef               cues[LEXICON_PHRASES];
	BrimLexiconDef           def = {0, classes, 0, terms, 0, cues};
	int                      used = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		BrimClassDef class = {brim_str(names[i]), 1, 10000, 90};

		classes[def.nclasses++] = class;
	}
	for (size_t i = 0; i < sizeof(lexicon_terms) / sizeof(lexicon_terms[0]); i++)
	{
		BrimTermDef *term = &terms[def.nterms++];

		term->class_name = brim_str(lexicon_terms[i].class_name);
		term->term_no = (int) i + 1;
		term->sources = lexicon_terms[i].sources;
		term->words = phrases + used;
		used += term->nwords = split_phrases(lexicon_terms[i].words, phrases + used);
		term->near = phrases + used;
		used += term->nnear = split_phrases(lexicon_terms[i].near, phrases + used);
		term->unless = phrases + used;
		used += term->nunless = split_phrases(lexicon_terms[i].unless, phrases + used);
	}
	for (size_t i = 0; i < sizeof(lexicon_cues) / sizeof(lexicon_cues[0]); i++)
	{
		int count = split_phrases(lexicon_cues[i].phrases, phrases + used);

		for (int k = 0; k < count; k++)
		{
			cues[def.ncues].kind = brim_str(lexicon_cues[i].kind);
			cues[def.ncues++].phrase = phrases[used++];
		}
	}
	return brim_lexicon_compile(&def, fold, mem, error);
}

#endif /* BRIM_UNIT_LEXICON_H */
