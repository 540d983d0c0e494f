/*-------------------------------------------------------------------------
 *
 * classify_queue.h
 *	  State of the classifying job, and its transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_CLASSIFY_QUEUE_H
#define BRIM_WORKER_CLASSIFY_QUEUE_H

#include "core/gemini/gemini.h"
#include "pg/queue/queue.h"
#include "worker/asker.h"

/* Requests under way at once: half as many as write e-mails, at least one */
#define BRIM_CLASSIFY_CONNECTIONS Max(brim_gemini_connections / 2, 1)

/* The most texts in hand, too: each may have to go apart */
#define BRIM_CLASSIFY_SLOTS BRIM_ASKER_MAX_SLOTS

typedef enum BrimClassifyFinish
{
	FINISH_CLASSIFIED, /* those that have an answer; the others once more */
	FINISH_REQUEUE,    /* all once more, as their number of attempts says */
	FINISH_FAIL
} BrimClassifyFinish;

/* One request with its texts */
typedef struct BrimClassifySlot
{
	BrimAskSlot        ask;
	const BrimText    *texts; /* in the batch */
	int                ntexts;
	BrimGeminiQuestion question;

	/* Result, when FINISHED */
	BrimClassifyFinish   finish;
	bool                 go_apart; /* with REQUEUE: each text alone next time */
	int                  hint;     /* seconds that the service asked for */
	BrimGeminiClassified reply;
} BrimClassifySlot;

/* What a claim has found */
typedef struct BrimClassifyRows
{
	BrimText        *texts;
	BrimGeminiText  *questions; /* the same, as core wants them */
	BrimGeminiClass *classes;
	int              nclasses;
} BrimClassifyRows;

extern BrimClassifySlot brim_classifying[BRIM_CLASSIFY_SLOTS];

/* What an asker's transaction does here; see BrimAskKind. */
extern void brim_classify_record(BrimAskTransaction *txn);
extern int  brim_classify_claim(const BrimClaim *what, void *arg, BrimPlaceInQueue *last);
extern void brim_classify_release_forgotten(void);

/* A transaction of its own: hand on what was found to some of the leads. */
typedef struct BrimHandOn
{
	bool        installed;
	int         n;    /* rows looked at */
	TimestampTz next; /* when there is more */
} BrimHandOn;

extern void brim_classify_hand_on(void *arg); /* a BrimHandOn */

#endif /* BRIM_WORKER_CLASSIFY_QUEUE_H */
