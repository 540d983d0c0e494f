/*-------------------------------------------------------------------------
 *
 * signal.c
 *	  From a hit to a signal: its evidence in the text as given, and its figures;
 *	  see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <string.h>

#define FIGURE_REACH 20 /* tokens between a figure and what it belongs to */

/* Tokens between two spans; 0 where they touch or overlap. */
static int
distance(BrimSpan a, BrimSpan b)
{
	if (b.first > a.last)
		return b.first - a.last - 1;
	return a.first > b.last ? a.first - b.last - 1 : 0;
}

/* Return true if another clause begins between two spans: ", and", a break. */
static bool
is_apart(const BrimSentence *sentence, BrimSpan a, BrimSpan b)
{
	static const char *const begins[] = {"and", "but", "while", "as", NULL};
	int                      from = a.last < b.first ? a.last : b.last;
	int                      to = a.last < b.first ? b.first : a.first;

	if (to <= from)
		return false;
	if (to - from > FIGURE_REACH || sentence->clauses.breaks[to] != sentence->clauses.breaks[from])
		return true;
	for (int i = from + 1; i <= to; i++)
	{
		if ((sentence->tokens.at[i].gap & BRIM_GAP_COMMA) != 0 &&
			brim_intent_tokens_in(&sentence->tokens, i, begins))
			return true;
	}
	return false;
}

/* Give a signal the figures that stand nearest to its evidence. */
static void
add_figures(BrimIntentSignal *signal, const BrimSentence *sentence, BrimSpan evidence)
{
	int money_at = BRIM_TOKENS_MAX;
	int people_at = BRIM_TOKENS_MAX;

	for (int i = 0; i < sentence->figures.count; i++)
	{
		const BrimFigure *figure = &sentence->figures.at[i];
		int               at = distance(evidence, figure->span);

		if (is_apart(sentence, evidence, figure->span))
			continue;
		if (figure->currency != NULL && at < money_at)
		{
			money_at = at;
			signal->has_amount = true;
			signal->amount = figure->value;
			signal->currency = brim_str(figure->currency);
		}
		if (figure->is_people && at < people_at)
		{
			people_at = at;
			signal->people = (int) (figure->value / 100);
		}
	}
	if (sentence->figures.round != NULL &&
		!is_apart(sentence, evidence, sentence->figures.round_span))
		signal->round = brim_str(sentence->figures.round);
}

void
brim_intent_signal_make(BrimIntentSignal *signal, const BrimSentence *sentence, const BrimHit *hit)
{
	const BrimTokens *tokens = &sentence->tokens;

	memset(signal, 0, sizeof(*signal));
	signal->class_no = hit->term->class_no;
	signal->certainty = hit->certainty;
	signal->is_other = hit->is_other;
	signal->start = brim_intent_text_start(tokens->text, tokens->at[hit->evidence.first].start);
	signal->len =
		brim_intent_text_end(tokens->text, tokens->at[hit->evidence.last].end) - signal->start;
	add_figures(signal, sentence, hit->evidence);
}
