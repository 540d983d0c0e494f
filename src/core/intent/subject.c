/*-------------------------------------------------------------------------
 *
 * subject.c
 *	  Whose event it is: what stands around the company's name; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <string.h>

#define OTHER_REACH 2     /* words between the name and a cue of another company */
#define RELATIVE_REACH 24 /* words between a relative clause's begin and what it says */

/*
 * Return true if the name stands for another company: "Globex, a partner of Initech",
 * "ex-Initech", "Initech rival Globex", "Initech's largest shareholder",
 * "Initech-backed Globex".  word: where the statement begins.
 */
static bool
is_beside_other(const BrimSentence *sentence, BrimSpan mention, int word)
{
	static const char *const links[] = {"of", "to", "with", "for", NULL};
	static const char *const formers[] = {"former", "ex", NULL};

	for (int i = 0; i < sentence->clauses.nothers; i++)
	{
		BrimSpan cue = sentence->clauses.others[i];

		if (cue.last < mention.first)
		{
			int gap = mention.first - cue.last - 1;

			if (brim_intent_clauses_commas(&sentence->clauses, cue.last, mention.first) > 0)
				continue;
			if (gap == 0 ? brim_intent_tokens_in(&sentence->tokens, cue.last, formers)
						 : gap <= OTHER_REACH &&
							   brim_intent_tokens_in(&sentence->tokens, cue.last + 1, links))
				return true;
		}
		else if (cue.first > mention.last && cue.last < word)
		{
			bool is_genitive = brim_intent_tokens_is(&sentence->tokens, mention.last + 1, "s") &&
							   sentence->tokens.at[mention.last + 1].start ==
								   sentence->tokens.at[mention.last].end + 1;
			int gap = cue.first - mention.last - 1 - is_genitive;

			if (gap <= (is_genitive ? OTHER_REACH : 0) &&
				brim_intent_clauses_commas(&sentence->clauses, mention.last, cue.first) == 0 &&
				sentence->clauses.breaks[cue.first] == sentence->clauses.breaks[mention.last])
				return true;
		}
	}
	return false;
}

static bool
is_other_cue(const BrimSentence *sentence, int token)
{
	for (int i = 0; i < sentence->clauses.nothers; i++)
	{
		if (token >= sentence->clauses.others[i].first && token <= sentence->clauses.others[i].last)
			return true;
	}
	return false;
}

/* Return true if a relative clause that begins with a token belongs to another company. */
static bool
is_others_clause(const BrimSentence *sentence, int relative)
{
	int before = relative - 1;

	if (before < 0 || brim_intent_company_is_at(&sentence->mentions, before))
		return false;
	return is_other_cue(sentence, before) ||
		   (sentence->tokens.at[before].is_capital && !sentence->clauses.is_title);
}

/*
 * What relative clauses say of the word: 1 it speaks of another company, 0 of
 * the company, -1 nothing.  "Globex, which went bankrupt"; "Globex, whose
 * shows run on Initech, was bought".
 */
static int
by_relative_clause(const BrimSentence *sentence, int word)
{
	static const char *const relatives[] = {"which", "whose", "who", NULL};
	int                      low = word > RELATIVE_REACH ? word - RELATIVE_REACH : 1;

	for (int token = word - 1; token >= low; token--)
	{
		int commas;

		if (!brim_intent_tokens_in(&sentence->tokens, token, relatives) ||
			(sentence->tokens.at[token].gap & BRIM_GAP_COMMA) == 0)
			continue;
		commas = brim_intent_clauses_commas(&sentence->clauses, token, word);
		if (commas == 0)
			return brim_intent_company_is_at(&sentence->mentions, token - 1) ? 0
				   : is_others_clause(sentence, token)                       ? 1
																			 : -1;
		for (int i = 0; i < sentence->mentions.count; i++)
		{
			/* The name is in a clause that is over; who it belongs to is the subject */
			BrimSpan mention = sentence->mentions.at[i];

			if (mention.first > token && mention.last < word &&
				brim_intent_clauses_commas(&sentence->clauses, token, mention.first) == 0 &&
				brim_intent_clauses_commas(&sentence->clauses, mention.last, word) > 0)
				return is_others_clause(sentence, token) ? 1 : -1;
		}
	}
	return -1;
}

/* The first token of what looks like another company's name before a verb, or -1. */
static int
foreign_subject(const BrimSentence *sentence, BrimSpan word)
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
	int     token = word.first - 1;
	BrimStr text;

	for (int steps = 0; token >= 0 && steps < 4; steps++, token--)
	{
		if (sentence->tokens.at[token + 1].gap & (BRIM_GAP_COMMA | BRIM_GAP_BREAK))
			return -1;
		text = brim_intent_tokens_text(&sentence->tokens, token);
		if (brim_intent_tokens_in(&sentence->tokens, token, passives))
			return -1; /* something is done to it */
		if (!brim_intent_tokens_in(&sentence->tokens, token, helpers) &&
			!(text.len > 3 && memcmp(text.data + text.len - 2, "ly", 2) == 0))
			break;
	}
	if (token < 0 || !sentence->tokens.at[token].is_capital || is_other_cue(sentence, token) ||
		brim_intent_tokens_in(&sentence->tokens, token, no_names))
		return -1;
	while (token > 0 && sentence->tokens.at[token - 1].is_capital &&
		   (sentence->tokens.at[token].gap & (BRIM_GAP_COMMA | BRIM_GAP_BREAK)) == 0 &&
		   !brim_intent_tokens_in(&sentence->tokens, token - 1, no_names))
		token--;
	return token;
}

/* Return true if the sentence begins with a clause that another one follows: "While Initech looked on, ...". */
static bool
begins_aside(const BrimSentence *sentence)
{
	static const char *const asides[] = {"while", "as", "unlike", "whereas", "when", NULL};

	return brim_intent_tokens_in(&sentence->tokens, 0, asides);
}

/* Return true if it is another company's event although this one is named before the word. */
static bool
is_other_after(const BrimSentence *sentence, BrimSpan mention, BrimSpan word, int subject)
{
	static const char *const begins[] = {"as",      "while",   "after", "and",  "but",
										 "whereas", "because", "if",    "when", NULL};

	if (is_beside_other(sentence, mention, word.first))
		return true;
	if (subject <= mention.last + 1 || sentence->clauses.is_title)
		return false;

	if (subject == mention.last + 2 && brim_intent_tokens_is(&sentence->tokens, subject - 1, "and"))
		return false; /* both */

	/* "Initech slides as Globex opens": a name of its own behind the clause's begin */
	return brim_intent_tokens_in(&sentence->tokens, subject - 1, begins) ||
		   (sentence->tokens.at[subject].gap & BRIM_GAP_COMMA) != 0 ||
		   (begins_aside(sentence) &&
			brim_intent_clauses_commas(&sentence->clauses, mention.last, subject) > 0);
}

bool
brim_intent_subject_is_other(const BrimSentence *sentence, BrimSpan word, BrimSpan evidence,
							 bool names_company)
{
	const BrimSpan *before = NULL;
	const BrimSpan *after = NULL;
	int             subject;
	int             relative;

	if (!sentence->mentions.is_known)
		return false;
	for (int i = 0; i < sentence->mentions.count; i++)
	{
		if (sentence->mentions.at[i].last < word.first)
			before = &sentence->mentions.at[i];
		else if (after == NULL && sentence->mentions.at[i].first > word.last)
			after = &sentence->mentions.at[i];
	}
	if (names_company)
		return after != NULL && is_beside_other(sentence, *after, evidence.last + 1);
	relative = by_relative_clause(sentence, word.first);
	if (relative >= 0)
		return relative == 1;
	for (int i = 0; i < sentence->clauses.nowns; i++)
	{
		if (sentence->clauses.owns[i].last < word.first &&
			(before == NULL || sentence->clauses.owns[i].first > before->last))
			return false;
	}
	subject = foreign_subject(sentence, evidence);
	if (before != NULL)
		return is_other_after(sentence, *before, word, subject);
	if (after != NULL)
	{
		if (is_beside_other(sentence, *after, evidence.last + 1))
			return true;
		if (after->last <= evidence.last)
			return false; /* "bows out as Initech chief" */
		return subject >= 0 && !brim_intent_tokens_is(&sentence->tokens, after->first - 1, "by");
	}

	/* The company is not named: another one is if a cue and a name say so */
	for (int i = 0; i < sentence->clauses.nothers; i++)
	{
		int next = sentence->clauses.others[i].last + 1;

		if (next < word.first && sentence->tokens.at[next].is_capital &&
			word.first - next <= RELATIVE_REACH)
			return true;
	}
	return false;
}
