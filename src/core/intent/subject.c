/*-------------------------------------------------------------------------
 *
 * subject.c
 *	  Whose event it is: what stands around the company's name.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/intent/work.h"

#define OTHER_REACH 2     /* words between the name and a cue of another company */
#define RELATIVE_REACH 24 /* words between a relative clause's begin and what it tells */

static int
commas_between(const BrimIntentWork *work, int from, int to)
{
	return work->sentence.commas[to] - work->sentence.commas[from];
}

/*
 * Does the name stand for another company?  "Globex, a partner of Initech",
 * "ex-Initech", "Initech rival Globex", "Initech's largest shareholder",
 * "Initech-backed Globex".  word: where what is told begins.
 */
static bool
is_beside_other(const BrimIntentWork *work, BrimSpan mention, int word)
{
	static const char *const links[] = {"of", "to", "with", "for", NULL};
	static const char *const formers[] = {"former", "ex", NULL};
	const BrimSentence      *sentence = &work->sentence;

	for (int i = 0; i < sentence->nothers; i++)
	{
		BrimSpan cue = sentence->others[i];

		if (cue.last < mention.first)
		{
			int gap = mention.first - cue.last - 1;

			if (commas_between(work, cue.last, mention.first) > 0)
				continue;
			if (gap == 0 ? brim_intent_token_in(work, cue.last, formers)
						 : gap <= OTHER_REACH && brim_intent_token_in(work, cue.last + 1, links))
				return true;
		}
		else if (cue.first > mention.last && cue.last < word)
		{
			bool is_genitive =
				brim_intent_token_is(work, mention.last + 1, "s") &&
				sentence->tokens[mention.last + 1].start == sentence->tokens[mention.last].end + 1;
			int gap = cue.first - mention.last - 1 - is_genitive;

			if (gap <= (is_genitive ? OTHER_REACH : 0) &&
				commas_between(work, mention.last, cue.first) == 0 &&
				sentence->breaks[cue.first] == sentence->breaks[mention.last])
				return true;
		}
	}
	return false;
}

/* Is a token part of the company's name? */
static bool
is_mention(const BrimSentence *sentence, int token)
{
	for (int i = 0; i < sentence->nmentions; i++)
	{
		if (token >= sentence->mentions[i].first && token <= sentence->mentions[i].last)
			return true;
	}
	return false;
}

static bool
is_other_cue(const BrimSentence *sentence, int token)
{
	for (int i = 0; i < sentence->nothers; i++)
	{
		if (token >= sentence->others[i].first && token <= sentence->others[i].last)
			return true;
	}
	return false;
}

/* Does a relative clause that begins with a token belong to another company? */
static bool
is_others_clause(const BrimIntentWork *work, int relative)
{
	const BrimSentence *sentence = &work->sentence;
	int                 before = relative - 1;

	if (before < 0 || is_mention(sentence, before))
		return false;
	return is_other_cue(sentence, before) ||
		   (sentence->tokens[before].is_capital && !sentence->is_title);
}

/*
 * What relative clauses say of the word: 1 it tells of another company, 0 of
 * the company, -1 nothing.  "Globex, which went bankrupt"; "Globex, whose
 * shows run on Initech, was bought".
 */
static int
by_relative_clause(const BrimIntentWork *work, int word)
{
	static const char *const relatives[] = {"which", "whose", "who", NULL};
	const BrimSentence      *sentence = &work->sentence;
	int                      low = word > RELATIVE_REACH ? word - RELATIVE_REACH : 1;

	for (int token = word - 1; token >= low; token--)
	{
		int commas;

		if (!brim_intent_token_in(work, token, relatives) ||
			(sentence->tokens[token].gap & BRIM_GAP_COMMA) == 0)
			continue;
		commas = commas_between(work, token, word);
		if (commas == 0)
			return is_mention(sentence, token - 1) ? 0 : is_others_clause(work, token) ? 1 : -1;
		for (int i = 0; i < sentence->nmentions; i++)
		{
			/* The name stands in a clause that is over; who it belongs to is the subject */
			BrimSpan mention = sentence->mentions[i];

			if (mention.first > token && mention.last < word &&
				commas_between(work, token, mention.first) == 0 &&
				commas_between(work, mention.last, word) > 0)
				return is_others_clause(work, token) ? 1 : -1;
		}
	}
	return -1;
}

/* Does the word before a verb look like another company's name?  Its first token, or -1. */
static int
foreign_subject(const BrimIntentWork *work, BrimSpan word)
{
	static const char *const helpers[] = {
		"has",      "have",  "had",    "will",  "to",      "is",   "was",   "are",
		"were",     "be",    "been",   "also",  "just",    "may",  "might", "could",
		"would",    "can",   "should", "plans", "expects", "said", "says",  "reportedly",
		"recently", "today", "now",    "that",  "it",      "not",  NULL};
	static const char *const passives[] = {"is", "are", "was", "were", "be", "been", NULL};
	static const char *const no_names[] = {
		"ceo",        "cfo",        "cto",          "coo",       "company",     "group",
		"startup",    "board",      "chief",        "president", "chairman",    "firm",
		"maker",      "investors",  "sec",          "court",     "judge",       "nasdaq",
		"nyse",       "shares",     "revenue",      "profit",    "sales",       "new",
		"the",        "it",         "we",           "they",      "he",          "she",
		"co",         "founder",    "director",     "a",         "an",          "this",
		"two",        "three",      "its",          "their",     "our",         "in",
		"on",         "at",         "for",          "with",      "after",       "as",
		"staff",      "workers",    "employees",    "customers", "shoppers",    "users",
		"passengers", "hackers",    "regulators",   "regulator", "prosecutors", "police",
		"sources",    "analysts",   "shareholders", "owners",    "yesterday",   "monday",
		"tuesday",    "wednesday",  "thursday",     "friday",    "saturday",    "sunday",
		"january",    "february",   "march",        "april",     "may",         "june",
		"july",       "august",     "september",    "october",   "november",    "december",
		"ministry",   "government", "creditors",    "banks",     "union",       "unions",
		"prosecutor", "authority",  "authorities",  "watchdog",  "council",     "city",
		"lenders",    "attackers",  "thieves",      "criminals", "auditors",    "experts",
		"insiders",   "observers",  "residents",    "minister",  "politicians", "pilots",
		"nurses",     "drivers",    "engineers",    "farmers",   "investor",    "journalists",
		"orders",     "demand",     "losses",       "jobs",      "production",  "administrators",
		"shoppers",   "owner",      "founders",     "former",    "veteran",     "manager",
		"officials",  "activists",  "critics",      "managers",  "executives",  "dozens",
		"hundreds",   "thousands",  "all",          "some",      "many",        "most",
		NULL};
	const BrimSentence *sentence = &work->sentence;
	int                 token = word.first - 1;
	BrimStr             text;

	for (int steps = 0; token >= 0 && steps < 4; steps++, token--)
	{
		if (sentence->tokens[token + 1].gap & (BRIM_GAP_COMMA | BRIM_GAP_BREAK))
			return -1;
		text = brim_intent_token(work, token);
		if (brim_intent_token_in(work, token, passives))
			return -1; /* something is done to it */
		if (!brim_intent_token_in(work, token, helpers) &&
			!(text.len > 3 && memcmp(text.data + text.len - 2, "ly", 2) == 0))
			break;
	}
	if (token < 0 || !sentence->tokens[token].is_capital || is_other_cue(sentence, token) ||
		brim_intent_token_in(work, token, no_names))
		return -1;
	while (token > 0 && sentence->tokens[token - 1].is_capital &&
		   (sentence->tokens[token].gap & (BRIM_GAP_COMMA | BRIM_GAP_BREAK)) == 0 &&
		   !brim_intent_token_in(work, token - 1, no_names))
		token--;
	return token;
}

/* Does the sentence begin with a clause that another one's follows: "While Initech looked on, ..."? */
static bool
begins_aside(const BrimIntentWork *work)
{
	static const char *const asides[] = {"while", "as", "unlike", "whereas", "when", NULL};

	return brim_intent_token_in(work, 0, asides);
}

/* The company is named before the word only: is it another one's event all the same? */
static bool
is_other_after(const BrimIntentWork *work, BrimSpan mention, BrimSpan word, int subject)
{
	static const char *const begins[] = {"as",      "while",   "after", "and",  "but",
										 "whereas", "because", "if",    "when", NULL};
	const BrimSentence      *sentence = &work->sentence;

	if (is_beside_other(work, mention, word.first))
		return true;
	if (subject <= mention.last + 1 || sentence->is_title)
		return false;

	if (subject == mention.last + 2 && brim_intent_token_is(work, subject - 1, "and"))
		return false; /* both */

	/* "Initech slides as Globex opens": a name of its own behind the clause's begin */
	return brim_intent_token_in(work, subject - 1, begins) ||
		   (sentence->tokens[subject].gap & BRIM_GAP_COMMA) != 0 ||
		   (begins_aside(work) && commas_between(work, mention.last, subject) > 0);
}

bool
brim_intent_is_other(const BrimIntentWork *work, BrimSpan word, BrimSpan evidence,
					 bool names_company)
{
	const BrimSentence *sentence = &work->sentence;
	const BrimSpan     *before = NULL;
	const BrimSpan     *after = NULL;
	int                 subject;
	int                 relative;

	if (work->naliases == 0)
		return false;
	for (int i = 0; i < sentence->nmentions; i++)
	{
		if (sentence->mentions[i].last < word.first)
			before = &sentence->mentions[i];
		else if (after == NULL && sentence->mentions[i].first > word.last)
			after = &sentence->mentions[i];
	}
	if (names_company)
		return after != NULL && is_beside_other(work, *after, evidence.last + 1);
	relative = by_relative_clause(work, word.first);
	if (relative >= 0)
		return relative == 1;
	for (int i = 0; i < sentence->nowns; i++)
	{
		if (sentence->owns[i].last < word.first &&
			(before == NULL || sentence->owns[i].first > before->last))
			return false;
	}
	subject = foreign_subject(work, evidence);
	if (before != NULL)
		return is_other_after(work, *before, word, subject);
	if (after != NULL)
	{
		if (is_beside_other(work, *after, evidence.last + 1))
			return true;
		if (after->last <= evidence.last)
			return false; /* "bows out as Initech chief" */
		return subject >= 0 && !brim_intent_token_is(work, after->first - 1, "by");
	}

	/* The company is not named: another one is if a cue and a name say so */
	for (int i = 0; i < sentence->nothers; i++)
	{
		int next = sentence->others[i].last + 1;

		if (next < word.first && sentence->tokens[next].is_capital &&
			word.first - next <= RELATIVE_REACH)
			return true;
	}
	return false;
}
