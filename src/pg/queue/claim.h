/*-------------------------------------------------------------------------
 *
 * claim.h
 *	  What is common to claims from all queues.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_CLAIM_H
#define BRIM_PG_QUEUE_CLAIM_H

/* A place in a queue, which is ordered by falling score (where it has one), then by id. */
typedef struct BrimPlaceInQueue
{
	int   order; /* the score with the sign turned */
	int64 id;
} BrimPlaceInQueue;

#define BRIM_QUEUE_BEGIN ((BrimPlaceInQueue){PG_INT32_MIN, 0})
#define BRIM_QUEUE_END ((BrimPlaceInQueue){PG_INT32_MAX, PG_INT64_MAX})

typedef struct BrimClaim
{
	int         max;
	int64       token;   /* of the claiming process */
	int         number;  /* of the claiming worker */
	const char *node_id; /* rows of this installation only */

	/*
	 * Suspects, rows that were at hand when a worker died, or all others; of
	 * those that are behind one place, up to and including another.
	 */
	bool             suspects;
	BrimPlaceInQueue after;
	BrimPlaceInQueue until;
} BrimClaim;

/* Parameters of the claim statements, $1 to $10; the last is the worker's time. */
#define BRIM_CLAIM_PARAMETERS 10
#define BRIM_CLAIM_TYPES                                                                           \
	{                                                                                              \
		INT4OID, INT8OID, INT4OID, TEXTOID, BOOLOID, INT4OID, INT8OID, INT4OID, INT8OID,           \
			TIMESTAMPTZOID                                                                         \
	}

extern void brim_claim_values(const BrimClaim *what, Datum *values);

#endif /* BRIM_PG_QUEUE_CLAIM_H */
