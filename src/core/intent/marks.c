/*-------------------------------------------------------------------------
 *
 * marks.c
 *	  The phrases of a sentence, for the terms and cues that have them.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "core/intent/work.h"

#define MARKS_MAX 16384 /* of a sentence */
#define CUES_MAX 4096   /* of a sentence */

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

bool
brim_intent_fits(BrimPlaceholder placeholder, const BrimFigure *figure)
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

bool
brim_intent_is_name(const BrimSentence *sentence, int token)
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
		return brim_intent_is_name(sentence, token) ? token : -1;
	for (int i = 0; i < sentence->nfigures; i++)
	{
		if (sentence->figures[i].span.first == token &&
			brim_intent_fits(placeholder, &sentence->figures[i]))
			return sentence->figures[i].span.last;
	}
	return -1;
}

/* Which terms have a word in the sentence?  What else stands there matters to no other. */
static void
find_words(BrimIntentWork *work, const BrimFound *found, int nfound)
{
	const BrimLexicon *lexicon = work->lexicon;

	memset(work->has_word, 0, (size_t) lexicon->nterms);
	for (int i = 0; i < nfound; i++)
	{
		int pattern = found[i].pattern;

		if (lexicon->is_word[pattern] == 0)
			continue;
		for (int t = lexicon->phrases.first[pattern]; t < lexicon->phrases.first[pattern + 1]; t++)
		{
			const BrimItem *item = &lexicon->items[lexicon->phrases.targets[t].item];

			if (item->role == BRIM_ITEM_WORD)
				work->has_word[item->term] = true;
		}
	}
}

/* Note a phrase for each cue that has it, and each term that has a word. */
static bool
note_phrase(BrimIntentWork *work, const BrimFound *found)
{
	const BrimLexicon *lexicon = work->lexicon;
	int                last = token_before(&work->sentence, found->end);

	for (int t = lexicon->phrases.first[found->pattern];
		 t < lexicon->phrases.first[found->pattern + 1]; t++)
	{
		int             number = lexicon->phrases.targets[t].item;
		const BrimItem *item = &lexicon->items[number];
		int             first = last - item->nwords + 1;
		int             end = last;

		if (item->role != BRIM_ITEM_CUE && !work->has_word[item->term])
			continue;
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

bool
brim_intent_marks(BrimIntentWork *work, const BrimFound *found, int nfound)
{
	work->nmarks = 0;
	work->ncues = 0;
	find_words(work, found, nfound);
	for (int i = 0; i < nfound; i++)
	{
		if (!note_phrase(work, &found[i]))
			return false;
	}
	if (work->nmarks > 0)
	{
		qsort(work->marks, (size_t) work->nmarks, sizeof(BrimMark), compare_marks);
		spread_cues(work);
	}
	return true;
}
