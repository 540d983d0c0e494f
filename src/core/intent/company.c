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
#include <string.h>

#include "core/intent/work.h"
#include "core/base/base.h"

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
add_alias(BrimIntentWork *work, int ntokens)
{
	BrimAlias *alias = &work->aliases[work->naliases];

	if (work->naliases > 0)
		*alias = work->aliases[0];
	alias->ntokens = ntokens;
	work->naliases++;
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

bool
brim_intent_company_set(BrimIntentWork *work, BrimStr company)
{
	BrimAlias *whole;
	BrimStr    tokens[BRIM_ALIAS_TOKENS_MAX];
	int        ntokens;
	int        skip;

	if (company.data == NULL)
		company.len = 0;
	if (company.len > BRIM_COMPANY_MAX)
	{
		/* Cut before a character, not in one */
		company.len = BRIM_COMPANY_MAX;
		while (company.len > 0 && ((unsigned char) company.data[company.len] & 0xC0) == 0x80)
			company.len--;
	}
	if (work->company_len == company.len && company.len > 0 &&
		memcmp(work->company_given, company.data, company.len) == 0)
		return true; /* the same as last time */
	work->naliases = 0;
	work->company_len = 0;
	if (company.len == 0)
		return true;
	if (!brim_intent_text_fold(&work->company, work->fold, company))
		return false;
	brim_buf_clear(&work->company_lower);
	if (!brim_buf_append_str(&work->company_lower, work->company.text))
		return false;
	brim_text_lower_ascii(work->company_lower.data, work->company_lower.data,
						  work->company_lower.len);
	ntokens = split_name(brim_buf_str(&work->company_lower), tokens);
	while (ntokens > 1 && word_in(tokens[ntokens - 1], legal_forms))
		ntokens--;
	skip = ntokens > 1 && brim_str_equal(tokens[0], brim_str("the")) ? 1 : 0;
	ntokens -= skip;
	memcpy(work->company_given, company.data, company.len);
	work->company_len = company.len;
	if (ntokens == 0)
		return true;
	whole = add_alias(work, ntokens);
	memcpy(whole->tokens, tokens + skip, sizeof(BrimStr) * (size_t) ntokens);
	whole->is_capital = false;
	for (size_t i = 0; i < company.len && !whole->is_capital; i++)
		whole->is_capital = company.data[i] >= 'A' && company.data[i] <= 'Z';
	if (ntokens > 2 && whole->tokens[1].len > 3)
		add_alias(work, 2);
	if (ntokens > 1 && whole->tokens[0].len > 3 && !word_in(whole->tokens[0], common_words))
		add_alias(work, 1);
	return true;
}

/* Does a name begin at a token? */
static bool
is_name_at(const BrimIntentWork *work, const BrimAlias *alias, int token)
{
	if (token + alias->ntokens > work->sentence.ntokens)
		return false;
	if (alias->is_capital && !work->sentence.tokens[token].is_capital &&
		!work->sentence.tokens[token].is_number)
		return false;
	for (int i = 0; i < alias->ntokens; i++)
	{
		BrimStr word = brim_intent_token(work, token + i);

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
brim_intent_company_find(BrimIntentWork *work)
{
	BrimSentence *sentence = &work->sentence;

	sentence->nmentions = 0;
	for (int token = 0; token < sentence->ntokens && sentence->nmentions < BRIM_SPANS_MAX; token++)
	{
		for (int a = 0; a < work->naliases; a++)
		{
			if (is_name_at(work, &work->aliases[a], token))
			{
				BrimSpan *mention = &sentence->mentions[sentence->nmentions++];

				mention->first = token;
				mention->last = token + work->aliases[a].ntokens - 1;
				token = mention->last;
				break;
			}
		}
	}
}
