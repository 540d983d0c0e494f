/*-------------------------------------------------------------------------
 *
 * clauses.c
 *	  What punctuation and cues say at each token; see internal.h.
 *
 * A cue that is part of a longer one says nothing: "not" of "not only".
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <string.h>

/* Count commas and breaks up to each token, and capitals for the title's sake. */
static void
read_punctuation(BrimClauses *clauses, const BrimTokens *tokens)
{
	int commas = 0;
	int breaks = 0;
	int nwords = 0;
	int ncapital = 0;

	for (int i = 0; i < tokens->count; i++)
	{
		const BrimToken *token = &tokens->at[i];

		commas += (token->gap & BRIM_GAP_COMMA) != 0;
		breaks += (token->gap & BRIM_GAP_BREAK) != 0;
		clauses->commas[i] = (short) commas;
		clauses->breaks[i] = (short) breaks;
		if (!token->is_number && token->end - token->start > 3)
		{
			nwords++;
			ncapital += token->is_capital;
		}
	}
	clauses->is_title = nwords > 2 && ncapital * 10 >= nwords * 7;
}

/* Note the length of the longest cue at each token. */
static void
cover_tokens(short *cover, int ntokens, const BrimMarks *marks)
{
	memset(cover, 0, sizeof(short) * (size_t) ntokens);
	for (int i = 0; i < marks->ncues; i++)
	{
		BrimSpan span = marks->cues[i].span;

		for (int k = span.first; k <= span.last; k++)
		{
			if (cover[k] < span.last - span.first + 1)
				cover[k] = (short) (span.last - span.first + 1);
		}
	}
}

/* Return true if a longer cue lies over each token of a span. */
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

/* Put a cue where it begins or ends. */
static void
place_cue(BrimClauses *clauses, bool *is_break, const BrimCueSpan *cue)
{
	BrimSpan span = cue->span;

	switch (cue->kind)
	{
		case BRIM_CUE_NEGATION:
			clauses->last_negation[span.last] = (short) span.last;
			break;
		case BRIM_CUE_NEGATION_AFTER:
			clauses->next_negation[span.first] = (short) span.first;
			break;
		case BRIM_CUE_HEDGE:
			clauses->last_hedge[span.last] = (short) span.last;
			break;
		case BRIM_CUE_HEDGE_AFTER:
			clauses->next_hedge[span.first] = (short) span.first;
			break;
		case BRIM_CUE_HEDGE_SENTENCE:
			clauses->is_hedged = true;
			break;
		case BRIM_CUE_BREAK:
			is_break[span.first] = true;
			break;
		case BRIM_CUE_OTHER:
			if (clauses->nothers < BRIM_SPANS_MAX)
				clauses->others[clauses->nothers++] = span;
			break;
		case BRIM_CUE_OWN:
			if (clauses->nowns < BRIM_SPANS_MAX)
				clauses->owns[clauses->nowns++] = span;
			break;
		case BRIM_CUE_IGNORE:
		case BRIM_CUE_JOB_POST:
		case BRIM_CUE_KINDS:
			break;
	}
}

/* Carry what stands at a token on to the tokens behind it, or before it. */
static void
spread(BrimClauses *clauses, const bool *is_break, int ntokens)
{
	short breaks = 0;

	for (int i = 0; i < ntokens; i++)
	{
		breaks = (short) (breaks + is_break[i]);
		clauses->breaks[i] = (short) (clauses->breaks[i] + breaks);
		if (i > 0 && clauses->last_negation[i] < 0)
			clauses->last_negation[i] = clauses->last_negation[i - 1];
		if (i > 0 && clauses->last_hedge[i] < 0)
			clauses->last_hedge[i] = clauses->last_hedge[i - 1];
	}
	for (int i = ntokens - 2; i >= 0; i--)
	{
		if (clauses->next_negation[i] < 0)
			clauses->next_negation[i] = clauses->next_negation[i + 1];
		if (clauses->next_hedge[i] < 0)
			clauses->next_hedge[i] = clauses->next_hedge[i + 1];
	}
}

void
brim_intent_clauses_read(BrimClauses *clauses, const BrimTokens *tokens, const BrimMarks *marks)
{
	size_t bytes = sizeof(short) * (size_t) tokens->count;
	short  cover[BRIM_TOKENS_MAX];
	bool   is_break[BRIM_TOKENS_MAX];

	read_punctuation(clauses, tokens);
	cover_tokens(cover, tokens->count, marks);
	memset(is_break, 0, sizeof(bool) * (size_t) tokens->count);
	memset(clauses->last_negation, -1, bytes);
	memset(clauses->last_hedge, -1, bytes);
	memset(clauses->next_negation, -1, bytes);
	memset(clauses->next_hedge, -1, bytes);
	clauses->is_hedged = false;
	clauses->nothers = 0;
	clauses->nowns = 0;
	for (int i = 0; i < marks->ncues; i++)
	{
		if (!is_inside(cover, marks->cues[i].span))
			place_cue(clauses, is_break, &marks->cues[i]);
	}
	spread(clauses, is_break, tokens->count);
}
