/*-------------------------------------------------------------------------
 *
 * fuzz_score.c
 *	  Any definition compiles or is refused with a reason; any lead gets
 *	  scores from 0 to 100, the same with and without reasons.
 *
 * Input: bytes that are taken as rules and as a lead, one choice after the
 * other.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/score/internal.h"

#define RULES_MAX 24
#define ENTRIES_MAX 8
#define LEADS 3
#define ROUNDS 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Input
{
	const uint8_t *at;
	size_t         left;
} Input;

typedef struct Entries
{
	BrimList list;
	BrimStr  entries[ENTRIES_MAX];
	int      count;
	int      at;
} Entries;

typedef struct Result
{
	int fit;
	int intent;
	int total;
	int confidence;
} Result;

static unsigned
byte(Input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

/* A text of up to 15 bytes of the input, or one of some that rules like. */
static BrimStr
text(Input *input)
{
	static const char *const known[] = {
		"fit",
		"intent",
		"range",
		"one_of",
		"any_of",
		"words",
		"present",
		"otherwise",
		"employee_count",
		"industry",
		"tech_stack",
		"recent_job_posts",
		"region",
		"positive",
		"negative",
		"{value} {matched} {",
		"ops",
		"AI",
		"automation engineer",
		"\xC3\x84ra",
	};
	unsigned choice = byte(input);
	BrimStr  result = {(const char *) input->at, choice & 15};

	if (choice >= 64)
		return brim_str(known[choice % (sizeof(known) / sizeof(known[0]))]);
	if (choice == 63)
		return brim_str(NULL);
	if (result.len > input->left)
		result.len = input->left;
	input->at += result.len;
	input->left -= result.len;
	return result;
}

static BrimStr
one_of(Input *input, const char *const *choices, unsigned count)
{
	unsigned choice = byte(input);

	return choice == 255 ? text(input) : brim_str(choices[choice % count]);
}

static void
start(BrimList *list)
{
	((Entries *) list)->at = 0;
}

static bool
next_entry(BrimList *list, BrimStr *entry)
{
	Entries *self = (Entries *) list;

	if (self->at == self->count)
		return false;
	*entry = self->entries[self->at++];
	return true;
}

/* A stand-in for stems: the first three bytes. */
static bool
stem(void *state, BrimStr language, BrimStr word, BrimStr *result)
{
	(void) state;
	(void) language;
	*result = word;
	if (word.len > 3)
		result->len = 3;
	return true;
}

/* A stand-in for regular expressions: the pattern is found as it stands. */
static BrimSearchResult
search(void *state, BrimStr pattern, BrimStr given, BrimStr *found)
{
	(void) state;
	for (size_t at = 0; at + pattern.len <= given.len; at++)
	{
		if (memcmp(given.data + at, pattern.data, pattern.len) == 0)
		{
			found->data = given.data + at;
			found->len = pattern.len;
			return BRIM_SEARCH_FOUND;
		}
	}
	return BRIM_SEARCH_NOTHING;
}

static bool
fold(void *state, BrimStr given, BrimStr *folded)
{
	(void) state;
	*folded = given;
	return true;
}

static void
make_rule(Input *input, BrimRuleDef *rule, BrimStr *keywords, int number)
{
	static const char *const dimensions[] = {"fit", "intent", "disqualifier"};
	static const char *const attributes[] = {"employee_count", "industry", "tech_stack",
											 "recent_job_posts", "region"};
	static const char *const kinds[] = {"range", "one_of", "any_of",  "all_of",
										"words", "regex",  "present", "otherwise"};
	unsigned                 flags = byte(input);
	unsigned                 kind;

	memset(rule, 0, sizeof(*rule));
	rule->rule_no = (flags & 128) != 0 ? (int) byte(input) : number;
	rule->dimension = one_of(input, dimensions, 3);
	rule->attribute = one_of(input, attributes, 5);
	rule->signal = (flags & 64) != 0 ? text(input) : rule->attribute;
	kind = byte(input);
	rule->kind = kind == 255 ? text(input) : brim_str(kinds[kind % 8]);
	rule->has_low = kind % 8 == 0 && (flags & 1) != 0;
	rule->has_high = kind % 8 == 0 && (flags & 2) != 0;
	rule->low = byte(input);
	rule->high = byte(input) * 2.5;
	rule->nkeywords = kind % 8 >= 1 && kind % 8 <= 4 ? 1 + (int) (byte(input) % 4) : 0;
	for (int k = 0; k < rule->nkeywords; k++)
		keywords[k] = text(input);
	rule->keywords = keywords;
	rule->stem = kind % 8 == 4 && (flags & 16) != 0;
	rule->pattern = kind % 8 == 5 ? text(input) : brim_str(NULL);
	rule->points = (int) (byte(input) % 204) - 102;
	if ((flags & 32) != 0)
		rule->weight = BRIM_WEIGHT_ONE;
	else
		rule->weight = BRIM_WEIGHT_ONE + (int64_t) byte(input);
	if ((flags & 4) != 0)
	{
		rule->reason = text(input);
		rule->reason_kind = brim_str((flags & 8) != 0 ? "positive" : "negative");
	}
}

static void
make_signal(Input *input, BrimSignalDef *signal, const BrimRuleDef *rule)
{
	unsigned flags = byte(input);

	memset(signal, 0, sizeof(*signal));
	signal->dimension = rule->dimension;
	signal->signal = rule->signal;
	signal->combine = brim_str((flags & 1) != 0 ? "add" : "average");
	signal->min_points = (int) (byte(input) % 202) - 101;
	signal->max_points = (int) (byte(input) % 202) - 101;
	signal->has_min = (flags & 4) != 0;
	signal->has_max = (flags & 8) != 0;
	signal->has_prior = (flags & 2) != 0;
	signal->prior_points = signal->has_prior ? (int) (byte(input) % 100) : 0;
}

static void
make_value(Input *input, BrimValue *value, Entries *entries)
{
	memset(value, 0, sizeof(*value));
	value->kind = (BrimValueKind) (byte(input) % 5);
	value->number = (double) byte(input) - 20;
	value->text = text(input);
	value->list = &entries->list;
	entries->list.start = start;
	entries->list.next = next_entry;
	entries->count = (int) (byte(input) % ENTRIES_MAX);
	for (int i = 0; i < entries->count; i++)
		entries->entries[i] = text(input);
	/* The same texts of the input, or of those we know, in the same order: the same list */
	value->bytes.data = (const char *) entries->entries;
	value->bytes.len = (size_t) entries->count * sizeof(BrimStr);
}

/* Give each reason and its evidence; what the parts contributed and what was adjusted is the total. */
static void
check_explanation(const BrimScore *score, const BrimValue *values)
{
	BrimMem        *mem = brim_mem_malloc();
	BrimExplanation explanation;
	BrimBuf         text;
	int64_t         sum = 0;
	int             nreasons = 0;

	if (!brim_rules_scorer.explain(score, mem, &explanation))
		abort();
	for (int p = 0; p < explanation.nparts; p++)
	{
		sum += explanation.parts[p].contribution;
		nreasons += explanation.parts[p].nreasons;
	}
	for (int a = 0; a < explanation.nadjustments; a++)
		sum += explanation.adjustments[a].contribution;
	if (sum != (int64_t) score->total * BRIM_MILLION || nreasons != explanation.nreasons)
		abort();
	brim_buf_init(&text, mem, 1000000);
	for (int r = 0; r < explanation.nreasons; r++)
	{
		int id = explanation.reasons[r].id;

		if (!brim_rules_scorer.tell(score, id, BRIM_TELL_REASON, values, &text) ||
			!brim_rules_scorer.tell(score, id, BRIM_TELL_EVIDENCE, values, &text))
			abort();
	}
	brim_buf_free(&text);
	brim_mem_free(mem, explanation.parts);
	brim_mem_free(mem, explanation.reasons);
}

/* Score a lead and explain it. */
static Result
score_lead(BrimScore *score, const BrimValue *values)
{
	Result result;

	if (!brim_rules_scorer.run(score, values, BRIM_WANT_ALL))
		abort();
	if (score->fit < 0 || score->fit > 100 || score->intent < 0 || score->intent > 100 ||
		score->total < 0 || score->total > 100 || score->confidence < 0 || score->confidence > 100)
		abort();
	result.fit = score->fit;
	result.intent = score->intent;
	result.total = score->total;
	result.confidence = score->confidence;
	check_explanation(score, values);
	return result;
}

/* Score a few leads; what is kept of values seen before must make no difference. */
static void
score_leads(Input *input, const BrimModel *model, const BrimFold *folding)
{
	static BrimValue values[LEADS][RULES_MAX + BRIM_FACTS];
	static Entries   entries[LEADS][RULES_MAX + BRIM_FACTS];
	Result           results[LEADS];
	BrimScore       *score = brim_rules_scorer.begin(model, folding, brim_mem_malloc());

	if (score == NULL)
		abort();
	for (int lead = 0; lead < LEADS; lead++)
	{
		for (int a = 0; a < model->features.count; a++)
			make_value(input, &values[lead][a], &entries[lead][a]);
		results[lead] = score_lead(score, values[lead]);
	}
	for (int round = 0; round < ROUNDS * LEADS; round++)
	{
		int lead = round % LEADS;

		if (!brim_rules_scorer.run(score, values[lead], BRIM_WANT_ALL & ~BRIM_WANT_MATCHES) ||
			score->fit != results[lead].fit || score->intent != results[lead].intent ||
			score->total != results[lead].total || score->confidence != results[lead].confidence)
			abort();
		if (!brim_rules_scorer.run(score, values[lead], BRIM_WANT_SCORE) ||
			score->total != results[lead].total)
			abort();
	}
	brim_rules_scorer.end(score, brim_mem_malloc());
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static BrimRuleDef       rules[RULES_MAX];
	static BrimStr           keywords[RULES_MAX][4];
	static BrimSignalDef     signals[RULES_MAX];
	static const char *const policies[] = {"ignore", "zero", "prior"};
	BrimFold                 folding = {.fold = fold, .stem = stem, .search = search};
	Input                    input = {data, size};
	BrimRulesDef             def;
	BrimError                error;
	BrimModel               *model;

	memset(&def, 0, sizeof(def));
	def.head.scorer = &brim_rules_scorer;
	def.head.name = brim_str("fuzz");
	def.fit_weight = (int64_t) byte(&input) * 39;
	def.intent_weight = BRIM_WEIGHT_ONE - def.fit_weight;
	def.head.high_above = 80;
	def.head.medium_above = 60;
	def.head.qualified_above = (int) (byte(&input) % 102);
	def.nrules = (int) (byte(&input) % (RULES_MAX + 1));
	def.rules = rules;
	for (int r = 0; r < def.nrules; r++)
		make_rule(&input, &rules[r], keywords[r], r + 1);
	def.missing_policy = brim_str(policies[byte(&input) % 3]);
	def.signals = signals;
	def.nsignals = def.nrules > 0 ? (int) (byte(&input) % 4) : 0;
	if (def.nsignals > def.nrules)
		def.nsignals = def.nrules;
	for (int s = 0; s < def.nsignals; s++)
		make_signal(&input, &signals[s], &rules[s]);
	model = brim_rules_scorer.compile(&def.head, &folding, brim_mem_malloc(), &error);
	if (model == NULL)
	{
		if (error.message[0] == '\0')
			abort();
		return 0;
	}
	score_leads(&input, model, &folding);
	brim_rules_scorer.free(model, brim_mem_malloc());
	return 0;
}
