/*-------------------------------------------------------------------------
 *
 * email_record.h
 *	  The sending queue: what became of claimed e-mails.
 *
 * It runs inside a transaction that the caller began with brim_txn_begin().
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_EMAIL_RECORD_H
#define BRIM_PG_QUEUE_EMAIL_RECORD_H

#include "datatype/timestamp.h"

/* What became of one claimed e-mail. */
typedef struct BrimEmailResult
{
	int64       email_id;
	int         attempt_no;  /* the number of the claim */
	const char *status;      /* queued, held, sent, failed or uncertain */
	const char *hold_reason; /* with held */
	bool        charged;     /* counts as a failed attempt */
	int         delay;       /* seconds until the next attempt, with queued */
	bool        suppress;    /* the recipient's address does not exist */

	/* The attempt */
	const char *phase;
	const char *outcome;
	int         smtp_code;
	const char *enhanced_code;
	const char *reply;
	const char *relay;
	TimestampTz started_at;
	TimestampTz ended_at;
} BrimEmailResult;

extern void brim_email_record(const BrimEmailResult *results, int n, int64 token);

#endif /* BRIM_PG_QUEUE_EMAIL_RECORD_H */
