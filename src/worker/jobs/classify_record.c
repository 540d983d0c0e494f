/*-------------------------------------------------------------------------
 *
 * classify_record.c
 *	  What is recorded of a request about several texts; see classify_record.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "core/base/base.h"
#include "pg/server/server.h"
#include "worker/jobs/classify_record.h"

/*
 * Return true if the i'th text of a request is done.  One whose answer names a class that was
 * not given is asked about once more; then what else was found counts.
 */
static bool
is_done(const BrimClassifySlot *slot, int i)
{
	return slot->how == BRIM_CLASSIFY_DONE && slot->reply.findings[i].is_answered &&
		   (!slot->reply.findings[i].is_odd || slot->texts[i].attempts > 0);
}

/* What becomes of one text of a request. */
static void
settle_text(const BrimClassifySlot *slot, int i, BrimTextResult *result)
{
	const BrimText *text = &slot->texts[i];
	bool            done = is_done(slot, i);

	result->classification_id = text->classification_id;
	result->charged = slot->charged;
	result->goes_apart = slot->go_apart;
	result->status = "queued";
	if (done)
		result->status = "done";
	else if (slot->how == BRIM_CLASSIFY_FAIL)
		result->status = "failed";
	else if (slot->charged)
	{
		result->delay =
			brim_retry_generation(text->attempts + 1, brim_process_random(), slot->hint);
		if (result->delay < 0)
			result->status = "failed";
		/* what failed in company goes alone at once */
		else if (slot->go_apart && slot->hint == 0)
			result->delay = 0;
	}
	if (slot->how == BRIM_CLASSIFY_DONE && !done)
	{
		result->goes_apart = slot->ntexts > 1;
		result->error = slot->reply.findings[i].is_odd ? "reply names a class that it was not given"
													   : "reply has no answer for this text";
	}
	else if (!done && slot->error[0] != '\0')
		result->error = slot->error;
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

void
brim_classify_record(const BrimClassifySlot *slot)
{
	const BrimGeminiAnswer *answer = &slot->reply.answer;
	BrimTextResults         results = {.ntexts = slot->ntexts, .latency_ms = -1};
	BrimTextResult         *texts = palloc0(sizeof(BrimTextResult) * slot->ntexts);
	BrimTextEvent *events = palloc0(sizeof(BrimTextEvent) * slot->ntexts * BRIM_GEMINI_MAX_EVENTS);

	for (int i = 0; i < slot->ntexts; i++)
	{
		settle_text(slot, i, &texts[i]);
		texts[i].prompt_tokens = texts[i].output_tokens = texts[i].thought_tokens = -1;
		if (!slot->charged)
			continue;
		texts[i].prompt_tokens = share(answer->prompt_tokens, i, slot->ntexts);
		texts[i].output_tokens = share(answer->output_tokens, i, slot->ntexts);
		texts[i].thought_tokens = share(answer->thought_tokens, i, slot->ntexts);
		if (is_done(slot, i))
			results.nevents += list_events(slot, i, events + results.nevents);
	}
	if (slot->charged)
	{
		results.model = brim_gemini_model;
		results.model_version = answer->model_version[0] != '\0' ? answer->model_version : NULL;
		results.latency_ms = slot->latency_ms;
	}
	results.texts = texts;
	results.events = events;
	(void) brim_classification_record(&results, brim_process_token);
}
