/*-------------------------------------------------------------------------
 *
 * enrich_queue.h
 *	  State of the classifying job, and its transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_ENRICH_QUEUE_H
#define BRIM_WORKER_ENRICH_QUEUE_H

#include "core/gemini/classify.h"
#include "pg/queue/classification.h"
#include "worker/asker.h"

/* The most texts in hand, too: each may have to go apart */
#define BRIM_ENRICH_SLOTS BRIM_ASKER_MAX_SLOTS

typedef enum BrimEnrichFinish
{
	FINISH_CLASSIFIED, /* those that have an answer; the others once more */
	FINISH_REQUEUE,    /* all once more, as their number of attempts says */
	FINISH_FAIL
} BrimEnrichFinish;

/* One request with its texts */
typedef struct BrimEnrichSlot
{
	BrimAskSlot        ask;
	const BrimText    *texts; /* in the batch */
	int                ntexts;
	BrimGeminiQuestion question;

	/* Result, when FINISHED */
	BrimEnrichFinish     finish;
	bool                 go_apart; /* with REQUEUE: each text alone next time */
	int                  hint;     /* seconds that the service asked for */
	BrimGeminiClassified reply;
} BrimEnrichSlot;

/* What a claim has found */
typedef struct BrimEnrichRows
{
	BrimText        *texts;
	BrimGeminiText  *questions; /* the same, as core wants them */
	BrimGeminiClass *classes;
	int              nclasses;
} BrimEnrichRows;

extern BrimEnrichSlot brim_enriching[BRIM_ENRICH_SLOTS];

/* What an asker's transaction does here; see BrimAskKind. */
extern void brim_enrich_record(BrimAskTransaction *txn);
extern int  brim_enrich_claim(const BrimClaim *what, void *arg, BrimPlaceInQueue *last);
extern void brim_enrich_release_forgotten(void);

/* A transaction of its own: hand on what was found to some of the leads. */
typedef struct BrimHandOn
{
	bool        installed;
	int         n;    /* rows looked at */
	TimestampTz next; /* when there is more */
} BrimHandOn;

extern void brim_enrich_hand_on(void *arg); /* a BrimHandOn */

#endif /* BRIM_WORKER_ENRICH_QUEUE_H */
