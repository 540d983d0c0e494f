/*-------------------------------------------------------------------------
 *
 * intent_judge.c
 *	  Which terms a sentence fulfils, and what its cues make of them.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "core/intent_work.h"

#define MARKS_MAX 16384   /* of a sentence */
#define CUES_MAX 4096     /* of a sentence */
#define TERM_WORDS_MAX 16 /* places of a term's words in a sentence that are judged */
#define NEGATION_REACH 7  /* words between a cue and what it negates */
#define HEDGE_REACH 9
#define AFTER_REACH 6

/* Make room for one more thing of an array; false: memory is short. */
static bool
make_room(BrimIntentWork *work, void **array, int *room, int count, int max, size_t size)
{
	int   more = *room > 0 ? *room * 2 : 64;
	void *grown;

	if (count < *room)
		return true;
	if (more > max)
		more = max;
	grown = work->mem->resize(work->mem, *array, (size_t) more * size);
	if (grown == NULL)
		return false;
	*array = grown;
	*room = more;
	return true;
}

/* The last token that begins before a place. */
static int
token_before(const BrimSentence *sentence, size_t at)
{
	int low = 0;
	int high = sentence->ntokens;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (sentence->tokens[middle].start < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* Does the text as given have a phrase as it is written? */
static bool
is_as_written(const BrimIntentWork *work, const BrimItem *item, int first)
{
	size_t at = brim_intent_text_start(&work->text, work->sentence.tokens[first].start);

	return work->text.given.len - at >= item->written.len &&
		   memcmp(work->text.given.data + at, item->written.data, item->written.len) == 0;
}

/* Does a figure fit a placeholder? */
static bool
fits(BrimPlaceholder placeholder, const BrimFigure *figure)
{
	switch (placeholder)
	{
		case BRIM_PLACEHOLDER_MONEY:
			return figure->currency != NULL;
		case BRIM_PLACEHOLDER_PERCENT:
			return figure->is_percent;
		case BRIM_PLACEHOLDER_PEOPLE:
			return figure->is_people;
		case BRIM_PLACEHOLDER_NUMBER:
			return true;
		case BRIM_PLACEHOLDER_COMPANY:
		case BRIM_PLACEHOLDER_NAME:
		case BRIM_PLACEHOLDER_NONE:
			break;
	}
	return false;
}

/* Has a token a capital, without being part of the company's name? */
static bool
is_name(const BrimSentence *sentence, int token)
{
	if (token < 0 || token >= sentence->ntokens || !sentence->tokens[token].is_capital)
		return false;
	for (int i = 0; i < sentence->nmentions; i++)
	{
		if (token >= sentence->mentions[i].first && token <= sentence->mentions[i].last)
			return false;
	}
	return true;
}

/* The last token of what a placeholder stands for that begins with a token, or -1. */
static int
placeholder_at(const BrimSentence *sentence, BrimPlaceholder placeholder, int token)
{
	if (placeholder == BRIM_PLACEHOLDER_COMPANY)
	{
		for (int i = 0; i < sentence->nmentions; i++)
		{
			if (sentence->mentions[i].first == token)
				return sentence->mentions[i].last;
		}
		return -1;
	}
	if (placeholder == BRIM_PLACEHOLDER_NAME)
		return is_name(sentence, token) ? token : -1;
	for (int i = 0; i < sentence->nfigures; i++)
	{
		if (sentence->figures[i].span.first == token && fits(placeholder, &sentence->figures[i]))
			return sentence->figures[i].span.last;
	}
	return -1;
}

/* Note a phrase for each term and cue that has it. */
static bool
note_phrase(BrimIntentWork *work, const BrimFound *found)
{
	const BrimLexicon *lexicon = work->lexicon;
	int                last = token_before(&work->sentence, found->end);

	for (int t = lexicon->phrases.first[found->pattern];
		 t < lexicon->phrases.first[found->pattern + 1]; t++)
	{
		int             number = lexicon->phrases.targets[t].rule;
		const BrimItem *item = &lexicon->items[number];
		int             first = last - item->nwords + 1;
		int             end = last;

		if (item->placeholder != BRIM_PLACEHOLDER_NONE)
			end = placeholder_at(&work->sentence, item->placeholder, last + 1);
		if (end < 0 || first < 0 || (item->is_exact && !is_as_written(work, item, first)))
			continue;
		if (item->role == BRIM_ITEM_CUE)
		{
			BrimCueSpan *cue;

			if (work->ncues == CUES_MAX)
				continue;
			if (!make_room(work, (void **) &work->cues, &work->cue_room, work->ncues, CUES_MAX,
						   sizeof(BrimCueSpan)))
				return false;
			cue = &work->cues[work->ncues++];
			cue->kind = (BrimCueKind) item->term;
			cue->span.first = first;
			cue->span.last = last;
		}
		else if ((lexicon->terms[item->term].sources & work->sources) != 0)
		{
			BrimMark *mark;

			if (work->nmarks == MARKS_MAX)
				continue;
			if (!make_room(work, (void **) &work->marks, &work->mark_room, work->nmarks, MARKS_MAX,
						   sizeof(BrimMark)))
				return false;
			mark = &work->marks[work->nmarks++];
			mark->term = item->term;
			mark->item = number;
			mark->first = (short) first;
			mark->last = (short) end;
		}
	}
	return true;
}

static int
compare_marks(const void *left, const void *right)
{
	const BrimMark *a = left;
	const BrimMark *b = right;

	if (a->term != b->term)
		return a->term < b->term ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

/* Is a cue part of a longer one? */
static bool
is_inside(const short *cover, BrimSpan span)
{
	for (int i = span.first; i <= span.last; i++)
	{
		if (cover[i] <= span.last - span.first + 1)
			return false;
	}
	return true;
}

/* Turn the cues into what each token needs to know of them. */
static void
spread_cues(BrimIntentWork *work)
{
	BrimSentence *sentence = &work->sentence;
	int           ntokens = sentence->ntokens;
	size_t        bytes = sizeof(short) * (size_t) ntokens;
	short         cover[BRIM_TOKENS_MAX];
	short         breaks = 0;
	bool          is_break[BRIM_TOKENS_MAX];

	memset(cover, 0, bytes);
	memset(is_break, 0, (size_t) ntokens);
	memset(sentence->last_negation, -1, bytes);
	memset(sentence->last_hedge, -1, bytes);
	memset(sentence->next_negation, -1, bytes);
	memset(sentence->next_hedge, -1, bytes);
	sentence->is_hedged = false;
	sentence->nothers = 0;
	sentence->nowns = 0;
	for (int i = 0; i < work->ncues; i++)
	{
		BrimSpan span = work->cues[i].span;

		for (int k = span.first; k <= span.last; k++)
		{
			if (cover[k] < span.last - span.first + 1)
				cover[k] = (short) (span.last - span.first + 1);
		}
	}
	for (int i = 0; i < work->ncues; i++)
	{
		BrimSpan span = work->cues[i].span;

		if (is_inside(cover, span))
			continue;
		switch (work->cues[i].kind)
		{
			case BRIM_CUE_NEGATION:
				sentence->last_negation[span.last] = (short) span.last;
				break;
			case BRIM_CUE_NEGATION_AFTER:
				sentence->next_negation[span.first] = (short) span.first;
				break;
			case BRIM_CUE_HEDGE:
				sentence->last_hedge[span.last] = (short) span.last;
				break;
			case BRIM_CUE_HEDGE_AFTER:
				sentence->next_hedge[span.first] = (short) span.first;
				break;
			case BRIM_CUE_HEDGE_SENTENCE:
				sentence->is_hedged = true;
				break;
			case BRIM_CUE_BREAK:
				is_break[span.first] = true;
				break;
			case BRIM_CUE_OTHER:
				if (sentence->nothers < BRIM_SPANS_MAX)
					sentence->others[sentence->nothers++] = span;
				break;
			case BRIM_CUE_OWN:
				if (sentence->nowns < BRIM_SPANS_MAX)
					sentence->owns[sentence->nowns++] = span;
				break;
			case BRIM_CUE_IGNORE:
			case BRIM_CUE_JOB_POST:
			case BRIM_CUE_KINDS:
				break;
		}
	}
	for (int i = 0; i < ntokens; i++)
	{
		breaks = (short) (breaks + is_break[i]);
		sentence->breaks[i] = (short) (sentence->breaks[i] + breaks);
		if (i > 0 && sentence->last_negation[i] < 0)
			sentence->last_negation[i] = sentence->last_negation[i - 1];
		if (i > 0 && sentence->last_hedge[i] < 0)
			sentence->last_hedge[i] = sentence->last_hedge[i - 1];
	}
	for (int i = ntokens - 2; i >= 0; i--)
	{
		if (sentence->next_negation[i] < 0)
			sentence->next_negation[i] = sentence->next_negation[i + 1];
		if (sentence->next_hedge[i] < 0)
			sentence->next_hedge[i] = sentence->next_hedge[i + 1];
	}
}

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

			if (is_name(sentence, span.first))
			{
				weigh(nearness, item, word, span);
				break;
			}
		}
		for (int gap = 0; gap <= item->before && word.first - 1 - gap >= 0; gap++)
		{
			BrimSpan span = {word.first - 1 - gap, word.first - 1 - gap};

			if (is_name(sentence, span.first))
			{
				weigh(nearness, item, word, span);
				break;
			}
		}
		return;
	}
	for (int i = 0; i < sentence->nfigures; i++)
	{
		if (fits(item->placeholder, &sentence->figures[i]))
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
	if (*number >= 0 && !is_better(&hit, &work->hits[*number]))
		return;
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
	work->nmarks = 0;
	work->ncues = 0;
	for (int i = 0; i < nfound; i++)
	{
		if (!note_phrase(work, &found[i]))
			return false;
	}
	if (work->nmarks == 0)
		return true;
	qsort(work->marks, (size_t) work->nmarks, sizeof(BrimMark), compare_marks);
	spread_cues(work);
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
