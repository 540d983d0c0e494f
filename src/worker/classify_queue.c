/*-------------------------------------------------------------------------
 *
 * classify_queue.c
 *	  The transactions of the classifying job.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/base/base.h"
#include "pg/server/server.h"
#include "worker/classify_queue.h"
#include "worker/recovery.h"

/*
 * Is the i'th text of a request done?  One whose answer names a class that was
 * not given is asked about once more; then what else was found counts.
 */
static bool
is_done(const BrimClassifySlot *slot, int i)
{
	return slot->finish == FINISH_CLASSIFIED && slot->reply.findings[i].is_answered &&
		   (!slot->reply.findings[i].is_odd || slot->texts[i].attempts > 0);
}

/* What becomes of one text of a request. */
static void
settle_text(const BrimClassifySlot *slot, int i, BrimTextResult *result)
{
	const BrimText *text = &slot->texts[i];
	bool            done = is_done(slot, i);

	result->classification_id = text->classification_id;
	result->charged = slot->ask.charged;
	result->goes_apart = slot->go_apart;
	result->status = "queued";
	if (done)
		result->status = "done";
	else if (slot->finish == FINISH_FAIL)
		result->status = "failed";
	else if (slot->ask.charged)
	{
		result->delay =
			brim_retry_generation(text->attempts + 1, brim_process_random(), slot->hint);
		if (result->delay < 0)
			result->status = "failed";
		/* what failed in company goes alone at once */
		else if (slot->go_apart && slot->hint == 0)
			result->delay = 0;
	}
	if (slot->finish == FINISH_CLASSIFIED && !done)
	{
		result->goes_apart = slot->ntexts > 1;
		result->error = slot->reply.findings[i].is_odd ? "reply names a class that it was not given"
													   : "reply has no answer for this text";
	}
	else if (!done && slot->ask.error[0] != '\0')
		result->error = slot->ask.error;
}

/* The i'th of n even shares of a number of tokens; their sum is the number. */
static int
share(int tokens, int i, int n)
{
	return tokens < 0 ? -1 : tokens / n + (i < tokens % n);
}

/* The events that were found in the i'th text. */
static int
list_events(const BrimClassifySlot *slot, int i, BrimTextEvent *events)
{
	const BrimGeminiFinding *finding = &slot->reply.findings[i];

	for (int e = 0; e < finding->nevents; e++)
	{
		const BrimGeminiEvent *event = &finding->events[e];
		const BrimGeminiClass *class = &slot->question.classes[event->class_no];

		events[e].classification_id = slot->texts[i].classification_id;
		events[e].event_no = e + 1;
		events[e].class = class->name.data;
		events[e].polarity = class->polarity;
		events[e].is_hedged = event->is_hedged;
		events[e].evidence = event->evidence.data != NULL
								 ? pnstrdup(event->evidence.data, event->evidence.len)
								 : NULL;
	}
	return finding->nevents;
}

/* Record a finished slot inside the caller's transaction. */
static void
record(const BrimClassifySlot *slot)
{
	const BrimGeminiAnswer *answer = &slot->reply.answer;
	BrimTextResults         results = {.ntexts = slot->ntexts, .latency_ms = -1};
	BrimTextResult         *texts = palloc0(sizeof(BrimTextResult) * slot->ntexts);
	BrimTextEvent *events = palloc0(sizeof(BrimTextEvent) * slot->ntexts * BRIM_GEMINI_MAX_EVENTS);

	for (int i = 0; i < slot->ntexts; i++)
	{
		settle_text(slot, i, &texts[i]);
		texts[i].prompt_tokens = texts[i].output_tokens = texts[i].thought_tokens = -1;
		if (!slot->ask.charged)
			continue;
		texts[i].prompt_tokens = share(answer->prompt_tokens, i, slot->ntexts);
		texts[i].output_tokens = share(answer->output_tokens, i, slot->ntexts);
		texts[i].thought_tokens = share(answer->thought_tokens, i, slot->ntexts);
		if (is_done(slot, i))
			results.nevents += list_events(slot, i, events + results.nevents);
	}
	if (slot->ask.charged)
	{
		results.model = brim_gemini_model;
		results.model_version = answer->model_version[0] != '\0' ? answer->model_version : NULL;
		results.latency_ms = slot->ask.latency_ms;
	}
	results.texts = texts;
	results.events = events;
	(void) brim_classification_record(&results, brim_process_token);
}

void
brim_classify_record(BrimAskTransaction *txn)
{
	for (int i = 0; i < BRIM_CLASSIFY_SLOTS; i++)
		if (brim_asker_is_meant(txn, &brim_classifying[i].ask))
			record(&brim_classifying[i]);
	BRIM_FAULT("classification_recorded");
}

int
brim_classify_claim(const BrimClaim *what, void *arg, BrimPlaceInQueue *last)
{
	BrimAskTransaction *txn = arg;
	BrimClassifyRows   *rows = MemoryContextAllocZero(txn->context, sizeof(BrimClassifyRows));

	txn->rows = rows;
	rows->nclasses = brim_classification_classes(txn->context, &rows->classes);
	txn->nrows =
		rows->nclasses == 0 ? 0 : brim_classification_claim(what, txn->context, &rows->texts);
	rows->questions = MemoryContextAlloc(txn->context, sizeof(BrimGeminiText) * (txn->nrows + 1));
	for (int i = 0; i < txn->nrows; i++)
		rows->questions[i] = rows->texts[i].text;
	if (txn->nrows > 0)
	{
		last->order = 0;
		last->id = rows->texts[txn->nrows - 1].classification_id;
	}
	return txn->nrows;
}

/* After a transaction that failed: give back what it may have claimed all the same. */
void
brim_classify_release_forgotten(void)
{
	int64 *ids;
	int    n = 0;

	for (int i = 0; i < BRIM_CLASSIFY_SLOTS; i++)
		n += brim_classifying[i].ntexts;
	ids = palloc(sizeof(int64) * (n + 1));
	n = 0;
	for (int i = 0; i < BRIM_CLASSIFY_SLOTS; i++)
		for (int t = 0; t < brim_classifying[i].ntexts; t++)
			ids[n++] = brim_classifying[i].texts[t].classification_id;
	brim_classification_release_forgotten(brim_process_token, brim_process_number, ids, n);
}

void
brim_classify_hand_on(void *arg)
{
	BrimHandOn *step = arg;
	BrimNode    node;

	step->n = 0;
	step->next = DT_NOEND;
	step->installed = brim_txn_begin("brim: events of leads");
	if (!step->installed)
		return;
	if (brim_recovery_may_work(&node))
		step->n = brim_classification_hand_on(&step->next);
	brim_txn_commit();
}
