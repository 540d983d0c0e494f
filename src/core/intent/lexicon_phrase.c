/*-------------------------------------------------------------------------
 *
 * lexicon_phrase.c
 *	  Phrases of a lexicon: their notation; see lexicon.h.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <string.h>

#include "core/intent/internal.h"
#include "core/base/base.h"

#define WORD_EDGE 0xFF /* of core/automaton: where a word begins or ends */

static BrimPlaceholder
placeholder_named(BrimStr text)
{
	static const char *const names[] = {"",         "{money}",   "{number}", "{percent}",
										"{people}", "{company}", "{name}"};

	for (int i = BRIM_PLACEHOLDER_MONEY; i <= BRIM_PLACEHOLDER_NAME; i++)
	{
		if (brim_str_equal(text, brim_str(names[i])))
			return (BrimPlaceholder) i;
	}
	return BRIM_PLACEHOLDER_NONE;
}

/* Cut the placeholder off a phrase that ends with one. */
static BrimStr
without_placeholder(BrimStr phrase, BrimPlaceholder *placeholder)
{
	BrimStr tail = phrase;

	if (phrase.data[phrase.len - 1] != '}')
		return phrase;
	while (tail.len > 0 && tail.data[0] != '{')
	{
		tail.data++;
		tail.len--;
	}
	*placeholder = placeholder_named(tail);
	if (*placeholder == BRIM_PLACEHOLDER_NONE)
		return phrase;
	phrase.len -= tail.len;
	while (phrase.len > 0 && phrase.data[phrase.len - 1] == ' ')
		phrase.len--;
	return phrase;
}

/* Say what is wrong with a phrase; always false. */
static bool
bad_phrase(BrimLexiconCompiler *compiler, const BrimLexiconPlace *place, BrimStr phrase,
		   const char *what)
{
	int shown = phrase.len < 60 ? (int) phrase.len : 60;

	while (shown > 0 && shown < (int) phrase.len &&
		   ((unsigned char) phrase.data[shown] & 0xC0) == 0x80)
		shown--;
	if (place->term != NULL)
		brim_error_set(compiler->error, "term %d of class \"%.*s\", field %s, phrase \"%.*s\": %s",
					   place->term->term_no, (int) place->term->class_name.len,
					   place->term->class_name.data, place->field, shown, phrase.data, what);
	else
		brim_error_set(compiler->error, "cue of kind \"%.*s\", phrase \"%.*s\": %s",
					   (int) place->cue->kind.len, place->cue->kind.data, shown, phrase.data, what);
	return false;
}

/* Read the sign of direction and distance in front of a phrase; how many bytes it takes. */
static size_t
read_distance(BrimStr phrase, BrimItem *item, bool *is_wrong)
{
	char   sign = phrase.data[0];
	size_t n = 1;
	int    distance = -1;

	*is_wrong = false;
	item->before = item->after = BRIM_LEXICON_DISTANCE;
	if (sign == '^')
	{
		item->before = item->after = INT32_MAX / 2;
		return 1;
	}
	if (sign != '<' && sign != '>' && sign != '~')
		return 0;
	for (; n < phrase.len && phrase.data[n] >= '0' && phrase.data[n] <= '9' && n < 4; n++)
		distance = (distance < 0 ? 0 : distance * 10) + (phrase.data[n] - '0');
	if (distance > BRIM_LEXICON_DISTANCE_MAX)
		*is_wrong = true;
	if (distance < 0)
		distance = BRIM_LEXICON_DISTANCE;
	item->before = sign == '>' ? -1 : distance;
	item->after = sign == '<' ? -1 : distance;
	return n;
}

static int
count_words(BrimStr text)
{
	BrimCharClass before = BRIM_CHAR_OTHER;
	int           count = 0;

	for (size_t at = 0, n; at < text.len; at += n)
	{
		BrimCharClass class = brim_text_next(text.data + at, text.len - at, &n);

		if (class == BRIM_CHAR_ALONE || (class == BRIM_CHAR_WORD && before != BRIM_CHAR_WORD))
			count++;
		before = class;
	}
	return count;
}

/* Make the stream of a phrase in compiler->pattern. */
static bool
make_pattern(BrimLexiconCompiler *compiler, const BrimLexiconPlace *place, BrimStr phrase,
			 BrimItem *item, bool goes_on)
{
	BrimBuf *pattern = &compiler->pattern;

	if (!brim_intent_text_fold(&compiler->folded, compiler->fold, item->written))
		return brim_lexicon_no_memory(compiler);
	brim_buf_clear(pattern);
	if (!brim_automaton_pattern(compiler->folded.text, pattern))
		return pattern->failed ? brim_lexicon_no_memory(compiler)
							   : bad_phrase(compiler, place, phrase, "nothing but white space");
	if ((unsigned char) pattern->data[0] != WORD_EDGE)
		return bad_phrase(compiler, place, phrase, "must begin with a letter or digit");
	if (goes_on)
	{
		if ((unsigned char) pattern->data[pattern->len - 1] != WORD_EDGE)
			return bad_phrase(compiler, place, phrase, "\"*\" must follow a letter or digit");
		pattern->len--;
	}
	item->nwords = count_words(compiler->folded.text);
	if (item->nwords > BRIM_LEXICON_PHRASE_WORDS_MAX)
		return bad_phrase(compiler, place, phrase, "has too many words");
	return true;
}

bool
brim_lexicon_phrase_add(BrimLexiconCompiler *compiler, const BrimLexiconPlace *place,
						BrimItemRole role, int owner, BrimStr phrase)
{
	BrimLexicon *lexicon = compiler->lexicon;
	BrimItem    *item = &lexicon->items[lexicon->nitems];
	BrimStr      rest = phrase;
	bool         goes_on = false;
	bool         is_wrong = false;

	item->role = role;
	item->term = owner;
	if (phrase.data == NULL || phrase.len == 0)
		return bad_phrase(compiler, place, brim_str(""), "is empty");
	if (phrase.len > BRIM_LEXICON_PHRASE_LEN_MAX)
		return bad_phrase(compiler, place, phrase, "is too long");
	compiler->bytes += phrase.len;
	if (compiler->bytes > BRIM_LEXICON_PHRASE_BYTES_MAX)
		return bad_phrase(compiler, place, phrase, "the phrases together are too long");
	if (role == BRIM_ITEM_NEAR || role == BRIM_ITEM_UNLESS)
	{
		size_t n = read_distance(rest, item, &is_wrong);

		if (is_wrong)
			return bad_phrase(compiler, place, phrase, "the distance must be at most 40 words");
		rest.data += n;
		rest.len -= n;
		if (rest.len == 0)
			return bad_phrase(compiler, place, phrase, "is nothing but a sign");
		item->placeholder = placeholder_named(rest);
		if (item->placeholder != BRIM_PLACEHOLDER_NONE)
		{
			BrimTerm *term = &lexicon->terms[owner];

			term->placeholders[term->nplaceholders++] = lexicon->nitems++;
			return true;
		}
	}
	if (role != BRIM_ITEM_CUE && rest.len > 0)
		rest = without_placeholder(rest, &item->placeholder);
	if (rest.len > 0 && rest.data[0] == '=')
	{
		item->is_exact = true;
		rest.data++;
		rest.len--;
	}
	if (rest.len > 0 && rest.data[rest.len - 1] == '*')
	{
		goes_on = true;
		rest.len--;
	}
	if (memchr(rest.data, '*', rest.len) != NULL)
		return bad_phrase(compiler, place, phrase, "\"*\" must stand at the end");
	if (memchr(rest.data, '{', rest.len) != NULL)
		return bad_phrase(compiler, place, phrase,
						  "there is no such {placeholder}, or it does not stand at the end");
	item->written = brim_arena_copy(&lexicon->arena, rest);
	if (item->written.data == NULL)
		return brim_lexicon_no_memory(compiler);
	if (!make_pattern(compiler, place, phrase, item, goes_on))
		return false;

	compiler->keywords[compiler->nkeywords].pattern =
		brim_arena_copy(&lexicon->arena, brim_buf_str(&compiler->pattern));
	if (compiler->keywords[compiler->nkeywords].pattern.data == NULL)
		return brim_lexicon_no_memory(compiler);
	compiler->keywords[compiler->nkeywords].target.item = lexicon->nitems;
	compiler->keywords[compiler->nkeywords].target.keyword = 0;
	compiler->nkeywords++;
	lexicon->nitems++;
	return true;
}
