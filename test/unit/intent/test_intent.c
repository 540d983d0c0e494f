/*-------------------------------------------------------------------------
 *
 * test_intent.c
 *	  Promises of core/intent: which events are found, how sure, whose, where,
 *	  with which figures.  The lexicon is a small one (lexicon.h).
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <stdlib.h>

#include "core/intent/intent.h"
#include "intent/lexicon.h"

static BrimLexicon    *lexicon;
static BrimIntentScan *scan;

/* Lowers the capitals of Latin-1 in UTF-8; the sharp s becomes ss, so that lengths differ. */
static bool
fold_latin(void *state, BrimStr text, BrimStr *folded)
{
	static char out[1000];
	size_t      n = 0;

	(void) state;
	for (size_t i = 0; i < text.len && n < sizeof(out) - 2; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if (i > 0 && (unsigned char) text.data[i - 1] == 0xC3 && c == 0x9F)
		{
			out[n - 1] = 's';
			out[n++] = 's';
			out[n++] = 's';
		}
		else if (i > 0 && (unsigned char) text.data[i - 1] == 0xC3 && c < 0x9F)
			out[n++] = (char) (c + 0x20);
		else
			out[n++] = (char) c;
	}
	folded->data = out;
	folded->len = n;
	return true;
}

static const BrimFold fold = {.fold = fold_latin};

/* The events of a text as "class:certainty:subject:evidence" with ; between. */
static const char *
events_from(const char *text, const char *company, int sources)
{
	static char out[4096];
	size_t      n = 0;

	out[0] = '\0';
	if (!brim_intent_run(scan, brim_str(text), brim_str(company), sources))
		return "memory";
	for (int i = 0; i < scan->nsignals; i++)
	{
		static const char certainty[] = "shn";
		BrimIntentSignal *hit = &scan->signals[i];

		n += (size_t) snprintf(out + n, sizeof(out) - n, "%s%s:%c:%s:%.*s", i > 0 ? "; " : "",
							   lexicon->classes[hit->class_no].name.data, certainty[hit->certainty],
							   hit->is_other ? "other" : "own", (int) hit->len, text + hit->start);
		if (n >= sizeof(out))
			break;
	}
	return out;
}

static const char *
events(const char *text)
{
	return events_from(text, "Acme Inc.", BRIM_INTENT_NEWS);
}

static void
test_terms(void)
{
	unit_is_text(events("Acme raises $5M"), "funding:s:own:raises $5M", "a word with its near");
	unit_is_text(events("Acme raises questions"), "", "a word without its near is nothing");
	unit_is_text(events("$5M is what Acme raises"), "", "near must stand on its side");
	unit_is_text(events("Acme raises awareness with $5M"), "", "an unless bars it");
	unit_is_text(events("Acme securing a big round"), "funding:s:own:securing a big round",
				 "an open ending stands for any");
	unit_is_text(events("Acme cuts ribbon at plant"), "expansion:s:own:cuts ribbon at plant",
				 "an unless may lie across the word");
	unit_is_text(events("Acme cuts a b c d jobs"), "", "near may not be too far");
	unit_is_text(events("Staff cut at Acme"), "layoffs:s:own:Staff cut", "near may stand before");
	unit_is_text(events("anywhere a b c d e f g h i j k l m n o p q r s t lastword"),
				 "growth:s:own:anywhere a b c d e f g h i j k l m n o p q r s t lastword",
				 "or anywhere in the sentence");
	unit_is_text(events("anywhere. Lastword"), "", "but not in the next one");
	unit_is_text(events("Acme layoffs and more layoffs"), "layoffs:s:own:layoffs",
				 "a class is told once a sentence");
	unit_is_text(events("Acme layoffs. More layoffs."),
				 "layoffs:s:own:layoffs; layoffs:s:own:layoffs", "and again in the next");
	unit_is_text(events("clayoffs layoff-x"), "layoffs:s:own:layoff", "words are whole words");
	unit_is_text(events_from("Make and make", "", BRIM_INTENT_JOB_POST), "tool:s:own:Make",
				 "a phrase may ask for its case");
	unit_is_text(events_from("we make", "", BRIM_INTENT_JOB_POST), "", "and means it");
	unit_is_text(events("Use Zapier"), "", "terms of job posts are not looked for in news");
	unit_is_text(events(""), "", "nothing is in an empty text");
}

static void
test_certainty(void)
{
	unit_is_text(events("Acme denies layoffs"), "layoffs:n:own:layoffs", "denied");
	unit_is_text(events("Acme may start layoffs"), "layoffs:h:own:layoffs", "in doubt");
	unit_is_text(events("Layoffs at Acme ruled out"), "layoffs:n:own:Layoffs", "denied behind");
	unit_is_text(events("Layoffs at Acme are possible"), "layoffs:h:own:Layoffs",
				 "in doubt behind");
	unit_is_text(events("Layoffs at Acme next year, sources say"), "layoffs:h:own:Layoffs",
				 "in doubt as a whole");
	unit_is_text(events("Acme is not well but layoffs go on"), "layoffs:s:own:layoffs",
				 "a break ends the reach");
	unit_is_text(events("Acme does not, for now, start layoffs"), "layoffs:n:own:layoffs",
				 "two commas are a pair, which reaches across");
	unit_is_text(events("Acme is not small, layoffs go on"), "layoffs:s:own:layoffs",
				 "one comma ends the reach");
	unit_is_text(events("not a b c d e f g h layoffs"), "layoffs:s:own:layoffs",
				 "the reach is limited");
	unit_is_text(events("Acme not only starts layoffs"), "layoffs:s:own:layoffs",
				 "a longer cue takes those inside it away");
	unit_is_text(events("In May layoffs began"), "layoffs:s:own:layoffs", "May is a month");
	unit_is_text(events("Acme sales did not fall"), "growth:n:own:sales did not fall",
				 "a cue between the word and its near");
	unit_is_text(events("No layoffs at first, then Acme layoffs"), "layoffs:s:own:layoffs",
				 "the surest of a sentence is told");
}

static void
test_subject(void)
{
	unit_is_text(events("Globex raises $5M to take on Acme"), "funding:s:other:raises $5M",
				 "somebody else's, who is named as the subject");
	unit_is_text(events("Acme rival Globex raises $5M"), "funding:s:other:raises $5M", "a rival's");
	unit_is_text(events("Globex, a partner of Acme, raises $5M"), "funding:s:other:raises $5M",
				 "a partner's");
	unit_is_text(events("Acme's largest shareholder raises $5M"), "funding:s:other:raises $5M",
				 "a shareholder's");
	unit_is_text(events("Acme-backed Globex raises $5M"), "funding:s:other:raises $5M",
				 "one with the name in front");
	unit_is_text(events("Former Acme engineer raises $5M"), "funding:s:other:raises $5M",
				 "a former colleague's");
	unit_is_text(events("Acme slides while Globex raises $5M"), "funding:s:other:raises $5M",
				 "in the other clause");
	unit_is_text(events("Acme leases space from Globex, which starts layoffs"),
				 "layoffs:s:other:layoffs", "in a relative clause");
	unit_is_text(events("Globex, whose shows run on Acme, raises $5M"),
				 "funding:s:other:raises $5M", "behind a relative clause");
	unit_is_text(events("Acme, rival of Globex, raises $5M"), "funding:s:own:raises $5M",
				 "the company may be a rival itself");
	unit_is_text(events("The company raises $5M"), "funding:s:own:raises $5M",
				 "the company is the company");
	unit_is_text(events("Globex acquires Acme"), "acquired:s:own:acquires Acme", "is bought");
	unit_is_text(events("Acme acquires Globex"), "acquisition:s:own:acquires Globex", "buys");
	unit_is_text(events("Globex invests $5M into Acme"), "funding:s:own:invests $5M into Acme",
				 "what names the company is its own");
	unit_is_text(events_from("Globex raises $5M", "", BRIM_INTENT_NEWS), "funding:s:own:raises $5M",
				 "all is own where the company is not known");
	unit_is_text(events_from("Globex raises $5M next to Acme Data Systems", "Acme Data Systems Ltd",
							 BRIM_INTENT_NEWS),
				 "funding:s:other:raises $5M", "the legal form does not matter");
}

static void
test_source(void)
{
	unit_is_text(events_from("Build Zaps with Zapier", "", BRIM_INTENT_ANY), "tool:s:own:Zapier",
				 "a text with nothing but terms of job posts is one");
	unit_is_int(scan->source, BRIM_INTENT_JOB_POST, "and is said to be one");
	unit_is_text(events_from("Acme starts layoffs at Zapier", "", BRIM_INTENT_ANY),
				 "layoffs:s:own:layoffs", "one with events of news is news");
	unit_is_text(events_from("We are hiring: no layoffs, much Zapier", "", BRIM_INTENT_ANY),
				 "tool:s:own:Zapier", "unless a cue says that it is a job post");
}

static void
test_sentences(void)
{
	unit_is_text(events("Acme Inc. raises for U.S. labs a $5M round"),
				 "funding:s:own:raises for U.S. labs a $5M", "an abbreviation ends no sentence");
	unit_is_text(events("Acme raises. A $5M fund"), "", "a point does");
	unit_is_text(events("Acme raises\na further $5M"), "funding:s:own:raises\na further $5M",
				 "a line that goes on in small letters goes on");
	unit_is_text(events("Acme raises\nMore than $5M"), "", "another one does not");
	unit_is_text(events("Acme raises; $5M fine"), "", "a semicolon ends a sentence");
	unit_is_text(events("Acme raises (as No. 5 of ten) $5M"),
				 "funding:s:own:raises (as No. 5 of ten) $5M", "a number is no end");
}

/* Check the figures of the first event. */
static void
figures(const char *text, long long amount, const char *currency, const char *round, int people)
{
	BrimIntentSignal *hit;

	if (!brim_intent_run(scan, brim_str(text), brim_str("Acme"), BRIM_INTENT_NEWS) ||
		!unit_ok(scan->nsignals > 0, "an event: %s", text))
		return;
	hit = &scan->signals[0];
	unit_is_int(hit->has_amount ? hit->amount : -1, amount, "its amount: %s", text);
	unit_is_text(hit->currency.data, currency, "its currency: %s", text);
	unit_is_text(hit->round.data, round, "its round: %s", text);
	unit_is_int(hit->people, people, "its people: %s", text);
}

static void
test_figures(void)
{
	figures("Acme raises $18.5M Series A", 1850000000, "USD", "series a", 0);
	figures("Acme raises EUR 1,250,000 seed round", 125000000, "EUR", "seed", 0);
	figures("Acme raises \xC2\xA3"
			"7.125 million",
			712500000, "GBP", NULL, 0);
	figures("Acme raises 40 million dollars in a pre-seed round", 4000000000, "USD", "pre-seed", 0);
	figures("Acme raises US$ 1.2bn", 120000000000, "USD", NULL, 0);
	figures("Acme raises $10-15 million", 1000000000, "USD", NULL, 0);
	figures("Acme raises \xE2\x82\xAC"
			"3m in Series C1",
			300000000, "EUR", "series c", 0);
	figures("Acme cuts 1,200 jobs", -1, NULL, NULL, 1200);
	figures("Acme cuts 300 full-time jobs to save $30m", 3000000000, "USD", NULL, 300);
	figures("Acme cuts jobs by 10%", -1, NULL, NULL, 0);
	figures("Acme raises $99999999999999999999 billion", 100000000000000000, "USD", NULL, 0);
}

static void
test_positions(void)
{
	unit_is_text(events_from("GR\xC3\x96\xC3\x9F"
							 "E \xC3\x96"
							 "FFNET DAS WERK",
							 "", BRIM_INTENT_ANY),
				 "expansion:s:own:\xC3\x96"
				 "FFNET DAS WERK",
				 "folded words are found and shown as given, whatever their length");
	unit_is_text(events("Acme\xE2\x80\x99s \xE2\x80\x9Claw\xE2\x80\x9D: Stra\xC3\x9F"
						"e layoffs"),
				 "layoffs:s:own:layoffs", "behind signs that are as long as they are not");
	unit_is_text(events("\xFF\xFE layoffs \xC3"), "layoffs:s:own:layoffs", "any bytes will do");
}

static void
test_limits(void)
{
	static char text[400000];
	size_t      n = 0;

	while (n + 10 < sizeof(text))
		n += (size_t) snprintf(text + n, sizeof(text) - n, "Layoffs. ");
	unit_ok(brim_intent_run(scan, brim_str(text), brim_str(""), BRIM_INTENT_NEWS) &&
				scan->nsignals == BRIM_INTENT_SIGNALS_MAX,
			"no more events than the limit");
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + sizeof(text) - 20, " layoffs", 8);
	unit_ok(brim_intent_run(scan, brim_str(text), brim_str(""), BRIM_INTENT_NEWS) &&
				scan->nsignals == 1,
			"a sentence without end is cut, and what is behind it found");
}

static void
test_date(void)
{
	static const struct
	{
		const char *text;
		int         day;
		bool        found;
	} cases[] = {
		{"2000-01-01 Acme", 0, true},     {"1999-12-31", -1, true},
		{"2026-11-25: Acme", 9825, true}, {"(2024-02-29) Acme", 8825, true},
		{"[2000-03-01] Acme", 60, true},  {"Acme (2000-02-29)", 59, true},
		{"0001-01-01", -730119, true},    {"9999-12-31", 2921939, true},
		{"2023-02-29 Acme", 0, false},    {"1900-02-29", 0, false},
		{"2000-13-01", 0, false},         {"2000-00-10", 0, false},
		{"0000-01-01", 0, false},         {"2000-01-012", 0, false},
		{"Acme 2000-01-01", 0, false},    {"Acme [2000-01-01]", 0, false},
		{"(2000-01-01", 0, false},        {"", 0, false},
		{"2000-01-0", 0, false},          {" 2000-01-01", 0, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int  day = 0;
		bool found = brim_intent_date(brim_str(cases[i].text), &day);

		unit_ok(found == cases[i].found && (!found || day == cases[i].day), "date \"%s\": %d",
				cases[i].text, day);
	}
}

int
main(void)
{
	BrimError error;

	lexicon = lexicon_for_tests(&fold, brim_mem_malloc(), &error);
	if (!unit_ok(lexicon != NULL, "the lexicon compiles"))
	{
		printf("# %s\n", error.message);
		return unit_done();
	}
	scan = brim_intent_create(lexicon, &fold, brim_mem_malloc());
	test_terms();
	test_certainty();
	test_subject();
	test_source();
	test_sentences();
	test_figures();
	test_positions();
	test_limits();
	test_date();
	brim_intent_free(scan);
	brim_lexicon_free(lexicon);
	return unit_done();
}
