/*-------------------------------------------------------------------------
 *
 * classification.h
 *	  The queue of texts to be classified: claim, record, hand on to the leads.
 *
 * Every function runs inside a transaction that the caller began with
 * brim_txn_begin().
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_CLASSIFICATION_H
#define BRIM_PG_QUEUE_CLASSIFICATION_H

#include "core/gemini/gemini.h"
#include "datatype/timestamp.h"
#include "pg/queue/table.h"

/* One claimed text; its words are UTF-8 in the context given to the claim. */
typedef struct BrimText
{
	int64          classification_id;
	int            attempts;   /* requests made so far */
	bool           goes_apart; /* ask about it alone */
	BrimGeminiText text;
} BrimText;

/* What became of one text */
typedef struct BrimTextResult
{
	int64       classification_id;
	const char *status;     /* queued, done or failed */
	int         charged;    /* counts as an attempt */
	int         goes_apart; /* with queued */
	int         delay;      /* seconds, with queued */
	const char *error;      /* UTF-8, or NULL */

	/* Its share of the request; 0 where unknown, -1 where it has none */
	int prompt_tokens;
	int output_tokens;
	int thought_tokens;
} BrimTextResult;

/* One event of a text that is done; UTF-8. */
typedef struct BrimTextEvent
{
	int64 classification_id;
	int   event_no; /* from 1 */
	const char *class;
	int         polarity;
	int         is_hedged;
	const char *evidence; /* or NULL */
} BrimTextEvent;

/* The results of one request */
typedef struct BrimTextResults
{
	const BrimTextResult *texts;
	int                   ntexts;
	const BrimTextEvent  *events;
	int                   nevents;
	const char           *model;         /* that was asked; NULL: nobody was */
	const char           *model_version; /* that answered, or NULL */
	int                   latency_ms;    /* -1: unknown */
} BrimTextResults;

/* The classes, in context; the first BRIM_GEMINI_MAX_CLASSES of them. */
extern int brim_classification_classes(MemoryContext context, BrimGeminiClass **classes);

extern BrimQueueTable brim_classification_queue;

extern int
brim_classification_claim(const BrimClaim *what, MemoryContext context, BrimText **texts);

/* Record the results of one request; returns how many texts were still ours. */
extern int brim_classification_record(const BrimTextResults *results, int64 token);

/*
 * One step of handing on what was found: notes some of the leads that have the
 * texts which are done, and gives some noted leads their events.  Returns how
 * many rows were looked at; *next is when there is more, DT_NOEND for never.
 */
extern int brim_classification_hand_on(TimestampTz *next);

#endif /* BRIM_PG_QUEUE_CLASSIFICATION_H */
