/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  Which terms a sentence fulfils, and what its cues make of them.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/intent/work.h"

#define TERM_WORDS_MAX 16 /* places of a term's words in a sentence that are judged */
#define NEGATION_REACH 7  /* words between a cue and what it negates */
#define HEDGE_REACH 9
#define AFTER_REACH 6

/* Does a cue that ends (begins) with one token reach another?  One comma, or a break, ends its reach. */
static bool
reaches(const BrimSentence *sentence, int from, int to, int reach)
{
	return from >= 0 && to > from && to - from - 1 <= reach &&
		   sentence->breaks[to] == sentence->breaks[from] &&
		   sentence->commas[to] - sentence->commas[from] != 1;
}

/* Is the last cue that ends up to a token one that stands inside the evidence? */
static bool
stands_inside(const short *last, BrimSpan evidence)
{
	return last[evidence.last] >= evidence.first;
}

/* near: the phrase that was asked for, the word itself where none was. */
static BrimCertainty
certainty_of(const BrimSentence *sentence, BrimSpan word, BrimSpan near, BrimSpan evidence)
{
	int before = word.first - 1;
	int after = evidence.last + 1;

	if (before >= 0 &&
		reaches(sentence, sentence->last_negation[before], word.first, NEGATION_REACH))
		return BRIM_NEGATED;
	if (near.first > word.last + 1 && sentence->last_negation[near.first - 1] > word.last)
		return BRIM_NEGATED; /* sales did not fall */
	if (after < sentence->ntokens && sentence->next_negation[after] >= 0 &&
		reaches(sentence, evidence.last, sentence->next_negation[after], AFTER_REACH))
		return BRIM_NEGATED;
	if (sentence->is_hedged || stands_inside(sentence->last_hedge, evidence))
		return BRIM_HEDGED;
	if (before >= 0 && reaches(sentence, sentence->last_hedge[before], word.first, HEDGE_REACH))
		return BRIM_HEDGED;
	if (after < sentence->ntokens && sentence->next_hedge[after] >= 0 &&
		reaches(sentence, evidence.last, sentence->next_hedge[after], AFTER_REACH))
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
weigh_placeholder(const BrimIntentWork *work, Nearness *nearness, const BrimItem *item,
				  BrimSpan word)
{
	const BrimSentence *sentence = &work->sentence;

	if (item->placeholder == BRIM_PLACEHOLDER_COMPANY)
	{
		for (int i = 0; i < sentence->nmentions; i++)
			weigh(nearness, item, word, sentence->mentions[i]);
		return;
	}
	if (item->placeholder == BRIM_PLACEHOLDER_NAME)
	{
		/* The nearest on either side */
		for (int gap = 0; gap <= item->after && word.last + 1 + gap < sentence->ntokens; gap++)
		{
			BrimSpan span = {word.last + 1 + gap, word.last + 1 + gap};

			if (brim_intent_is_name(sentence, span.first))
			{
				weigh(nearness, item, word, span);
				break;
			}
		}
		for (int gap = 0; gap <= item->before && word.first - 1 - gap >= 0; gap++)
		{
			BrimSpan span = {word.first - 1 - gap, word.first - 1 - gap};

			if (brim_intent_is_name(sentence, span.first))
			{
				weigh(nearness, item, word, span);
				break;
			}
		}
		return;
	}
	for (int i = 0; i < sentence->nfigures; i++)
	{
		if (brim_intent_fits(item->placeholder, &sentence->figures[i]))
			weigh(nearness, item, word, sentence->figures[i].span);
	}
}

/* Keep the better hit of a class in the sentence: the company's own, then the surer, then the first. */
static bool
is_better(const BrimIntentHit *a, const BrimIntentHit *b)
{
	if (a->is_other != b->is_other)
		return !a->is_other;
	return a->certainty < b->certainty;
}

/* Does the company's name stand between two tokens, or right behind the evidence? */
static bool
is_named_near(const BrimSentence *sentence, int a, int b, BrimSpan evidence)
{
	for (int i = 0; i < sentence->nmentions; i++)
	{
		int at = sentence->mentions[i].first;

		if ((at > a && at < b) || (at > b && at < a) ||
			(at >= evidence.first && at <= evidence.last + 1))
			return true;
	}
	return false;
}

static void
note_hit(BrimIntentWork *work, const BrimTerm *term, BrimSpan word, const Nearness *nearness)
{
	const BrimSentence *sentence = &work->sentence;
	BrimSpan            evidence = word;
	BrimIntentHit       hit;
	int                *number = &work->class_hit[term->class_no];

	memset(&hit, 0, sizeof(hit));
	if (nearness->gap >= 0)
	{
		if (nearness->near.first < evidence.first)
			evidence.first = nearness->near.first;
		if (nearness->near.last > evidence.last)
			evidence.last = nearness->near.last;
	}
	hit.class_no = term->class_no;
	hit.certainty =
		certainty_of(sentence, word, nearness->gap >= 0 ? nearness->near : word, evidence);
	hit.is_other = brim_intent_is_other(work, word, evidence, nearness->names_company);
	if (*number >= 0 && work->hits[*number].is_other && !nearness->names_company &&
		!is_named_near(sentence, work->class_word[term->class_no], word.first, evidence))
		hit.is_other = true; /* the same event in other words */
	if (*number >= 0 && !is_better(&hit, &work->hits[*number]))
		return;
	work->class_word[term->class_no] = word.first;
	if (*number < 0)
	{
		if (work->nhits == BRIM_INTENT_HITS_MAX)
			return;
		*number = work->nhits++;
	}
	hit.start = brim_intent_text_start(&work->text, sentence->tokens[evidence.first].start);
	hit.len = brim_intent_text_end(&work->text, sentence->tokens[evidence.last].end) - hit.start;
	brim_intent_hit_figures(work, evidence, &hit);
	work->hits[*number] = hit;
	work->hit_sources[*number] = (unsigned char) term->sources;
}

/* Judge one term; its marks stand side by side. */
static void
judge_term(BrimIntentWork *work, const BrimMark *marks, int count)
{
	const BrimLexicon *lexicon = work->lexicon;
	const BrimTerm    *term = &lexicon->terms[marks[0].term];
	int                nwords = 0;

	for (int i = 0; i < count && nwords < TERM_WORDS_MAX; i++)
	{
		BrimSpan word = {marks[i].first, marks[i].last};
		Nearness nearness = {false, -1, {0, 0}, false};
		int      had = work->class_hit[term->class_no];

		if (lexicon->items[marks[i].item].role != BRIM_ITEM_WORD)
			continue;
		if (had >= 0 && work->hits[had].certainty == BRIM_STATED && !work->hits[had].is_other)
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
			weigh_placeholder(work, &nearness, &lexicon->items[term->placeholders[k]], word);
		if (!nearness.is_barred && (nearness.gap >= 0 || !term->has_near))
			note_hit(work, term, word, &nearness);
	}
}

bool
brim_intent_judge(BrimIntentWork *work, const BrimFound *found, int nfound)
{
	const BrimLexicon *lexicon = work->lexicon;

	brim_intent_figures(work);
	brim_intent_company_find(work);
	if (!brim_intent_marks(work, found, nfound))
		return false;
	memset(work->class_hit, -1, sizeof(int) * (size_t) lexicon->nclasses);
	for (int i = 0, n; i < work->nmarks; i += n)
	{
		n = 1;
		while (i + n < work->nmarks && work->marks[i + n].term == work->marks[i].term)
			n++;
		judge_term(work, &work->marks[i], n);
	}
	return true;
}
