/*-------------------------------------------------------------------------
 *
 * sentence.c
 *	  Sentences and their words; see intent_work.h.
 *
 * A sentence ends at ., ! or ? before white space, at a semicolon, and at the
 * end of a line unless the next one goes on in small letters.  The point of
 * an abbreviation (Inc., U.S., No. 5) ends none.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/intent/work.h"
#include "core/base/base.h"

#define ABBREVIATION_MAX 8 /* bytes */

static const char *const abbreviations[] = {
	"inc", "corp", "co",   "ltd",  "llc",    "plc",  "mr",  "mrs",  "ms",  "dr",   "st",   "vs",
	"jr",  "sr",   "jan",  "feb",  "mar",    "apr",  "jun", "jul",  "aug", "sep",  "sept", "oct",
	"nov", "dec",  "dept", "est",  "approx", "bros", "gov", "sen",  "rep", "gen",  "prof", "eg",
	"ie",  "cf",   "mfg",  "intl", "assoc",  "mt",   "ft",  "figs", "fig", "gmbh", NULL};

/* Words that begin a sentence even behind an abbreviation. */
static const char *const beginners[] = {"the", "it",   "its",  "in",   "a",     "an",  "he", "she",
										"we",  "they", "this", "that", "these", "but", "as", NULL};

/* Is a word one of a list, in any case of ASCII letters? */
static bool
word_in(BrimStr word, const char *const *words)
{
	char first;

	if (word.len == 0)
		return false;
	first = (char) brim_text_lower_byte((unsigned char) word.data[0]);
	for (; *words != NULL; words++)
	{
		size_t i = 1;

		if ((*words)[0] != first)
			continue;
		while (i < word.len &&
			   (char) brim_text_lower_byte((unsigned char) word.data[i]) == (*words)[i])
			i++;
		if (i == word.len && (*words)[i] == '\0')
			return true;
	}
	return false;
}

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

/* Does the point at a place belong to an abbreviation?  next: where the text goes on. */
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
	if (word.len == 2 && word_in(word, (const char *const[]){"no", NULL}))
		return next < text.len && text.data[next] >= '0' && text.data[next] <= '9';
	if (!(word.len == 1 && !(word.data[0] >= '0' && word.data[0] <= '9')) &&
		!word_in(word, abbreviations))
		return false;
	while (after < text.len && after - next <= ABBREVIATION_MAX && is_word(text.data[after]))
		after++;
	word.data = text.data + next;
	word.len = after - next;
	return !word_in(word, beginners);
}

/* Does the line end at a place end a sentence? */
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

/* Was the letter that a token begins with a capital in the text as given? */
static bool
begins_with_capital(const BrimIntentWork *work, size_t at)
{
	size_t given = brim_intent_text_start(&work->text, at);
	char   c = work->text.given.data[given];

	if ((unsigned char) c < 0x80)
		return c >= 'A' && c <= 'Z';
	return given + 1 < work->text.given.len &&
		   memcmp(work->text.given.data + given, work->text.text.data + at, 2) != 0;
}

/* What a character between words says of the clause. */
static unsigned char
gap_of(BrimStr text, size_t at, size_t n)
{
	unsigned char c = (unsigned char) text.data[at];
	bool          is_apart = at > 0 && is_space(text.data[at - 1]);

	if (n == 1)
	{
		switch (c)
		{
			case ',':
				return BRIM_GAP_COMMA;
			case '(':
			case '[':
				return BRIM_GAP_OPEN;
			case '|':
				return BRIM_GAP_BREAK;
			case '-':
				return is_apart ? BRIM_GAP_BREAK : 0;
			default:
				return is_space((char) c) ? BRIM_GAP_SPACE : 0;
		}
	}
	if (n == 3 && c == 0xE2 && (unsigned char) text.data[at + 1] == 0x80)
	{
		unsigned char last = (unsigned char) text.data[at + 2];

		if (last == 0x94 || (last == 0x93 && is_apart)) /* dashes */
			return BRIM_GAP_BREAK;
	}
	return 0;
}

void
brim_intent_sentence_read(BrimIntentWork *work, size_t start, size_t end)
{
	BrimSentence *sentence = &work->sentence;
	BrimStr       text = work->text.text;
	BrimCharClass before = BRIM_CHAR_OTHER;
	unsigned char gap = 0;
	int           ncapital = 0;
	int           nwords = 0;

	sentence->start = start;
	sentence->end = end;
	sentence->ntokens = 0;
	for (size_t at = start, n; at < end; at += n)
	{
		BrimCharClass class = brim_text_next(text.data + at, end - at, &n);
		BrimToken *token = &sentence->tokens[sentence->ntokens];

		if (class == BRIM_CHAR_WORD && before == BRIM_CHAR_WORD)
			token[-1].end = at + n;
		else if (class == BRIM_CHAR_WORD || class == BRIM_CHAR_ALONE)
		{
			if (sentence->ntokens == BRIM_TOKENS_MAX)
				break;
			token->start = at;
			token->end = at + n;
			token->gap = gap;
			token->is_capital = begins_with_capital(work, at);
			token->is_number = text.data[at] >= '0' && text.data[at] <= '9';
			sentence->ntokens++;
			gap = 0;
		}
		else
			gap |= gap_of(text, at, n);
		before = class;
	}
	for (int i = 0, commas = 0, breaks = 0; i < sentence->ntokens; i++)
	{
		const BrimToken *token = &sentence->tokens[i];

		commas += (token->gap & BRIM_GAP_COMMA) != 0;
		breaks += (token->gap & BRIM_GAP_BREAK) != 0;
		sentence->commas[i] = (short) commas;
		sentence->breaks[i] = (short) breaks;
		if (!token->is_number && token->end - token->start > 3)
		{
			nwords++;
			ncapital += token->is_capital;
		}
	}
	sentence->is_title = nwords > 2 && ncapital * 10 >= nwords * 7;
}

BrimStr
brim_intent_token(const BrimIntentWork *work, int token)
{
	const BrimToken *at = &work->sentence.tokens[token];
	BrimStr          text = {work->text.text.data + at->start, at->end - at->start};

	return text;
}

bool
brim_intent_token_is(const BrimIntentWork *work, int token, const char *word)
{
	const char *const words[] = {word, NULL};

	return brim_intent_token_in(work, token, words);
}

bool
brim_intent_token_in(const BrimIntentWork *work, int token, const char *const *words)
{
	return token >= 0 && token < work->sentence.ntokens &&
		   word_in(brim_intent_token(work, token), words);
}
