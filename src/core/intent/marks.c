/*-------------------------------------------------------------------------
 *
 * marks.c
 *	  The phrases of a sentence, for the terms and cues that have them; see
 *	  internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <stdlib.h>
#include <string.h>

#define MARKS_MAX 16384 /* of a sentence */
#define CUES_MAX 4096   /* of a sentence */

/* The last token that begins before a place. */
static int
token_before(const BrimTokens *tokens, size_t at)
{
	int low = 0;
	int high = tokens->count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (tokens->at[middle].start < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* Return true if the text as given has a phrase as it is written. */
static bool
is_as_written(const BrimTokens *tokens, const BrimItem *item, int first)
{
	const BrimFoldedText *text = tokens->text;
	size_t                at = brim_intent_text_start(text, tokens->at[first].start);

	return text->given.len - at >= item->written.len &&
		   memcmp(text->given.data + at, item->written.data, item->written.len) == 0;
}

/* What was read of a sentence before its marks. */
typedef struct Read
{
	const BrimPassage  *passage;
	const BrimTokens   *tokens;
	const BrimFigures  *figures;
	const BrimMentions *mentions;
} Read;

/* The last token of what a placeholder stands for that begins with a token, or -1. */
static int
placeholder_at(const Read *read, BrimPlaceholder placeholder, int token)
{
	const BrimMentions *mentions = read->mentions;
	const BrimFigures  *figures = read->figures;

	if (placeholder == BRIM_PLACEHOLDER_COMPANY)
	{
		for (int i = 0; i < mentions->count; i++)
		{
			if (mentions->at[i].first == token)
				return mentions->at[i].last;
		}
		return -1;
	}
	if (placeholder == BRIM_PLACEHOLDER_NAME)
		return brim_intent_company_is_other_name(mentions, read->tokens, token) ? token : -1;
	for (int i = 0; i < figures->count; i++)
	{
		if (figures->at[i].span.first == token &&
			brim_intent_figures_fit(placeholder, &figures->at[i]))
			return figures->at[i].span.last;
	}
	return -1;
}

/* Find which terms have a word in the sentence: what else stands there matters to no other. */
static void
find_words(BrimMarks *marks, const BrimLexicon *lexicon, const BrimFound *found, int nfound)
{
	memset(marks->has_word, 0, sizeof(bool) * (size_t) lexicon->nterms);
	for (int i = 0; i < nfound; i++)
	{
		int pattern = found[i].pattern;

		if (lexicon->is_word[pattern] == 0)
			continue;
		for (int t = lexicon->phrases.first[pattern]; t < lexicon->phrases.first[pattern + 1]; t++)
		{
			const BrimItem *item = &lexicon->items[lexicon->phrases.targets[t].item];

			if (item->role == BRIM_ITEM_WORD)
				marks->has_word[item->term] = true;
		}
	}
}

/* Note a cue; false: memory is short.  More than so many are passed over. */
static bool
add_cue(BrimMarks *marks, BrimCueKind kind, int first, int last)
{
	if (marks->ncues == CUES_MAX)
		return true;
	if (!BRIM_GROW(marks->mem, marks->cues, marks->ncues, marks->cue_room, CUES_MAX))
		return false;
	marks->cues[marks->ncues].kind = kind;
	marks->cues[marks->ncues].span.first = first;
	marks->cues[marks->ncues].span.last = last;
	marks->ncues++;
	return true;
}

static bool
add_mark(BrimMarks *marks, int term, int item, int first, int last)
{
	if (marks->count == MARKS_MAX)
		return true;
	if (!BRIM_GROW(marks->mem, marks->at, marks->count, marks->room, MARKS_MAX))
		return false;
	marks->at[marks->count].term = term;
	marks->at[marks->count].item = item;
	marks->at[marks->count].first = (short) first;
	marks->at[marks->count].last = (short) last;
	marks->count++;
	return true;
}

/* Note a phrase for each cue that has it, and each term that has a word. */
static bool
note_phrase(BrimMarks *marks, const Read *read, const BrimFound *found)
{
	const BrimLexicon *lexicon = read->passage->lexicon;
	int                last = token_before(read->tokens, found->end);

	for (int t = lexicon->phrases.first[found->pattern];
		 t < lexicon->phrases.first[found->pattern + 1]; t++)
	{
		int             number = lexicon->phrases.targets[t].item;
		const BrimItem *item = &lexicon->items[number];
		int             first = last - item->nwords + 1;
		int             end = last;

		if (item->role != BRIM_ITEM_CUE && !marks->has_word[item->term])
			continue;
		if (item->placeholder != BRIM_PLACEHOLDER_NONE)
			end = placeholder_at(read, item->placeholder, last + 1);
		if (end < 0 || first < 0 || (item->is_exact && !is_as_written(read->tokens, item, first)))
			continue;
		if (item->role == BRIM_ITEM_CUE)
		{
			if (!add_cue(marks, (BrimCueKind) item->term, first, last))
				return false;
		}
		else if ((lexicon->terms[item->term].sources & read->passage->sources) != 0)
		{
			if (!add_mark(marks, item->term, number, first, end))
				return false;
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

bool
brim_intent_marks_init(BrimMarks *marks, const BrimLexicon *lexicon, BrimMem *mem)
{
	memset(marks, 0, sizeof(*marks));
	marks->mem = mem;
	marks->has_word = brim_mem_alloc(mem, sizeof(bool) * (size_t) lexicon->nterms);
	return marks->has_word != NULL;
}

void
brim_intent_marks_free(BrimMarks *marks)
{
	brim_mem_free(marks->mem, marks->at);
	brim_mem_free(marks->mem, marks->cues);
	brim_mem_free(marks->mem, marks->has_word);
}

bool
brim_intent_marks_read(BrimMarks *marks, const BrimPassage *passage, const BrimTokens *tokens,
					   const BrimFigures *figures, const BrimMentions *mentions,
					   const BrimFound *found, int nfound)
{
	Read read = {passage, tokens, figures, mentions};

	marks->count = 0;
	marks->ncues = 0;
	find_words(marks, passage->lexicon, found, nfound);
	for (int i = 0; i < nfound; i++)
	{
		if (!note_phrase(marks, &read, &found[i]))
			return false;
	}
	if (marks->count > 1)
		qsort(marks->at, (size_t) marks->count, sizeof(BrimMark), compare_marks);
	return true;
}
