/*-------------------------------------------------------------------------
 *
 * email.h
 *	  The sending queue: claim, barrier, record.
 *
 * Every function runs inside a transaction that the caller began with
 * brim_txn_begin(); several of them may share one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_EMAIL_H
#define BRIM_PG_QUEUE_EMAIL_H

#include "datatype/timestamp.h"
#include "pg/queue/table.h"

/* One claimed e-mail; texts are UTF-8 in the context given to the claim. */
typedef struct BrimEmail
{
	/* Identity */
	int64 email_id;
	int   claim_no;
	int   score;

	/* Contents */
	char *sender_name;
	char *sender_address;
	char *reply_to;
	char *recipient;
	char *recipient_name;
	char *subject;
	char *body;
	char *footer;
	char *message_id;
	int64 date; /* seconds since 1970 UTC */

	/* History */
	int attempts; /* charged so far */
} BrimEmail;

/*
 * Claim e-mails in score order, one a company and campaign.  The array and its
 * texts are palloc'd in context.
 */
extern int brim_email_claim(const BrimClaim *what, MemoryContext context, BrimEmail **emails);

extern BrimQueueTable brim_email_queue;

/*
 * The barrier of n e-mails: granted[i] says whether e-mail i may be handed
 * over for good once this transaction is committed.
 */
extern void
brim_email_barrier(const int64 *email_ids, const int *claim_nos, int n, int64 token, bool *granted);

#endif /* BRIM_PG_QUEUE_EMAIL_H */
