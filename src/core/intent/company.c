/*-------------------------------------------------------------------------
 *
 * company.c
 *	  The company's name in a sentence.
 *
 * The company is known by its name without the legal form, by the first two
 * words of a longer name, and by its first word where that is not a common
 * one.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <string.h>

#define LOWER_MAX 10000 /* bytes of the folded name */

static const char *const legal_forms[] = {
	"inc",  "incorporated", "corp",    "corporation", "co",   "company", "ltd", "limited",
	"llc",  "llp",          "lp",      "plc",         "gmbh", "mbh",     "ag",  "se",
	"sa",   "sas",          "sarl",    "srl",         "spa",  "bv",      "nv",  "ab",
	"oy",   "oyj",          "asa",     "kk",          "pty",  "pte",     "kg",  "ug",
	"kgaa", "holdings",     "holding", "group",       NULL};

/* First words that do not tell a company from others. */
static const char *const common_words[] = {
	"the",           "american", "national", "general", "first",  "united",  "global",
	"international", "new",      "north",    "south",   "east",   "west",    "northern",
	"southern",      "eastern",  "western",  "digital", "data",   "cloud",   "smart",
	"blue",          "green",    "red",      "black",   "white",  "great",   "open",
	"advanced",      "applied",  "royal",    "bank",    "energy", "health",  "home",
	"city",          "best",     "good",     "free",    "future", "next",    "central",
	"pacific",       "atlantic", "european", "british", "german", "french",  "china",
	"india",         "japan",    "canadian", "modern",  "public", "social",  "standard",
	"universal",     "world",    "real",     "life",    "human",  "micro",   "super",
	"total",         "pure",     "bright",   "clear",   "fast",   "quick",   "simple",
	"power",         "solar",    "water",    "food",    "foods",  "texas",   "california",
	"london",        "york",     "dutch",    "swiss",   "nordic", "capital", "market",
	"people",        "work",     "team",     "tech",    "summit", "prime",   "alpha",
	"beta",          NULL};

static bool
word_in(BrimStr word, const char *const *words)
{
	for (; *words != NULL; words++)
	{
		if ((*words)[0] == word.data[0] && brim_str_equal(word, brim_str(*words)))
			return true;
	}
	return false;
}

static BrimAlias *
add_alias(BrimCompany *company, int ntokens)
{
	BrimAlias *alias = &company->aliases[company->naliases];

	if (company->naliases > 0)
		*alias = company->aliases[0];
	alias->ntokens = ntokens;
	company->naliases++;
	return alias;
}

/* Cut the lowered name into words. */
static int
split_name(BrimStr name, BrimStr *tokens)
{
	BrimCharClass before = BRIM_CHAR_OTHER;
	int           ntokens = 0;

	for (size_t at = 0, n; at < name.len; at += n)
	{
		BrimCharClass class = brim_text_next(name.data + at, name.len - at, &n);

		if (class == BRIM_CHAR_WORD && before == BRIM_CHAR_WORD)
			tokens[ntokens - 1].len += n;
		else if (class == BRIM_CHAR_WORD || class == BRIM_CHAR_ALONE)
		{
			if (ntokens == BRIM_ALIAS_TOKENS_MAX)
				break;
			tokens[ntokens].data = name.data + at;
			tokens[ntokens].len = n;
			ntokens++;
		}
		before = class;
	}
	return ntokens;
}

void
brim_intent_company_init(BrimCompany *company, BrimMem *mem)
{
	memset(company, 0, sizeof(*company));
	brim_intent_text_init(&company->folded, mem);
	brim_buf_init(&company->lower, mem, LOWER_MAX);
}

void
brim_intent_company_free(BrimCompany *company)
{
	brim_intent_text_free(&company->folded);
	brim_buf_free(&company->lower);
}

bool
brim_intent_company_set(BrimCompany *company, const BrimFold *fold, BrimStr name)
{
	BrimAlias *whole;
	BrimStr    tokens[BRIM_ALIAS_TOKENS_MAX];
	int        ntokens;
	int        skip;

	if (name.data == NULL)
		name.len = 0;
	if (name.len > BRIM_COMPANY_MAX)
	{
		/* Cut before a character, not in one */
		name.len = BRIM_COMPANY_MAX;
		while (name.len > 0 && ((unsigned char) name.data[name.len] & 0xC0) == 0x80)
			name.len--;
	}
	if (company->len == name.len && name.len > 0 &&
		memcmp(company->given, name.data, name.len) == 0)
		return true; /* the same as last time */
	company->naliases = 0;
	company->len = 0;
	if (name.len == 0)
		return true;
	if (!brim_intent_text_fold(&company->folded, fold, name))
		return false;
	brim_buf_clear(&company->lower);
	if (!brim_buf_append_str(&company->lower, company->folded.text))
		return false;
	brim_text_lower_ascii(company->lower.data, company->lower.data, company->lower.len);
	ntokens = split_name(brim_buf_str(&company->lower), tokens);
	while (ntokens > 1 && word_in(tokens[ntokens - 1], legal_forms))
		ntokens--;
	skip = ntokens > 1 && brim_str_equal(tokens[0], brim_str("the")) ? 1 : 0;
	ntokens -= skip;
	memcpy(company->given, name.data, name.len);
	company->len = name.len;
	if (ntokens == 0)
		return true;
	whole = add_alias(company, ntokens);
	memcpy(whole->tokens, tokens + skip, sizeof(BrimStr) * (size_t) ntokens);
	whole->is_capital = false;
	for (size_t i = 0; i < name.len && !whole->is_capital; i++)
		whole->is_capital = name.data[i] >= 'A' && name.data[i] <= 'Z';
	if (ntokens > 2 && whole->tokens[1].len > 3)
		add_alias(company, 2);
	if (ntokens > 1 && whole->tokens[0].len > 3 && !word_in(whole->tokens[0], common_words))
		add_alias(company, 1);
	return true;
}

/* Return true if a name begins at a token. */
static bool
is_name_at(const BrimTokens *tokens, const BrimAlias *alias, int token)
{
	if (token + alias->ntokens > tokens->count)
		return false;
	if (alias->is_capital && !tokens->at[token].is_capital && !tokens->at[token].is_number)
		return false;
	for (int i = 0; i < alias->ntokens; i++)
	{
		BrimStr word = brim_intent_tokens_text(tokens, token + i);

		if (word.len != alias->tokens[i].len)
			return false;
		for (size_t k = 0; k < word.len; k++)
		{
			if ((char) brim_text_lower_byte((unsigned char) word.data[k]) !=
				alias->tokens[i].data[k])
				return false;
		}
	}
	return true;
}

void
brim_intent_company_find(BrimMentions *mentions, const BrimCompany *company,
						 const BrimTokens *tokens)
{
	mentions->is_known = company->naliases > 0;
	mentions->count = 0;
	for (int token = 0; token < tokens->count && mentions->count < BRIM_SPANS_MAX; token++)
	{
		for (int a = 0; a < company->naliases; a++)
		{
			if (is_name_at(tokens, &company->aliases[a], token))
			{
				BrimSpan *mention = &mentions->at[mentions->count++];

				mention->first = token;
				mention->last = token + company->aliases[a].ntokens - 1;
				token = mention->last;
				break;
			}
		}
	}
}

bool
brim_intent_company_is_at(const BrimMentions *mentions, int token)
{
	for (int i = 0; i < mentions->count; i++)
	{
		if (token >= mentions->at[i].first && token <= mentions->at[i].last)
			return true;
	}
	return false;
}

bool
brim_intent_company_is_other_name(const BrimMentions *mentions, const BrimTokens *tokens, int token)
{
	return token >= 0 && token < tokens->count && tokens->at[token].is_capital &&
		   !brim_intent_company_is_at(mentions, token);
}
