/*-------------------------------------------------------------------------
 *
 * sentence.c
 *	  Where sentences end, and what is known of one; see internal.h.
 *
 * A sentence ends at ., ! or ? before white space, at a semicolon, and at the
 * end of a line unless the next one goes on in small letters.  The point of
 * an abbreviation (Inc., U.S., No. 5) ends none.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#define ABBREVIATION_MAX 8 /* bytes */

static const char *const abbreviations[] = {
	"inc", "corp", "co",   "ltd",  "llc",    "plc",  "mr",  "mrs",  "ms",  "dr",   "st",   "vs",
	"jr",  "sr",   "jan",  "feb",  "mar",    "apr",  "jun", "jul",  "aug", "sep",  "sept", "oct",
	"nov", "dec",  "dept", "est",  "approx", "bros", "gov", "sen",  "rep", "gen",  "prof", "eg",
	"ie",  "cf",   "mfg",  "intl", "assoc",  "mt",   "ft",  "figs", "fig", "gmbh", NULL};

/* Words that begin a sentence even behind an abbreviation. */
static const char *const beginners[] = {"the", "it",   "its",  "in",   "a",     "an",  "he", "she",
										"we",  "they", "this", "that", "these", "but", "as", NULL};

static bool
is_space(char c)
{
	return brim_text_ascii_class[(unsigned char) c] == BRIM_CHAR_SPACE;
}

static bool
is_word(char c)
{
	return brim_text_ascii_class[(unsigned char) c] == BRIM_CHAR_WORD || (unsigned char) c >= 0x80;
}

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Return true if the point at a position belongs to an abbreviation.  next: where the text continues. */
static bool
is_abbreviation(BrimStr text, size_t start, size_t point, size_t next)
{
	size_t  to = point;
	size_t  from;
	size_t  after = next;
	BrimStr word;

	while (to > start && point - to < 2 && text.data[to - 1] == ' ')
		to--;
	from = to;
	while (from > start && to - from <= ABBREVIATION_MAX && is_word(text.data[from - 1]))
		from--;
	word.data = text.data + from;
	word.len = to - from;
	if (word.len == 2 && brim_intent_tokens_word_in(word, (const char *const[]){"no", NULL}))
		return next < text.len && text.data[next] >= '0' && text.data[next] <= '9';
	if (!(word.len == 1 && !(word.data[0] >= '0' && word.data[0] <= '9')) &&
		!brim_intent_tokens_word_in(word, abbreviations))
		return false;
	while (after < text.len && after - next <= ABBREVIATION_MAX && is_word(text.data[after]))
		after++;
	word.data = text.data + next;
	word.len = after - next;
	return !brim_intent_tokens_word_in(word, beginners);
}

/* Return true if the line end at a position ends a sentence. */
static bool
line_ends(BrimStr text, size_t at)
{
	size_t next = at + 1;

	while (next < text.len && (text.data[next] == ' ' || text.data[next] == '\t'))
		next++;
	return next >= text.len || !is_lower(text.data[next]);
}

size_t
brim_intent_sentence_end(BrimStr text, size_t at)
{
	size_t start = at;
	size_t limit =
		text.len - at > BRIM_INTENT_SENTENCE_MAX ? at + BRIM_INTENT_SENTENCE_MAX : text.len;

	for (; at < limit; at++)
	{
		char   c = text.data[at];
		size_t next = at + 1;

		if (c == ';' || (c == '\n' && line_ends(text, at)))
			return at + 1;
		if (c != '.' && c != '!' && c != '?')
			continue;
		while (next < text.len && next - at < 4 &&
			   (text.data[next] == '"' || text.data[next] == '\'' || text.data[next] == ')' ||
				text.data[next] == ']'))
			next++;
		if (next < text.len && !is_space(text.data[next]))
			continue;
		while (next < text.len && next - at < 64 && is_space(text.data[next]))
			next++;
		if (c == '.' && next < text.len &&
			(is_lower(text.data[next]) || is_abbreviation(text, start, at, next)))
			continue;
		return at + 1;
	}
	if (limit == text.len)
		return limit;

	/* Too long: cut at white space, or at least between characters */
	for (at = limit; at > start + BRIM_INTENT_SENTENCE_MAX / 2; at--)
	{
		if (is_space(text.data[at - 1]))
			return at;
	}
	at = limit;
	while (at > limit - 4 && ((unsigned char) text.data[at] & 0xC0) == 0x80)
		at--;
	return at;
}

bool
brim_intent_sentence_read(BrimSentence *sentence, const BrimPassage *passage, size_t start,
						  size_t end, const BrimFound *found, int nfound)
{
	brim_intent_tokens_read(&sentence->tokens, passage->text, start, end);
	brim_intent_figures_read(&sentence->figures, &sentence->tokens);
	brim_intent_company_find(&sentence->mentions, passage->company, &sentence->tokens);
	if (!brim_intent_marks_read(&sentence->marks, passage, &sentence->tokens, &sentence->figures,
								&sentence->mentions, found, nfound))
		return false;
	if (sentence->marks.count > 0)
		brim_intent_clauses_read(&sentence->clauses, &sentence->tokens, &sentence->marks);
	return true;
}
