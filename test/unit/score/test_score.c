/*-------------------------------------------------------------------------
 *
 * test_score.c
 *	  Promises of core/score: every edge of the default model, reasons,
 *	  confidence, what counts as missing, weights.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>

#include "score/models.h"

typedef struct Entries
{
	BrimList           list;
	const char *const *entries; /* ends with NULL */
	int                at;
} Entries;

static BrimMem        *mem;
static ModelTexts      texts;
static BrimRulesModel *model;
static BrimScore      *score;
static BrimValue       values[32];
static int             folds;

static void
start(BrimList *list)
{
	((Entries *) list)->at = 0;
}

static bool
next_entry(BrimList *list, BrimStr *entry)
{
	Entries *self = (Entries *) list;

	if (self->entries[self->at] == NULL)
		return false;
	*entry = brim_str(self->entries[self->at++]);
	return true;
}

/* Lowers A-umlaut, as a stand-in for what a database lowers. */
static bool
fold(void *state, BrimStr text, BrimStr *folded)
{
	static char buffer[256];

	(void) state;
	folds++;
	memcpy(buffer, text.data, text.len);
	for (size_t i = 0; i + 1 < text.len; i++)
	{
		if (buffer[i] == '\xC3' && buffer[i + 1] == '\x84')
			buffer[i + 1] = '\xA4';
	}
	folded->data = buffer;
	folded->len = text.len;
	return true;
}

static const BrimFold folding = {.fold = fold};

static void
use(BrimRulesDef *def)
{
	BrimError error;

	brim_rules_scorer.end(score, mem);
	model_free(model, mem);
	model = model_compile(def, &folding, mem, &error);
	score = model == NULL ? NULL : brim_rules_scorer.begin(&model->head, &folding, mem);
	if (score == NULL)
	{
		printf("Bail out! %s\n", error.message);
		fflush(stdout);
		__builtin_trap();
	}
}

static int
place(const char *attribute)
{
	for (int a = 0; a < model->head.features.count; a++)
	{
		if (brim_str_equal(model->attributes[a].feature->name, brim_str(attribute)))
			return a;
	}
	__builtin_trap();
}

static void
give_nothing(void)
{
	memset(values, 0, sizeof(values));
}

static void
give_number(const char *attribute, double number)
{
	values[place(attribute)].kind = BRIM_VALUE_NUMBER;
	values[place(attribute)].number = number;
}

static void
give_text(const char *attribute, const char *text)
{
	values[place(attribute)].kind = BRIM_VALUE_TEXT;
	values[place(attribute)].text = brim_str(text);
}

static void
give_list(const char *attribute, Entries *list, const char *const *entries)
{
	list->list.start = start;
	list->list.next = next_entry;
	list->entries = entries;
	values[place(attribute)].kind = BRIM_VALUE_LIST;
	values[place(attribute)].list = &list->list;
}

/* The reason of the signal that reads an attribute. */
static const char *
reason(const char *attribute)
{
	static char result[200];
	BrimBuf     buf;

	brim_buf_init(&buf, mem, 1000);
	for (int s = 0; s < model->nsignals; s++)
	{
		const BrimSignalResult *signal = &((BrimRulesScore *) score)->signals[s];

		if (model->signals[s].attribute == place(attribute) && signal->state == BRIM_SIGNAL_SCORED)
			brim_rules_scorer.tell(score, signal->rule, BRIM_TELL_REASON, values, &buf);
	}
	snprintf(result, sizeof(result), "%s", brim_buf_str(&buf).data);
	brim_buf_free(&buf);
	return result;
}

static void
check_sizes(void)
{
	static const struct
	{
		double employees;
		int    fit;
		int    confidence;
	} cases[] = {
		{14, 0, 14},    {15, 50, 14},   {29, 50, 14},  {29.5, 0, 14}, {30, 100, 14},
		{300, 100, 14}, {301, 50, 14},  {500, 50, 14}, {501, 0, 14},  {1, 0, 14},
		{-5, 0, 14},    {1e300, 0, 14}, {0, 0, 0},     {-0.0, 0, 0},  {NAN, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		give_nothing();
		give_number("employee_count", cases[i].employees);
		brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
		unit_ok(score->fit == cases[i].fit && score->confidence == cases[i].confidence,
				"%g employees: fit %d, confidence %d", cases[i].employees, score->fit,
				score->confidence);
	}
	give_number("employee_count", 120);
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_text(reason("employee_count"), "Ideal company size (120 employees).",
				 "reason of an ideal size");
	give_number("employee_count", 120.5);
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_text(reason("employee_count"), "Ideal company size (120.5 employees).",
				 "reason with a fraction");
	give_number("employee_count", 20);
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_text(reason("employee_count"), "", "a fair size gives no reason");
	give_number("employee_count", 7);
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_text(reason("employee_count"), "Company size is outside target range.",
				 "reason of a bad size");
}

static void
check_industries(void)
{
	static const struct
	{
		const char *industry;
		int         fit;
	} cases[] = {
		{"SaaS", 100},      {"fInTeCh", 100}, {"AI", 100},       {"TECHNOLOGY", 100},
		{"E-Commerce", 60}, {"BioTech", 60},  {"education", 60}, {"Retail", 0},
		{"saas ", 0},       {" AI", 0},       {"", 0},           {"saas\xC3\xA4", 0},
		{"a", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		give_nothing();
		give_text("industry", cases[i].industry);
		brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
		unit_is_int(score->fit, cases[i].fit, "industry \"%s\"", cases[i].industry);
	}
	/* An industry of no class is left out: only the size counts */
	give_nothing();
	give_text("industry", "Retail");
	give_number("employee_count", 100);
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_int(score->fit, 100, "an industry of no class is left out");
	unit_is_int(((BrimRulesScore *) score)->signals[1].state, BRIM_SIGNAL_LEFT_OUT,
				"and not missing");
	give_text("industry", "AI");
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_text(reason("industry"), "Ideal industry: AI.", "reason as the lead writes it");
	give_text("industry", "Education");
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_int(score->fit, 80, "fit is the average of size and industry");
}

static void
check_lists(void)
{
	static const struct
	{
		const char *entries[4];
		int         tools; /* intent when they are tools */
		int         jobs;  /* intent when they are job posts */
		int         confidence;
		const char *reason; /* when they are tools */
	} cases[] = {
		{{"HubSpot", "Zapier", NULL}, 100, 0, 14, "Uses automation tools: zapier, hubspot."},
		{{"MAKE", "Slack", NULL}, 100, 0, 14, "Uses automation tools: make."},
		{{"Slack", NULL}, 20, 0, 14, ""},
		{{"make.com", " zapier", NULL}, 20, 0, 14, ""},
		{{NULL}, 0, 0, 0, ""},
		{{"", "", NULL}, 0, 0, 0, ""},
		{{"", "zapier", NULL}, 100, 0, 14, "Uses automation tools: zapier."},
		{{"Head of Operations", NULL}, 20, 100, 14, ""},
		{{"Ops", NULL}, 20, 100, 14, ""},
		{{"RevOps", NULL}, 20, 100, 14, ""},
		{{"Laptops buyer", "Shops", NULL}, 20, 0, 14, ""},
		{{"Automation", "Engineer", NULL}, 20, 0, 14, ""},
		{{"Senior automation  ENGINEER (m/f)", NULL}, 20, 100, 14, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Entries list;

		give_nothing();
		give_list("tech_stack", &list, cases[i].entries);
		brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
		unit_ok(score->intent == cases[i].tools && score->confidence == cases[i].confidence,
				"tools %zu: intent %d, confidence %d", i, score->intent, score->confidence);
		unit_is_text(reason("tech_stack"), cases[i].reason, "reason of tools %zu", i);
		give_list("tech_stack", &list, cases[i].entries);
		brim_rules_scorer.run(score, values, BRIM_WANT_INTENT);
		unit_is_int(score->intent, cases[i].tools, "the same without reasons");
		give_nothing();
		give_list("recent_job_posts", &list, cases[i].entries);
		brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
		unit_is_int(score->intent, cases[i].jobs, "jobs %zu", i);
	}
}

static void
check_totals(void)
{
	static const char *const tools[] = {"zapier", NULL};
	Entries                  list;

	/* fit 50, intent 100: 0.6 * 50 + 0.4 * 100 = 70 */
	give_nothing();
	give_number("employee_count", 20);
	give_list("tech_stack", &list, tools);
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_int(score->total, 70, "the total is weighed");
	unit_is_text(score->action, "medium_priority_outreach", "above 60 is medium");
	unit_ok(!score->is_qualified, "70 does not qualify");
	unit_is_int(score->confidence, 29, "two facts of seven are 0.29");

	/* Exact decimals: 0.29 * 100 is 28.999... in binary */
	model_balanced(&texts);
	texts.def.fit_weight = 2900;
	texts.def.intent_weight = 7100;
	use(&texts.def);
	give_nothing();
	give_number("employee_count", 100);
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_int(score->total, 29, "weights are exact decimals");

	/* A weight of a rule: (100 * 3 + 60 * 1) / 4 = 90 */
	model_balanced(&texts);
	texts.rules[0].weight = 3 * BRIM_WEIGHT_ONE;
	use(&texts.def);
	give_text("industry", "biotech");
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_int(score->fit, 90, "the weight of the rule that matched counts");

	/* 60 exactly is not above 60, 80 not above 80, 75 not above 75 */
	model_balanced(&texts);
	use(&texts.def);
	give_nothing();
	give_number("employee_count", 100);
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_int(score->total, 60, "60 is reached by fit alone");
	unit_is_text(score->action, "low_priority_monitoring", "and 60 is not above 60");
}

static void
check_folding(void)
{
	BrimStr umlaut = {"\xC3\xA4pfel", 6};

	model_balanced(&texts);
	texts.good_industries[0] = umlaut;
	texts.jobs[0] = umlaut;
	use(&texts.def);
	give_nothing();
	give_text("industry", "\xC3\x84PFEL");
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_int(score->fit, 100, "letters beyond ASCII are lowered by the caller");
	unit_is_text(reason("industry"), "Ideal industry: \xC3\x84PFEL.",
				 "the reason has them as written");
	folds = 0;
	give_text("industry", "FINTECH");
	brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
	unit_is_int(folds, 0, "ASCII is lowered without the caller, whatever its locale");
	model_balanced(&texts);
	use(&texts.def);
}

/*
 * What is kept of values makes no difference: for numbers at and between the
 * bounds, more texts than there is room for, and lists that differ in their
 * entries or in where one ends.
 */
static void
check_kept_values(void)
{
	static const char *const names[] = {"saas", "SaaS", "biotech", "mining", "saasx", "\xC3\x84"};
	static const double numbers[] = {NAN, 0,   14.9, 15,    15.1, 29,        29.5,     30,     200,
									 300, 301, 500,  500.1, -1e9, -INFINITY, INFINITY, 29.999, 0};
	static const char *const tools[][3] = {
		{"zapier", NULL}, {"zap", "ier", NULL}, {"zapie", "r", NULL}, {"", NULL}, {"jira", "make"}};
	static char text[100];
	Entries     list;
	int         differ = 0;
	uint32_t    random = 1;

	for (int i = 0; i < 200000; i++)
	{
		const char *const *entries;
		int                total;
		int                confidence;

		random = random * 1664525 + 1013904223;
		give_nothing();
		give_number("employee_count",
					numbers[(random >> 8) % (sizeof(numbers) / sizeof(numbers[0]))]);
		entries = tools[(random >> 12) % 5];
		give_list("tech_stack", &list, entries);
		values[place("tech_stack")].bytes.data = (const char *) entries;
		values[place("tech_stack")].bytes.len = sizeof(tools[0]);
		snprintf(text, sizeof(text), "%s%.*s", names[(random >> 16) % 6],
				 (int) ((random >> 20) % 40), "        a long name of some industry or other");
		if (i % 3 == 0) /* more than there is room for */
			snprintf(text, sizeof(text), "industry %u", (random >> 10) % 2000);
		give_text("industry", i % 5 == 0 ? names[(random >> 16) % 6] : text);
		brim_rules_scorer.run(score, values, BRIM_WANT_ALL & ~BRIM_WANT_MATCHES);
		total = score->total;
		confidence = score->confidence;
		brim_rules_scorer.run(score, values, BRIM_WANT_ALL);
		differ += total != score->total || confidence != score->confidence;
	}
	unit_is_int(differ, 0, "scores of values seen before are those of values that are looked at");
}

int
main(void)
{
	mem = brim_mem_malloc();
	use(model_balanced(&texts));
	check_sizes();
	check_industries();
	check_lists();
	check_totals();
	check_folding();
	check_kept_values();
	brim_rules_scorer.end(score, mem);
	model_free(model, mem);
	return unit_done();
}
