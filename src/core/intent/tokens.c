/*-------------------------------------------------------------------------
 *
 * tokens.c
 *	  The words of a sentence; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <string.h>

bool
brim_intent_tokens_word_in(BrimStr word, const char *const *words)
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

/* Return true if the letter that a token begins with was a capital in the text as given. */
static bool
begins_with_capital(const BrimFoldedText *text, size_t at)
{
	size_t given = brim_intent_text_start(text, at);
	char   c = text->given.data[given];

	if ((unsigned char) c < 0x80)
		return c >= 'A' && c <= 'Z';
	return given + 1 < text->given.len &&
		   memcmp(text->given.data + given, text->text.data + at, 2) != 0;
}

void
brim_intent_tokens_read(BrimTokens *tokens, const BrimFoldedText *text, size_t start, size_t end)
{
	const char   *data = text->text.data;
	BrimCharClass before = BRIM_CHAR_OTHER;
	unsigned char gap = 0;

	tokens->text = text;
	tokens->start = start;
	tokens->end = end;
	tokens->count = 0;
	for (size_t at = start, n; at < end; at += n)
	{
		BrimCharClass class = brim_text_next(data + at, end - at, &n);
		BrimToken *token = &tokens->at[tokens->count];

		if (class == BRIM_CHAR_WORD && before == BRIM_CHAR_WORD)
			token[-1].end = at + n;
		else if (class == BRIM_CHAR_WORD || class == BRIM_CHAR_ALONE)
		{
			if (tokens->count == BRIM_TOKENS_MAX)
				break;
			token->start = at;
			token->end = at + n;
			token->gap = gap;
			token->is_capital = begins_with_capital(text, at);
			token->is_number = data[at] >= '0' && data[at] <= '9';
			tokens->count++;
			gap = 0;
		}
		else
			gap |= gap_of(text->text, at, n);
		before = class;
	}
}

BrimStr
brim_intent_tokens_text(const BrimTokens *tokens, int token)
{
	const BrimToken *at = &tokens->at[token];
	BrimStr          text = {tokens->text->text.data + at->start, at->end - at->start};

	return text;
}

bool
brim_intent_tokens_in(const BrimTokens *tokens, int token, const char *const *words)
{
	return token >= 0 && token < tokens->count &&
		   brim_intent_tokens_word_in(brim_intent_tokens_text(tokens, token), words);
}

bool
brim_intent_tokens_is(const BrimTokens *tokens, int token, const char *word)
{
	const char *const words[] = {word, NULL};

	return brim_intent_tokens_in(tokens, token, words);
}
