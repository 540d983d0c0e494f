/*-------------------------------------------------------------------------
 *
 * deliver_queue.h
 *	  State of the delivering job, and its transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_DELIVER_QUEUE_H
#define BRIM_WORKER_DELIVER_QUEUE_H

#include "worker/deliver.h"
#include "worker/tools.h"
#include "worker/walk.h"

#define BRIM_DELIVER_SLOTS 128

typedef enum BrimDeliverState
{
	SLOT_FREE,
	SLOT_SENDING,    /* on the way to the barrier */
	SLOT_AT_BARRIER, /* waits for the barrier's commit */
	SLOT_COMMITTED,  /* the last word is being said */
	SLOT_FINISHED,   /* to be recorded */
	SLOT_STUCK       /* could not be recorded; tried again now and then */
} BrimDeliverState;

typedef struct BrimDeliverSlot
{
	BrimDeliverState state;
	BrimBatch       *batch; /* owns the texts of the e-mail */
	BrimDelivery     delivery;
	bool             granted;     /* by the barrier that was just committed */
	bool             is_stale;    /* settings changed: the connection ends with this e-mail */
	bool             is_probe;    /* of a relay that was at fault */
	int64            alone_until; /* a suspect: nothing else is taken until then (clock); 0: none */
} BrimDeliverSlot;

typedef struct BrimDeliver
{
	BrimDeliverSlot      slots[BRIM_DELIVER_SLOTS];
	const BrimTransport *transport;
	bool                 is_misconfigured;
	BrimReport           report;

	/* Pace: what is left of the present batch */
	int batch_left;

	/* Where in the queue we are, and when to look for e-mails again */
	BrimCursor  cursor;
	bool        look;
	TimestampTz look_at;

	/* A transaction failed: it may have claimed all the same */
	bool may_have_forgotten;

	/* Pauses after errors: of claims, of recording what is stuck */
	BrimBackoff claims;
	BrimBackoff stuck;
} BrimDeliver;

extern BrimDeliver brim_deliver;

/* What one transaction of this job is to do, and what it found. */
typedef struct BrimDeliverTransaction
{
	int              max;     /* e-mails to claim */
	BrimDeliverSlot *only;    /* record this slot alone, or NULL for all */
	bool             reports; /* write what is new for brim.component */

	bool          installed;
	bool          is_probe;       /* what is claimed tries a relay that was at fault */
	bool          is_unconfirmed; /* a standby that is relied on may not know the barrier */
	bool          begins_batch;
	BrimWalk      walk;
	TimestampTz   look_at; /* when, if not at once */
	MemoryContext context; /* of the claimed e-mails */
	BrimEmail    *emails;
	int           nemails;
} BrimDeliverTransaction;

/*
 * Record finished slots, take waiting ones through the barrier, claim for free
 * ones, in one transaction.  arg is a BrimDeliverTransaction; nothing but it
 * and the slots' granted changes, so an error leaves the job as it was.
 */
extern void brim_deliver_transact(void *arg);

/* The server's words, or ours where it said nothing. */
extern const char *brim_deliver_reply(const BrimSmtpResult *result);

#endif /* BRIM_WORKER_DELIVER_QUEUE_H */
