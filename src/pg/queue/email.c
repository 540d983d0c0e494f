/*-------------------------------------------------------------------------
 *
 * email.c
 *	  The sending queue: claim and barrier.
 *
 * Words: the token is a random number of one worker process; a row of the
 * ledger that it claimed carries it, and nothing but a statement with that
 * token changes the row until it is recorded.  The ledger has one row a company
 * and campaign.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/queue/email.h"
#include "pg/server/server.h"

/* clang-format off */

/*
 * What brim.is_suppressed() says of an e-mail, written out: a call of that
 * function for each row would cost more than all the rest.
 */
#define IS_SUPPRESSED(id) \
	"EXISTS (SELECT FROM brim.suppression)" \
	" AND EXISTS (" \
	"		SELECT FROM brim.email e" \
	"		 WHERE e.email_id = " id \
	"		   AND (EXISTS (SELECT FROM brim.suppression s" \
	"						 WHERE s.kind = 'company' AND s.value = e.company_id OFFSET 0)" \
	"				OR EXISTS (SELECT FROM brim.suppression s" \
	"							WHERE s.kind = 'address'" \
	"							  AND s.value = lower(e.recipient COLLATE \"C\") OFFSET 0)" \
	"				OR EXISTS (SELECT FROM brim.suppression s" \
	"							WHERE s.kind = 'domain'" \
	"							  AND s.value = split_part(lower(e.recipient COLLATE \"C\"), '@', -1) OFFSET 0)" \
	"				OR EXISTS (SELECT FROM brim.suppression s" \
	"							WHERE s.kind = 'domain'" \
	"							  AND s.value = (SELECT brim.domain_host(l.domain) FROM brim.lead l" \
	"											  WHERE l.company_id = e.company_id) OFFSET 0))" \
	"		OFFSET 0)"

/*
 * Highest score first; of the waiting variants of a company only the one with
 * the highest choice, of those that this node may send.  A company that is in
 * the ledger is left out, and so is everything on the suppression list: checked
 * in this very statement, so that whoever unsubscribed before it is never
 * mailed.  $5 says whether suspects are meant, which were claimed when a
 * worker died, or all others; $6 and $7 where in the queue to begin, $8 and $9 where
 * to end.
 *
 * An e-mail changes over from the queue to the ledger.  The ledger's key is the
 * guard: whom somebody else has entered meanwhile is not taken.
 */
static BrimStatement claim = {
	"WITH pick AS MATERIALIZED ("
	"	SELECT q.email_id, q.campaign, q.company_id, q.score, q.node_id, q.attempts, q.claims, q.crashes,"
	"		   brim.email_footer(c.sender_name, c.product_name, c.postal_address) AS footer"
	"	  FROM brim.email_queue q"
	"	  JOIN brim.campaign c ON c.name = q.campaign"
	"	 WHERE q.next_attempt_at <= $10"
	"	   AND q.node_id = $4"
	"	   AND (- q.score, q.email_id) > ($6, $7)"
	"	   AND (- q.score, q.email_id) <= ($8, $9)"
	"	   AND (q.crashes > 0) = $5"
	"	   AND c.is_active AND c.sender_address <> '' AND c.postal_address <> ''"
	"	   AND NOT (" IS_SUPPRESSED("q.email_id") ")"
	"	   AND NOT EXISTS ("
	"			SELECT FROM brim.email_queue o"
	"			 WHERE o.company_id = q.company_id AND o.campaign = q.campaign AND o.node_id = q.node_id"
	"			   AND (o.choice, o.email_id) > (q.choice, q.email_id)"
	"			OFFSET 0)"
	"	   AND NOT EXISTS ("
	"			SELECT FROM brim.send_ledger l"
	"			 WHERE l.company_id = q.company_id AND l.campaign = q.campaign"
	"			OFFSET 0)"
	"	 ORDER BY - q.score, q.email_id"
	"	 LIMIT $1"
	"	   FOR UPDATE OF q SKIP LOCKED),"
	" entered AS ("
	"	INSERT INTO brim.send_ledger (email_id, campaign, company_id, score, node_id, attempts, claims, crashes,"
	"								  footer, claimed_at, claim_token, claimed_by, state)"
	"	SELECT p.email_id, p.campaign, p.company_id, p.score, p.node_id, p.attempts, p.claims + 1, p.crashes,"
	"		   p.footer, $10, $2, $3, 'claimed'"
	"	  FROM pick p"
	"	    ON CONFLICT DO NOTHING"
	"	RETURNING email_id, campaign, score, attempts, claims, footer),"
	" taken AS ("
	"	DELETE FROM brim.email_queue q"
	"	 WHERE q.email_id = ANY (ARRAY(SELECT n.email_id FROM entered n))),"
	" owner AS ("
	"	INSERT INTO brim.email_owner AS o (claimed_by, claim_token, since)"
	"	SELECT $3, $2, $10"
	"	 WHERE EXISTS (SELECT FROM pick)"
	"	   AND NOT EXISTS (SELECT FROM brim.email_owner x"
	"						WHERE x.claimed_by = $3 AND x.claim_token = $2 AND x.since <= $10 OFFSET 0)"
	"	    ON CONFLICT (claimed_by, claim_token) DO UPDATE"
	"	   SET since = least(o.since, excluded.since))"
	"SELECT n.email_id, n.claims, n.score, c.sender_name, c.sender_address, c.reply_to,"
	"	   e.recipient, e.recipient_name, e.subject, e.body, n.footer, e.message_id,"
	"	   floor(extract(epoch FROM e.message_date))::bigint, n.attempts"
	"  FROM entered n"
	" CROSS JOIN LATERAL (SELECT x.sender_name, x.sender_address, x.reply_to"
	"					   FROM brim.campaign x WHERE x.name = n.campaign OFFSET 0) c"
	" CROSS JOIN LATERAL (SELECT x.recipient, x.recipient_name, x.subject, x.body, x.message_id, x.message_date"
	"					   FROM brim.email x WHERE x.email_id = n.email_id OFFSET 0) e",
	BRIM_CLAIM_PARAMETERS, BRIM_CLAIM_TYPES, NULL};

/*
 * Everything this process has under way was taken at owner.since or later.
 * What is settled has no token, so the first row that has ours says how far
 * that may be moved up.
 */
static BrimStatement note_settled = {
	"UPDATE brim.email_owner o"
	"   SET since = coalesce((SELECT l.claimed_at FROM brim.send_ledger l"
	"						   WHERE l.claimed_at >= o.since AND l.claim_token = $2"
	"						   ORDER BY l.claimed_at LIMIT 1), $3)"
	" WHERE o.claimed_by = $1 AND o.claim_token = $2",
	3, {INT4OID, INT8OID, TIMESTAMPTZOID}, NULL};

BrimQueueTable brim_email_queue = {
	.name = "brim.email_queue",
	.key = "email_id",
	.by_score = true,
	.waiting = "true",
	.since = "queued_at",
};

/*
 * Rows of the ledger are found by their key, which is given as an array: a join
 * would be planned by the size that the ledger had then, and walk all of it
 * later.
 *
 * Guards of the barrier: whoever unsubscribed since the claim is not mailed
 * either, as long as nothing is said; and the row is still ours (state, token
 * and number of the claim).
 */
static BrimStatement barrier = {
	"WITH gone AS ("
	"	DELETE FROM brim.send_ledger l"
	"	 WHERE l.email_id = ANY ($1) AND l.state = 'claimed' AND l.claim_token = $2"
	"	   AND " IS_SUPPRESSED("l.email_id")
	"	RETURNING l.*),"
	" parked AS ("
	"	INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id,"
	"								   attempts, claims, crashes, footer, status)"
	"	SELECT g.email_id, g.campaign, g.company_id, e.choice, g.score, g.node_id,"
	"		   g.attempts, g.claims, g.crashes, g.footer, 'suppressed'"
	"	  FROM gone g"
	"	 CROSS JOIN LATERAL (SELECT x.choice FROM brim.email x WHERE x.email_id = g.email_id OFFSET 0) e)"
	"UPDATE brim.send_ledger l"
	"   SET state = 'committing', dot_at = $4"
	" WHERE l.email_id = ANY ($1)"
	"   AND l.email_id <> ALL (ARRAY(SELECT g.email_id FROM gone g))"
	"   AND l.state = 'claimed'"
	"   AND l.claim_token = $2 AND l.claims = $3[array_position($1, l.email_id)]"
	" RETURNING l.email_id, l.claims",
	4, {INT8ARRAYOID, INT8OID, INT4ARRAYOID, TIMESTAMPTZOID}, NULL};

/* clang-format on */

#define NOTE_SETTLED_EVERY 64 /* claims */

/* Best first, as they were picked: RETURNING promises no order. */
static int
by_score(const void *a, const void *b)
{
	const BrimEmail *x = a;
	const BrimEmail *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->email_id < y->email_id ? -1 : (x->email_id > y->email_id ? 1 : 0);
}

/* A text column as UTF-8, empty for null. */
static char *
utf8_column(uint64 row, int column)
{
	char *text = brim_txn_to_utf8(brim_txn_text(row, column));

	return text != NULL ? text : pstrdup("");
}

int
brim_email_claim(const BrimClaim *what, MemoryContext context, BrimEmail **emails)
{
	static int    claims = 0;
	Datum         values[BRIM_CLAIM_PARAMETERS];
	uint64        n;
	MemoryContext old;

	if (++claims % NOTE_SETTLED_EVERY == 0)
	{
		values[0] = Int32GetDatum(what->number);
		values[1] = Int64GetDatum(what->token);
		values[2] = TimestampTzGetDatum(brim_clock_of_transaction());
		brim_txn_run(&note_settled, values, NULL);
	}
	brim_table_claim_values(what, values);
	n = brim_txn_run(&claim, values, NULL);
	old = MemoryContextSwitchTo(context);
	*emails = palloc0(sizeof(BrimEmail) * (n + 1));
	for (uint64 i = 0; i < n; i++)
	{
		BrimEmail *email = &(*emails)[i];

		email->email_id = brim_txn_int64(i, 1);
		email->claim_no = (int) brim_txn_int64(i, 2);
		email->score = (int) brim_txn_int64(i, 3);
		email->sender_name = utf8_column(i, 4);
		email->sender_address = utf8_column(i, 5);
		email->reply_to = utf8_column(i, 6);
		email->recipient = utf8_column(i, 7);
		email->recipient_name = utf8_column(i, 8);
		email->subject = utf8_column(i, 9);
		email->body = utf8_column(i, 10);
		email->footer = utf8_column(i, 11);
		email->message_id = utf8_column(i, 12);
		email->date = brim_txn_int64(i, 13);
		email->attempts = (int) brim_txn_int64(i, 14);
	}
	MemoryContextSwitchTo(old);
	qsort(*emails, n, sizeof(BrimEmail), by_score);
	return (int) n;
}

void
brim_email_barrier(const int64 *email_ids, const int *claim_nos, int n, int64 token, bool *granted)
{
	Datum  values[4] = {brim_txn_int8_array(email_ids, n), Int64GetDatum(token),
						brim_txn_int4_array(claim_nos, n),
						TimestampTzGetDatum(brim_clock_of_transaction())};
	uint64 rows;

	memset(granted, 0, sizeof(bool) * n);
	rows = brim_txn_run(&barrier, values, NULL);
	for (uint64 row = 0; row < rows; row++)
		for (int i = 0; i < n; i++)
			if (email_ids[i] == brim_txn_int64(row, 1) && claim_nos[i] == brim_txn_int64(row, 2))
				granted[i] = true;
	BRIM_FAULT("barrier_rows");
}
