/*-------------------------------------------------------------------------
 *
 * email.c
 *	  The sending queue: claim, barrier, record.
 *
 * Words: the token is a random number of one worker process; a row that it
 * claimed carries it, and nothing but a statement with that token changes the
 * row until it is recorded.  The ledger has one row a company and campaign.
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

/*
 * What brim.is_suppressed(e.company_id, e.recipient) says, written out: a call
 * of that function for each row would cost more than all the rest.
 */
#define IS_SUPPRESSED                                                                              \
	"(EXISTS (SELECT FROM brim.suppression)"                                                       \
	"     AND (EXISTS (SELECT FROM brim.suppression s"                                             \
	"            WHERE s.kind = 'company' AND s.value = e.company_id OFFSET 0)"                    \
	"      OR EXISTS (SELECT FROM brim.suppression s"                                              \
	"            WHERE s.kind = 'address' AND s.value = lower(e.recipient COLLATE \"C\") OFFSET "  \
	"0)"                                                                                           \
	"      OR EXISTS (SELECT FROM brim.suppression s"                                              \
	"            WHERE s.kind = 'domain'"                                                          \
	"              AND s.value = split_part(lower(e.recipient COLLATE \"C\"), '@', -1) OFFSET 0)"  \
	"      OR EXISTS (SELECT FROM brim.suppression s"                                              \
	"            WHERE s.kind = 'domain' AND s.value ="                                            \
	"              (SELECT brim.domain_host(l.domain) FROM brim.lead l"                            \
	"                WHERE l.company_id = e.company_id) OFFSET 0)))"

/*
 * Highest score first; of the waiting variants of a company only the one with
 * the highest choice, of those that this node may send.  A company that has an
 * e-mail in flight, sent or in doubt is left out, and so is everything on the
 * suppression list: checked in this very statement, so that whoever
 * unsubscribed before it is never mailed.  $5 says whether suspects are meant,
 * which were at hand when a worker died, or all others; $6 and $7 where in the
 * queue to begin, $8 and $9 where to end.
 */
static BrimStatement claim = {
	"WITH pick AS MATERIALIZED ("
	" SELECT e.email_id"
	"   FROM brim.outbound_email e"
	"   JOIN brim.campaign c ON c.name = e.campaign"
	"  WHERE e.status = 'queued' AND e.next_attempt_at <= $10 AND e.node_id = $4"
	"    AND (- e.score, e.email_id) > ($6, $7) AND (- e.score, e.email_id) <= ($8, $9)"
	"    AND (e.crashes > 0) = $5"
	"    AND c.is_active AND c.sender_address <> '' AND c.postal_address <> ''"
	"    AND NOT " IS_SUPPRESSED "    AND NOT EXISTS (SELECT FROM brim.outbound_email o"
	"          WHERE o.campaign = e.campaign AND o.company_id = e.company_id"
	"            AND o.email_id <> e.email_id"
	"            AND (o.status IN ('claimed', 'committing', 'sent', 'uncertain')"
	"                 OR (o.status = 'queued' AND o.node_id = e.node_id"
	"                     AND (o.choice, o.email_id) > (e.choice, e.email_id)))"
	"         OFFSET 0)"
	"    AND NOT EXISTS (SELECT FROM brim.send_ledger l"
	"          WHERE l.campaign = e.campaign AND l.company_id = e.company_id"
	"            AND l.state NOT IN ('refused', 'released')"
	"         OFFSET 0)"
	"  ORDER BY - e.score, e.email_id"
	"  LIMIT $1"
	"  FOR UPDATE OF e SKIP LOCKED)"
	"UPDATE brim.outbound_email e"
	"   SET status = 'claimed', claim_token = $2, claimed_by = $3, claims = e.claims + 1,"
	"       footer = brim.email_footer(c.sender_name, c.product_name, c.postal_address)"
	"  FROM pick p, brim.campaign c"
	" WHERE e.email_id = p.email_id AND c.name = e.campaign"
	" RETURNING e.email_id, e.claims, e.score, c.sender_name, c.sender_address, c.reply_to,"
	"  e.recipient, e.recipient_name, e.subject, e.body, e.footer, e.message_id,"
	"  floor(extract(epoch FROM e.message_date))::bigint, e.attempts",
	BRIM_CLAIM_PARAMETERS, BRIM_CLAIM_TYPES, NULL};

BrimQueueTable brim_email_queue = {
	.name = "brim.outbound_email",
	.key = "email_id",
	.by_score = true,
	.waiting = "q.status = 'queued'",
	.since = "created_at",
};

/*
 * From here on rows are found by their key.  Statuses are parameters, so that
 * the planner cannot prove a partial index to hold what is looked for, and scan
 * all of it.
 *
 * Guards of the barrier: the row is still ours (state and token), and the
 * ledger takes the company unless an earlier e-mail of it may have arrived.
 */
static BrimStatement barrier_rows = {
	"UPDATE brim.outbound_email e SET status = 'committing'"
	"  FROM unnest($1::bigint[], $4::int[]) AS m (email_id, claim_no)"
	" WHERE e.email_id = m.email_id AND e.status = $3 AND e.claim_token = $2"
	"   AND e.claims = m.claim_no"
	" RETURNING e.email_id, e.claims",
	4,
	{INT8ARRAYOID, INT8OID, TEXTOID, INT4ARRAYOID},
	NULL};

/* Whoever unsubscribed since the claim is not mailed either, as long as nothing is said. */
static BrimStatement barrier_suppressed = {
	"UPDATE brim.outbound_email e"
	"   SET status = 'suppressed', claim_token = NULL, claimed_by = NULL"
	" WHERE e.email_id = ANY ($1) AND e.status = $3 AND e.claim_token = $2"
	"   AND " IS_SUPPRESSED,
	3,
	{INT8ARRAYOID, INT8OID, TEXTOID},
	NULL};

static BrimStatement barrier_ledger = {
	"INSERT INTO brim.send_ledger AS l (campaign, company_id, email_id, message_id, state)"
	" SELECT e.campaign, e.company_id, e.email_id, e.message_id, 'committing'"
	"   FROM brim.outbound_email e"
	"  WHERE e.email_id = ANY ($1) AND e.status = $3 AND e.claim_token = $2"
	" ON CONFLICT (campaign, company_id) DO UPDATE"
	"    SET email_id = excluded.email_id, message_id = excluded.message_id,"
	"        state = 'committing', dot_at = now()"
	"  WHERE l.state IN ('refused', 'released')"
	" RETURNING l.email_id",
	3,
	{INT8ARRAYOID, INT8OID, TEXTOID},
	NULL};

static BrimStatement barrier_refused = {
	"UPDATE brim.outbound_email e"
	"   SET status = 'held', hold_reason = 'already_mailed', claim_token = NULL, claimed_by = NULL"
	" WHERE e.email_id = ANY ($1) AND e.status = $3 AND e.claim_token = $2",
	3,
	{INT8ARRAYOID, INT8OID, TEXTOID},
	NULL};

/*
 * Results of claimed and committing rows.  Whoever records has closed the
 * connection or has its answer, and writes no more of this e-mail; so the row
 * has no owner then.  A row that somebody else made uncertain keeps its owner,
 * whose late answer still counts.
 */
static BrimStatement record_rows = {
	"UPDATE brim.outbound_email e"
	"   SET status = r.status, hold_reason = r.hold_reason,"
	"       attempts = e.attempts + r.charge,"
	"       next_attempt_at = CASE WHEN r.status = 'queued' THEN $8 + r.delay * interval '1 "
	"second'"
	"                              ELSE e.next_attempt_at END,"
	"       sent_at = CASE WHEN r.status = 'sent' THEN $8 ELSE e.sent_at END,"
	"       claim_token = NULL, claimed_by = NULL"
	"  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[], $7::int[])"
	"       AS r (email_id, status, hold_reason, charge, delay, claim_no)"
	" WHERE e.email_id = r.email_id AND e.claim_token = $6 AND e.claims = r.claim_no"
	"   AND (e.status IN ('claimed', 'committing') OR (e.status = 'uncertain' AND r.status = "
	"'sent'))"
	" RETURNING e.email_id, e.claims",
	8,
	{INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT8OID, INT4ARRAYOID,
	 TIMESTAMPTZOID},
	NULL};

static BrimStatement record_ledger = {
	"UPDATE brim.send_ledger l"
	"   SET state = CASE WHEN r.status IN ('sent', 'uncertain') THEN r.status ELSE 'refused' END"
	"  FROM unnest($1::bigint[], $2::text[]) AS r (email_id, status)"
	"  JOIN brim.outbound_email e ON e.email_id = r.email_id"
	" WHERE l.campaign = e.campaign AND l.company_id = e.company_id AND l.email_id = e.email_id"
	"   AND (l.state = 'committing' OR (l.state = 'uncertain' AND r.status = 'sent'))",
	2,
	{INT8ARRAYOID, TEXTARRAYOID},
	NULL};

static BrimStatement record_attempts = {
	"INSERT INTO brim.email_attempt (email_id, attempt_no, phase, outcome, smtp_code,"
	"                                enhanced_code, reply, relay, started_at, ended_at)"
	" SELECT r.email_id, r.attempt_no, r.phase, r.outcome, nullif(r.smtp_code, 0),"
	"        nullif(r.enhanced_code, ''), r.reply, r.relay,"
	"        timestamptz 'epoch' + r.started_at * interval '1 microsecond',"
	"        timestamptz 'epoch' + r.ended_at * interval '1 microsecond'"
	"   FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::int[], $6::text[],"
	"               $7::text[], $8::text[], $9::bigint[], $10::bigint[])"
	"        AS r (email_id, attempt_no, phase, outcome, smtp_code, enhanced_code, reply, relay,"
	"              started_at, ended_at)"
	" ON CONFLICT (email_id, attempt_no) DO NOTHING",
	10,
	{INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
	 TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID},
	NULL};

/* One e-mail a company is tried to the end; its other variants are over then. */
static BrimStatement record_siblings = {
	"UPDATE brim.outbound_email o SET status = 'superseded', hold_reason = NULL"
	"  FROM brim.outbound_email e"
	" WHERE e.email_id = ANY ($1) AND e.status IN ('sent', 'failed')"
	"   AND o.campaign = e.campaign AND o.company_id = e.company_id AND o.email_id <> e.email_id"
	"   AND o.status IN ('draft', 'queued', 'held')",
	1,
	{INT8ARRAYOID},
	NULL};

static BrimStatement record_events = {
	"INSERT INTO brim.event (event_type, company_id, email_id, data)"
	" SELECT 'email_' || e.status, e.company_id, e.email_id,"
	"        jsonb_build_object('campaign', e.campaign, 'variant', e.variant, 'message_id', "
	"e.message_id)"
	"   FROM brim.outbound_email e"
	"  WHERE e.email_id = ANY ($1) AND e.status IN ('sent', 'failed', 'uncertain')",
	1,
	{INT8ARRAYOID},
	NULL};

static BrimStatement record_suppression = {
	"INSERT INTO brim.suppression (kind, value, reason)"
	" SELECT DISTINCT 'address', lower(e.recipient), 'the mail server says that the address does "
	"not exist'"
	"   FROM brim.outbound_email e WHERE e.email_id = ANY ($1)"
	" ON CONFLICT (kind, value) DO NOTHING",
	1,
	{INT8ARRAYOID},
	NULL};

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
	Datum         values[BRIM_CLAIM_PARAMETERS];
	uint64        n;
	MemoryContext old;

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
						CStringGetTextDatum("claimed"), brim_txn_int4_array(claim_nos, n)};
	int64 *moved = palloc(sizeof(int64) * n);
	int   *places = palloc(sizeof(int) * n); /* of what moved, in email_ids */
	int    nmoved = 0;
	int    nrefused = 0;
	uint64 rows;

	memset(granted, 0, sizeof(bool) * n);
	brim_txn_run(&barrier_suppressed, values, NULL);
	rows = brim_txn_run(&barrier_rows, values, NULL);
	for (uint64 row = 0; row < rows; row++)
	{
		for (int i = 0; i < n; i++)
		{
			if (email_ids[i] != brim_txn_int64(row, 1) || claim_nos[i] != brim_txn_int64(row, 2))
				continue;
			places[nmoved] = i;
			moved[nmoved++] = email_ids[i];
		}
	}
	if (nmoved == 0)
		return;
	BRIM_FAULT("barrier_rows");
	values[0] = brim_txn_int8_array(moved, nmoved);
	values[2] = CStringGetTextDatum("committing");
	rows = brim_txn_run(&barrier_ledger, values, NULL);
	for (uint64 row = 0; row < rows; row++)
	{
		for (int i = 0; i < nmoved; i++)
			if (moved[i] == brim_txn_int64(row, 1))
				granted[places[i]] = true;
	}
	for (int i = 0; i < nmoved; i++)
		if (!granted[places[i]])
			moved[nrefused++] = moved[i];
	if (nrefused > 0)
	{
		values[0] = brim_txn_int8_array(moved, nrefused);
		brim_txn_run(&barrier_refused, values, NULL);
	}
}

/* Reply and relay come from outside, as UTF-8; NULL stays NULL. */
static char *
outside_text(const char *text)
{
	return text == NULL ? NULL : brim_txn_from_utf8(text);
}

/*
 * Record results of e-mails that this process claimed.  What is no longer its
 * own (an operator or a recovery decided in between) is left alone.
 */
void
brim_email_record(const BrimEmailResult *all, int nall, int64 token)
{
	const BrimEmailResult **results = palloc(sizeof(*results) * nall);
	int64                  *ids = palloc(sizeof(int64) * nall);
	int64                  *suppressed = palloc(sizeof(int64) * nall);
	int64                  *started = palloc(sizeof(int64) * nall);
	int64                  *ended = palloc(sizeof(int64) * nall);
	int                    *charges = palloc(sizeof(int) * nall);
	int                    *delays = palloc(sizeof(int) * nall);
	int                    *numbers = palloc(sizeof(int) * nall);
	int                    *codes = palloc(sizeof(int) * nall);
	const char            **statuses = palloc(sizeof(char *) * nall);
	const char            **reasons = palloc(sizeof(char *) * nall);
	const char            **phases = palloc(sizeof(char *) * nall);
	const char            **outcomes = palloc(sizeof(char *) * nall);
	const char            **enhanced = palloc(sizeof(char *) * nall);
	const char            **replies = palloc(sizeof(char *) * nall);
	const char            **relays = palloc(sizeof(char *) * nall);
	int                     nsuppressed = 0;
	int                     n = 0;
	uint64                  ours;
	Datum                   values[10];

	/* microseconds since 1970, as the statement adds them to the epoch */
	const int64 epoch = (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;

	for (int i = 0; i < nall; i++)
	{
		ids[i] = all[i].email_id;
		statuses[i] = all[i].status;
		reasons[i] = all[i].hold_reason;
		charges[i] = all[i].charged ? 1 : 0;
		delays[i] = all[i].delay;
		numbers[i] = all[i].attempt_no;
	}
	values[0] = brim_txn_int8_array(ids, nall);
	values[1] = brim_txn_text_array(statuses, nall);
	values[2] = brim_txn_text_array(reasons, nall);
	values[3] = brim_txn_int4_array(charges, nall);
	values[4] = brim_txn_int4_array(delays, nall);
	values[5] = Int64GetDatum(token);
	values[6] = brim_txn_int4_array(numbers, nall);
	values[7] = TimestampTzGetDatum(brim_clock_of_transaction());
	ours = brim_txn_run(&record_rows, values, NULL);

	for (uint64 row = 0; row < ours; row++)
	{
		int64 email_id = brim_txn_int64(row, 1);

		for (int i = 0; i < nall; i++)
			if (all[i].email_id == email_id && all[i].attempt_no == brim_txn_int64(row, 2))
				results[n++] = &all[i];
	}
	if (n == 0)
		return;
	BRIM_FAULT("record_rows");
	for (int i = 0; i < n; i++)
	{
		const BrimEmailResult *r = results[i];

		ids[i] = r->email_id;
		numbers[i] = r->attempt_no;
		statuses[i] = r->status;
		phases[i] = r->phase;
		outcomes[i] = r->outcome;
		codes[i] = r->smtp_code;
		enhanced[i] = r->enhanced_code;
		replies[i] = outside_text(r->reply);
		relays[i] = outside_text(r->relay);
		started[i] = r->started_at + epoch;
		ended[i] = r->ended_at + epoch;
		if (r->suppress)
			suppressed[nsuppressed++] = r->email_id;
	}
	values[0] = brim_txn_int8_array(ids, n);
	values[1] = brim_txn_text_array(statuses, n);
	brim_txn_run(&record_ledger, values, NULL);
	brim_txn_run(&record_siblings, values, NULL);
	brim_txn_run(&record_events, values, NULL);

	values[1] = brim_txn_int4_array(numbers, n);
	values[2] = brim_txn_text_array(phases, n);
	values[3] = brim_txn_text_array(outcomes, n);
	values[4] = brim_txn_int4_array(codes, n);
	values[5] = brim_txn_text_array(enhanced, n);
	values[6] = brim_txn_text_array(replies, n);
	values[7] = brim_txn_text_array(relays, n);
	values[8] = brim_txn_int8_array(started, n);
	values[9] = brim_txn_int8_array(ended, n);
	brim_txn_run(&record_attempts, values, NULL);

	if (nsuppressed > 0)
	{
		values[0] = brim_txn_int8_array(suppressed, nsuppressed);
		brim_txn_run(&record_suppression, values, NULL);
	}
}
