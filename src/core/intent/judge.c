/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  Which terms a sentence fulfils, and what its cues make of them; see
 *	  internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <string.h>

#define TERM_WORDS_MAX 16 /* places of a term's words in a sentence that are judged */
#define NEGATION_REACH 7  /* words between a cue and what it negates */
#define HEDGE_REACH 9
#define AFTER_REACH 6

/* Return true if a cue that ends (begins) with one token reaches another.  One comma, or a break, ends its reach. */
static bool
reaches(const BrimClauses *clauses, int from, int to, int reach)
{
	return from >= 0 && to > from && to - from - 1 <= reach &&
		   clauses->breaks[to] == clauses->breaks[from] &&
		   brim_intent_clauses_commas(clauses, from, to) != 1;
}

/* Return true if the last cue that ends up to a token stands inside the evidence. */
static bool
stands_inside(const short *last, BrimSpan evidence)
{
	return last[evidence.last] >= evidence.first;
}

/* near: the phrase that was asked for, the word itself where none was. */
static BrimCertainty
certainty_of(const BrimClauses *clauses, int ntokens, BrimSpan word, BrimSpan near,
			 BrimSpan evidence)
{
	int before = word.first - 1;
	int after = evidence.last + 1;

	if (before >= 0 && reaches(clauses, clauses->last_negation[before], word.first, NEGATION_REACH))
		return BRIM_NEGATED;
	if (near.first > word.last + 1 && clauses->last_negation[near.first - 1] > word.last)
		return BRIM_NEGATED; /* sales did not fall */
	if (after < ntokens && clauses->next_negation[after] >= 0 &&
		reaches(clauses, evidence.last, clauses->next_negation[after], AFTER_REACH))
		return BRIM_NEGATED;
	if (clauses->is_hedged || stands_inside(clauses->last_hedge, evidence))
		return BRIM_HEDGED;
	if (before >= 0 && reaches(clauses, clauses->last_hedge[before], word.first, HEDGE_REACH))
		return BRIM_HEDGED;
	if (after < ntokens && clauses->next_hedge[after] >= 0 &&
		reaches(clauses, evidence.last, clauses->next_hedge[after], AFTER_REACH))
		return BRIM_HEDGED;
	return BRIM_STATED;
}

/* Words between a term's word and a span, if the item allows that place; -1 if not. */
static int
place_of(const BrimItem *item, BrimSpan word, BrimSpan span)
{
	int gap;

	if (span.first > word.last)
	{
		gap = span.first - word.last - 1;
		return gap <= item->after ? gap : -1;
	}
	if (span.last < word.first)
	{
		gap = word.first - span.last - 1;
		return gap <= item->before ? gap : -1;
	}
	return item->role == BRIM_ITEM_UNLESS && item->before >= 0 && item->after >= 0 ? 0 : -1;
}

/* What is known of a term at one of its words. */
typedef struct Nearness
{
	bool     is_barred; /* an unless stands there */
	int      gap;       /* to the nearest near; -1: none */
	BrimSpan near;
	bool     names_company;
} Nearness;

static void
weigh(Nearness *nearness, const BrimItem *item, BrimSpan word, BrimSpan span)
{
	int gap = place_of(item, word, span);

	if (gap < 0)
		return;
	if (item->role == BRIM_ITEM_UNLESS)
		nearness->is_barred = true;
	else if (nearness->gap < 0 || gap < nearness->gap)
	{
		nearness->gap = gap;
		nearness->near = span;
	}
	if (item->role == BRIM_ITEM_NEAR && item->placeholder == BRIM_PLACEHOLDER_COMPANY)
		nearness->names_company = true;
}

/* Look for what an item with a placeholder stands for. */
static void
weigh_placeholder(Nearness *nearness, const BrimSentence *sentence, const BrimItem *item,
				  BrimSpan word)
{
	const BrimMentions *mentions = &sentence->mentions;
	const BrimTokens   *tokens = &sentence->tokens;
	const BrimFigures  *figures = &sentence->figures;

	if (item->placeholder == BRIM_PLACEHOLDER_COMPANY)
	{
		for (int i = 0; i < mentions->count; i++)
			weigh(nearness, item, word, mentions->at[i]);
		return;
	}
	if (item->placeholder == BRIM_PLACEHOLDER_NAME)
	{
		/* The nearest on either side */
		for (int gap = 0; gap <= item->after && word.last + 1 + gap < tokens->count; gap++)
		{
			BrimSpan span = {word.last + 1 + gap, word.last + 1 + gap};

			if (brim_intent_company_is_other_name(mentions, tokens, span.first))
			{
				weigh(nearness, item, word, span);
				break;
			}
		}
		for (int gap = 0; gap <= item->before && word.first - 1 - gap >= 0; gap++)
		{
			BrimSpan span = {word.first - 1 - gap, word.first - 1 - gap};

			if (brim_intent_company_is_other_name(mentions, tokens, span.first))
			{
				weigh(nearness, item, word, span);
				break;
			}
		}
		return;
	}
	for (int i = 0; i < figures->count; i++)
	{
		if (brim_intent_figures_fit(item->placeholder, &figures->at[i]))
			weigh(nearness, item, word, figures->at[i].span);
	}
}

/* Return true if a hit is the better one of its class: the company's own, then the surer, then the first. */
static bool
is_better(const BrimHit *a, const BrimHit *b)
{
	if (a->is_other != b->is_other)
		return !a->is_other;
	return a->certainty < b->certainty;
}

/* Return true if the company's name stands between two tokens, or right behind the evidence. */
static bool
is_named_near(const BrimMentions *mentions, int a, int b, BrimSpan evidence)
{
	for (int i = 0; i < mentions->count; i++)
	{
		int at = mentions->at[i].first;

		if ((at > a && at < b) || (at > b && at < a) ||
			(at >= evidence.first && at <= evidence.last + 1))
			return true;
	}
	return false;
}

/* Note that a sentence fulfils a term, unless it has a better hit of the class already. */
static void
note_hit(BrimHits *hits, const BrimSentence *sentence, const BrimTerm *term, BrimSpan word,
		 const Nearness *nearness)
{
	int     *place = &hits->of_class[term->class_no];
	BrimHit *had = *place >= 0 ? &hits->at[*place] : NULL;
	BrimSpan near = nearness->gap >= 0 ? nearness->near : word;
	BrimHit  hit = {.term = term, .word = word.first, .evidence = word};

	if (near.first < word.first)
		hit.evidence.first = near.first;
	if (near.last > word.last)
		hit.evidence.last = near.last;
	hit.certainty =
		certainty_of(&sentence->clauses, sentence->tokens.count, word, near, hit.evidence);
	hit.is_other =
		brim_intent_subject_is_other(sentence, word, hit.evidence, nearness->names_company);
	if (had != NULL && had->is_other && !nearness->names_company &&
		!is_named_near(&sentence->mentions, had->word, word.first, hit.evidence))
		hit.is_other = true; /* the same event in other words */
	if (had != NULL && !is_better(&hit, had))
		return;
	if (had == NULL)
	{
		*place = hits->count++;
		had = &hits->at[*place];
	}
	*had = hit;
}

/* Judge one term; its marks stand side by side. */
static void
judge_term(BrimHits *hits, const BrimLexicon *lexicon, const BrimSentence *sentence,
		   const BrimMark *marks, int count)
{
	const BrimTerm *term = &lexicon->terms[marks[0].term];
	int             nwords = 0;

	for (int i = 0; i < count && nwords < TERM_WORDS_MAX; i++)
	{
		BrimSpan word = {marks[i].first, marks[i].last};
		Nearness nearness = {false, -1, {0, 0}, false};
		int      had = hits->of_class[term->class_no];

		if (lexicon->items[marks[i].item].role != BRIM_ITEM_WORD)
			continue;
		if (had >= 0 && hits->at[had].certainty == BRIM_STATED && !hits->at[had].is_other)
			return; /* it does not get better */
		nwords++;
		nearness.names_company =
			lexicon->items[marks[i].item].placeholder == BRIM_PLACEHOLDER_COMPANY;
		for (int k = 0; k < count && !nearness.is_barred; k++)
		{
			const BrimItem *item = &lexicon->items[marks[k].item];
			BrimSpan        span = {marks[k].first, marks[k].last};

			if (item->role != BRIM_ITEM_WORD)
				weigh(&nearness, item, word, span);
		}
		for (int k = 0; k < term->nplaceholders && !nearness.is_barred; k++)
			weigh_placeholder(&nearness, sentence, &lexicon->items[term->placeholders[k]], word);
		if (!nearness.is_barred && (nearness.gap >= 0 || !term->has_near))
			note_hit(hits, sentence, term, word, &nearness);
	}
}

bool
brim_intent_judge_init(BrimHits *hits, const BrimLexicon *lexicon, BrimMem *mem)
{
	hits->at = brim_mem_alloc(mem, sizeof(BrimHit) * (size_t) lexicon->nclasses);
	hits->of_class = brim_mem_alloc(mem, sizeof(int) * (size_t) lexicon->nclasses);
	return hits->at != NULL && hits->of_class != NULL;
}

void
brim_intent_judge_free(BrimHits *hits, BrimMem *mem)
{
	brim_mem_free(mem, hits->at);
	brim_mem_free(mem, hits->of_class);
}

void
brim_intent_judge(BrimHits *hits, const BrimLexicon *lexicon, const BrimSentence *sentence)
{
	const BrimMarks *marks = &sentence->marks;

	hits->count = 0;
	memset(hits->of_class, -1, sizeof(int) * (size_t) lexicon->nclasses);
	for (int i = 0, n; i < marks->count; i += n)
	{
		n = 1;
		while (i + n < marks->count && marks->at[i + n].term == marks->at[i].term)
			n++;
		judge_term(hits, lexicon, sentence, &marks->at[i], n);
	}
}
