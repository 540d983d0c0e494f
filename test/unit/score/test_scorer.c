/*-------------------------------------------------------------------------
 *
 * test_scorer.c
 *	  Promises of core/score/scorer: a kind of model that has nothing to do
 *	  with rules compiles, reads, scores and explains itself by the interface.
 *
 * The kind "headcount": the total is the number of employees, at most 100, and
 * one more for each fact that is given.  It has neither rules nor signals,
 * dimensions, weights or matchers.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <string.h>

#include "core/score/score.h"

typedef struct HeadcountDef
{
	BrimModelDef head; /* must be first */
	int          most;
} HeadcountDef;

typedef struct HeadcountModel
{
	BrimModel     head; /* must be first */
	int           most;
	BrimAttribute attributes[2];
} HeadcountModel;

typedef struct HeadcountScore
{
	BrimScore head; /* must be first */
	int       employees;
	int       given;
} HeadcountScore;

static const BrimScorer headcount;

static BrimModel *
compile(BrimModelDef *def, const BrimFold *fold, BrimMem *mem, BrimError *error)
{
	static const int facts[] = {0, 1}; /* company_name, employee_count */
	HeadcountModel  *model;

	(void) fold;
	if (((HeadcountDef *) def)->most <= 0)
	{
		brim_error_set(error, "field most: it must be above 0");
		return NULL;
	}
	model = brim_mem_alloc(mem, sizeof(*model));
	if (model == NULL)
	{
		brim_error_set(error, "out of memory");
		return NULL;
	}
	memset(model, 0, sizeof(*model));
	model->head.scorer = def->scorer;
	model->head.name = def->name;
	model->head.high_above = def->high_above;
	model->head.medium_above = def->medium_above;
	model->head.qualified_above = def->qualified_above;
	model->most = ((HeadcountDef *) def)->most;
	for (int a = 0; a < 2; a++)
	{
		model->attributes[a].name = model->attributes[a].label = brim_feature_fact_name(facts[a]);
		model->attributes[a].accepts = brim_feature_fact_accepts(facts[a]);
		model->attributes[a].is_fact = true;
	}
	model->head.features.count = 2;
	model->head.features.attributes = model->attributes;
	return &model->head;
}

/* The total needs the number, confidence both. */
static int
features(const BrimModel *model, int want, int *places)
{
	int count = 0;

	(void) model;
	if ((want & BRIM_WANT_CONFIDENCE) != 0)
		places[count++] = 0;
	if ((want & (BRIM_WANT_TOTAL | BRIM_WANT_CONFIDENCE)) != 0)
		places[count++] = 1;
	return count;
}

static BrimScore *
begin(const BrimModel *model, const BrimFold *fold, BrimMem *mem)
{
	HeadcountScore *score = brim_mem_alloc(mem, sizeof(*score));

	(void) fold;
	if (score == NULL)
		return NULL;
	memset(score, 0, sizeof(*score));
	if (!brim_score_init(&score->head, model, mem))
	{
		brim_mem_free(mem, score);
		return NULL;
	}
	return &score->head;
}

static bool
run(BrimScore *head, const BrimValue *values, int want)
{
	HeadcountScore *score = (HeadcountScore *) head;
	int             most = ((const HeadcountModel *) head->model)->most;

	brim_score_want(head, want);
	score->given = 0;
	score->employees = 0;
	for (int i = 0; i < head->nreads; i++)
	{
		const BrimValue *value = &values[head->reads[i]];

		score->given += value->kind != BRIM_VALUE_MISSING;
		if (value->kind == BRIM_VALUE_NUMBER)
			score->employees = value->number > most ? most : (int) value->number;
	}
	head->confidence = 100 * score->given / BRIM_FACTS;
	brim_score_set_total(head, score->employees);
	return true;
}

static bool
explain(const BrimScore *head, BrimMem *mem, BrimExplanation *explanation)
{
	const HeadcountScore *score = (const HeadcountScore *) head;

	memset(explanation, 0, sizeof(*explanation));
	explanation->parts = brim_mem_alloc(mem, sizeof(BrimPart));
	explanation->reasons = brim_mem_alloc(mem, sizeof(BrimReason));
	if (explanation->parts == NULL || explanation->reasons == NULL)
		return false;
	memset(explanation->parts, 0, sizeof(BrimPart));
	memset(explanation->reasons, 0, sizeof(BrimReason));
	explanation->nparts = 1;
	explanation->parts[0].name = brim_str("size");
	explanation->parts[0].attribute = head->model->features.attributes[1].label;
	explanation->parts[0].state = BRIM_SIGNAL_SCORED;
	explanation->parts[0].nreasons = 1;
	explanation->parts[0].contribution = (int64_t) score->employees * BRIM_MILLION;
	explanation->nreasons = 1;
	explanation->reasons[0].is_positive = true;
	return true;
}

static bool
tell(const BrimScore *head, int id, BrimTelling what, const BrimValue *values, BrimBuf *out)
{
	(void) head;
	(void) id;
	if (what == BRIM_TELL_REASON)
		return brim_buf_append_text(out, "It has people.");
	return brim_buf_printf(out, "%g", values[1].number);
}

static void
end(BrimScore *head, BrimMem *mem)
{
	brim_mem_free(mem, head->reads);
	brim_mem_free(mem, head);
}

static void
release(BrimModel *model, BrimMem *mem)
{
	brim_mem_free(mem, model);
}

static const BrimScorer headcount = {"headcount", compile, features, begin,  run,
									 explain,     tell,    end,      release};

/* What any caller does with any kind: it knows the interface and nothing else. */
static void
score_and_explain(BrimModelDef *def, const BrimValue *values, int expected)
{
	BrimMem          *mem = brim_mem_malloc();
	const BrimScorer *scorer = def->scorer;
	BrimError         error = {""};
	BrimModel        *model = scorer->compile(def, NULL, mem, &error);
	BrimScore        *score;
	BrimExplanation   explanation;
	BrimBuf           text;
	int64_t           sum = 0;

	if (!unit_ok(model != NULL, "a definition of kind %s compiles", scorer->kind))
		return;
	score = model->scorer->begin(model, NULL, mem);
	brim_score_want(score, BRIM_WANT_TOTAL);
	unit_is_int(score->nreads, 1, "the total depends on one feature");
	unit_is_str(model->features.attributes[score->reads[0]].name, "employee_count",
				"which a reader finds by its name");
	unit_ok(model->scorer->run(score, values, BRIM_WANT_ALL), "a lead is scored");
	unit_is_int(score->nreads, 2, "with all that is wanted it reads more");
	unit_is_int(score->total, expected, "the total is the kind's own");
	unit_is_text(score->action, "high_priority_outreach", "the action follows from the total");
	unit_ok(score->is_qualified, "so does whether the lead qualifies");
	unit_ok(model->scorer->explain(score, mem, &explanation), "it explains itself");
	for (int p = 0; p < explanation.nparts; p++)
		sum += explanation.parts[p].contribution;
	for (int a = 0; a < explanation.nadjustments; a++)
		sum += explanation.adjustments[a].contribution;
	unit_is_int(sum, (int64_t) score->total * BRIM_MILLION, "contributions add up to the total");
	brim_buf_init(&text, mem, 100);
	model->scorer->tell(score, explanation.reasons[0].id, BRIM_TELL_REASON, values, &text);
	brim_buf_append_text(&text, " ");
	model->scorer->tell(score, explanation.reasons[0].id, BRIM_TELL_EVIDENCE, values, &text);
	unit_is_str(brim_buf_str(&text), "It has people. 90", "and gives its reason and evidence");
	brim_buf_free(&text);
	brim_mem_free(mem, explanation.parts);
	brim_mem_free(mem, explanation.reasons);
	model->scorer->end(score, mem);
	model->scorer->free(model, mem);
}

int
main(void)
{
	BrimValue    values[2] = {{.kind = BRIM_VALUE_TEXT, .text = {"Acme", 4}},
							  {.kind = BRIM_VALUE_NUMBER, .number = 90}};
	HeadcountDef def = {
		{.scorer = &headcount, .name = {"people", 6}, .high_above = 80, .medium_above = 60}, 100};
	BrimError error = {""};

	def.head.qualified_above = 75;
	score_and_explain(&def.head, values, 90);
	def.most = 0;
	unit_ok(headcount.compile(&def.head, NULL, brim_mem_malloc(), &error) == NULL &&
				strcmp(error.message, "field most: it must be above 0") == 0,
			"a definition that is not sound is refused in words of its kind");
	return unit_done();
}
