/*-------------------------------------------------------------------------
 *
 * language.c
 *	  How the server folds, stems and searches texts for the scoring core; see
 *	  fold.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "regex/regex.h"
#include "tsearch/ts_cache.h"
#include "tsearch/ts_public.h"
#include "utils/builtins.h"
#include "utils/formatting.h"

#include "pg/row/language.h"

#define REGEX_FLAGS (REG_ADVANCED | REG_ICASE)

/* The stemmer used last. */
static char stemmer_language[NAMEDATALEN];
static Oid  stemmer = InvalidOid;

/* Lower a text of the server's encoding and convert it to UTF-8. */
static bool
fold_text(void *state, BrimStr text, BrimStr *folded)
{
	char *lower = str_tolower(text.data, text.len, DEFAULT_COLLATION_OID);
	int   len = (int) strlen(lower);
	char *utf8 = pg_server_to_any(lower, len, PG_UTF8);

	(void) state;
	folded->data = utf8;
	folded->len = utf8 == lower ? (size_t) len : strlen(utf8);
	return true;
}

/* The text search dictionary that has the Snowball stemmer of a language. */
static Oid
find_stemmer(BrimStr language)
{
	char *name = pnstrdup(language.data, language.len);
	Oid   found;

	found = get_ts_dict_oid(
		list_make2(makeString(pstrdup("pg_catalog")), makeString(psprintf("%s_stem", name))), true);
	if (!OidIsValid(found))
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
				errmsg("there is no stemmer for language \"%s\"", name),
				errhint("The languages are those of the text search dictionaries "
						"pg_catalog.*_stem: english, german, french, spanish, ..."));
	return found;
}

void
brim_language_check(BrimStr language)
{
	(void) find_stemmer(language);
}

/* The stem of a word; a word that the dictionary leaves out (a stop word) is its own. */
static bool
stem_word(void *state, BrimStr language, BrimStr word, BrimStr *stem)
{
	TSDictionaryCacheEntry *dictionary;
	TSLexeme               *lexemes;
	char                   *text;

	(void) state;
	*stem = word;
	if (word.len > MAXSTRLEN)
		return true;
	if (!OidIsValid(stemmer) || strlen(stemmer_language) != language.len ||
		memcmp(stemmer_language, language.data, language.len) != 0)
	{
		stemmer = find_stemmer(language);
		strlcpy(stemmer_language, language.data, Min(language.len + 1, sizeof(stemmer_language)));
	}
	dictionary = lookup_ts_dictionary_cache(stemmer);
	text = pg_any_to_server(word.data, (int) word.len, PG_UTF8);
	lexemes = (TSLexeme *) DatumGetPointer(FunctionCall4(
		&dictionary->lexize, PointerGetDatum(dictionary->dictData), PointerGetDatum(text),
		Int32GetDatum(text == word.data ? (int) word.len : (int) strlen(text)),
		PointerGetDatum(NULL)));
	if (lexemes != NULL && lexemes[0].lexeme != NULL)
	{
		char *lexeme = lexemes[0].lexeme;

		stem->data = pg_server_to_any(lexeme, (int) strlen(lexeme), PG_UTF8);
		stem->len = strlen(stem->data);
	}
	return true;
}

/* Raises an error for a pattern that is no regular expression. */
static regex_t *
compile_pattern(BrimStr pattern)
{
	return RE_compile_and_cache(cstring_to_text_with_len(pattern.data, (int) pattern.len),
								REGEX_FLAGS, DEFAULT_COLLATION_OID);
}

void
brim_language_check_pattern(BrimStr pattern)
{
	(void) compile_pattern(pattern);
}

/* Search a text of the server's encoding. */
static BrimSearchResult
search_text(void *state, BrimStr pattern, BrimStr text, BrimStr *found)
{
	regex_t   *regex = compile_pattern(pattern);
	pg_wchar  *characters = palloc((text.len + 1) * sizeof(pg_wchar));
	int        ncharacters;
	int        result;
	regmatch_t match[1];

	(void) state;
	ncharacters = pg_mb2wchar_with_len(text.data, characters, (int) text.len);
	result = pg_regexec(regex, characters, ncharacters, 0, NULL, 1, match, 0);
	pfree(characters);
	if (result == REG_NOMATCH)
		return BRIM_SEARCH_NOTHING;
	if (result != REG_OKAY)
	{
		char message[100];

		pg_regerror(result, regex, message, sizeof(message));
		ereport(ERROR, errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				errmsg("regular expression failed: %s", message));
	}
	found->data = text.data;
	for (int i = 0; i < match[0].rm_so; i++)
		found->data += pg_mblen(found->data);
	found->len = 0;
	for (int i = match[0].rm_so; i < match[0].rm_eo; i++)
		found->len += (size_t) pg_mblen(found->data + found->len);
	return BRIM_SEARCH_FOUND;
}

const BrimFold brim_language_server = {fold_text, NULL, stem_word, search_text};
