/*-------------------------------------------------------------------------
 *
 * email_record.c
 *	  The sending queue: what became of claimed e-mails; see email_record.h.
 *
 * What was sent and what is in doubt stays in the ledger.  What was refused for
 * sure leaves it, for the queue or for where nobody claims, so that the company
 * may be tried again.  Whoever records has closed the connection or has its
 * answer, and writes no more of this e-mail; so the row has no owner then.  A
 * row that somebody else made uncertain keeps its owner, whose late yes still
 * counts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/queue/email_record.h"
#include "pg/server/server.h"

/* clang-format off */

/*
 * Guard: the row is still ours, $2 being the token and $3 the numbers of the
 * claims.  Keys are an array and the rest is found by its place there: a join
 * would be planned by the size that the ledger had then, and walk all of it
 * later.
 */
#define PLACE "array_position($1, l.email_id)"
#define IS_OURS \
	" WHERE l.email_id = ANY ($1)" \
	"   AND l.claim_token = $2 AND l.claims = $3[" PLACE "]"

/*
 * One e-mail a company is tried to the end.  Its other variants are over then:
 * they leave the queue and the place where they were held, which makes them
 * superseded.  An operator may be moving one of them to and fro meanwhile, and
 * who waits for a lock in one table does not see what has come into the other.
 * So the queue comes first.  If one that was seen there was gone when the lock
 * was ours, or one is parked, the other table and the queue follow in statements
 * of their own.
 */
#define OTHERS_IN(table, companies) \
	"SELECT x.email_id" \
	"  FROM " companies " k" \
	" CROSS JOIN LATERAL (SELECT y.email_id FROM " table " y" \
	"					   WHERE y.company_id = k.company_id AND y.campaign = k.campaign OFFSET 0) x"

#define SUPERSEDE(companies) \
	" others AS MATERIALIZED (" OTHERS_IN("brim.email_queue", companies) ")," \
	" over AS (" \
	"	DELETE FROM brim.email_queue q WHERE q.email_id = ANY (ARRAY(SELECT o.email_id FROM others o))" \
	"	RETURNING q.email_id)"

#define MORE_TO_SUPERSEDE(companies) \
	"(SELECT count(*) FROM others) > (SELECT count(*) FROM over)" \
	"	   OR EXISTS (" OTHERS_IN("brim.email_parked", companies) ")"

static BrimStatement record_sent = {
	"WITH sent AS ("
	"	UPDATE brim.send_ledger l"
	"	   SET claim_token = NULL, claimed_by = NULL, state = 'sent',"
	"		   sent_at = least(greatest($10, l.claimed_at), l.claimed_at + interval '24 hours'),"
	"		   started_at = $4[" PLACE "], phase = $5[" PLACE "],"
	"		   smtp_code = nullif($6[" PLACE "], 0), enhanced_code = nullif($7[" PLACE "], ''),"
	"		   reply = $8[" PLACE "], relay = $9[" PLACE "]"
	IS_OURS
	"	   AND l.state IN ('committing', 'uncertain')"
	"	RETURNING l.email_id, l.claims, l.campaign, l.company_id),"
	SUPERSEDE("sent")
	"SELECT s.email_id, s.claims, s.campaign, s.company_id,"
	"	   " MORE_TO_SUPERSEDE("sent")
	"  FROM sent s",
	10,
	{INT8ARRAYOID, INT8OID, INT4ARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
	 TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID},
	NULL};

static BrimStatement record_uncertain = {
	"UPDATE brim.send_ledger l"
	"   SET claim_token = NULL, claimed_by = NULL, state = 'uncertain'"
	IS_OURS
	"   AND l.state IN ('claimed', 'committing')"
	" RETURNING l.email_id, l.claims, l.campaign, l.company_id",
	3, {INT8ARRAYOID, INT8OID, INT4ARRAYOID}, NULL};

static BrimStatement record_queued = {
	"WITH gone AS ("
	"	DELETE FROM brim.send_ledger l"
	IS_OURS
	"	   AND l.state IN ('claimed', 'committing')"
	"	RETURNING l.*, " PLACE " AS place)"
	"INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id,"
	"							   attempts, claims, crashes, footer, queued_at, next_attempt_at)"
	"SELECT g.email_id, g.campaign, g.company_id, e.choice, g.score, g.node_id,"
	"	   g.attempts + $4[g.place], g.claims, g.crashes, g.footer, $6, $6 + $5[g.place] * interval '1 second'"
	"  FROM gone g"
	" CROSS JOIN LATERAL (SELECT x.choice FROM brim.email x WHERE x.email_id = g.email_id OFFSET 0) e"
	" RETURNING email_id, claims, campaign, company_id",
	6, {INT8ARRAYOID, INT8OID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, TIMESTAMPTZOID}, NULL};

static BrimStatement record_parked = {
	"WITH gone AS ("
	"	DELETE FROM brim.send_ledger l"
	IS_OURS
	"	   AND l.state IN ('claimed', 'committing')"
	"	RETURNING l.*, " PLACE " AS place)"
	"INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id,"
	"								attempts, claims, crashes, footer, status, hold_reason)"
	"SELECT g.email_id, g.campaign, g.company_id, e.choice, g.score, g.node_id,"
	"	   g.attempts + $4[g.place], g.claims, g.crashes, g.footer, $5[g.place], $6[g.place]"
	"  FROM gone g"
	" CROSS JOIN LATERAL (SELECT x.choice FROM brim.email x WHERE x.email_id = g.email_id OFFSET 0) e"
	" RETURNING email_id, claims, campaign, company_id",
	6, {INT8ARRAYOID, INT8OID, INT4ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID}, NULL};

/* A try that was not accepted is a row; one that was is in the ledger. */
static BrimStatement record_attempts = {
	"INSERT INTO brim.email_attempt (email_id, attempt_no, phase, outcome, smtp_code,"
	"								 enhanced_code, reply, relay, started_at, ended_at)"
	"SELECT r.email_id, r.attempt_no, r.phase, r.outcome, nullif(r.smtp_code, 0),"
	"	   nullif(r.enhanced_code, ''), r.reply, r.relay, r.started_at, r.ended_at"
	"  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	"	   AS r (email_id, attempt_no, started_at, phase, smtp_code, enhanced_code, reply, relay, outcome, ended_at)"
	"    ON CONFLICT (email_id, attempt_no) DO NOTHING",
	10,
	{INT8ARRAYOID, INT4ARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	 TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID},
	NULL};

static BrimStatement record_events = {
	"INSERT INTO brim.event (event_type, company_id, email_id, data)"
	"SELECT 'email_' || $2, e.company_id, e.email_id,"
	"	   jsonb_build_object('campaign', e.campaign, 'variant', e.variant, 'message_id', e.message_id)"
	"  FROM brim.email e"
	" WHERE e.email_id = ANY ($1)",
	2, {INT8ARRAYOID, TEXTOID}, NULL};

static BrimStatement record_suppression = {
	"INSERT INTO brim.suppression (kind, value, reason)"
	"SELECT DISTINCT 'address', lower(e.recipient), 'the mail server says that the address does not exist'"
	"  FROM brim.email e"
	" WHERE e.email_id = ANY ($1)"
	"    ON CONFLICT (kind, value) DO NOTHING",
	1, {INT8ARRAYOID}, NULL};

#define COMPANIES "(SELECT * FROM unnest($1::text[], $2::text[]) AS u (campaign, company_id))"

static BrimStatement supersede_queued = {
	"DELETE FROM brim.email_queue q"
	" WHERE q.email_id = ANY (ARRAY(" OTHERS_IN("brim.email_queue", COMPANIES) "))",
	2, {TEXTARRAYOID, TEXTARRAYOID}, NULL};

static BrimStatement supersede_parked = {
	"DELETE FROM brim.email_parked p"
	" WHERE p.email_id = ANY (ARRAY(" OTHERS_IN("brim.email_parked", COMPANIES) "))"
	"   AND p.status IN ('draft', 'held')",
	2, {TEXTARRAYOID, TEXTARRAYOID}, NULL};

/* clang-format on */

/* Results of one kind, as arrays for a statement. */
typedef struct Results
{
	int          n;
	int64       *ids;
	int         *numbers;
	int         *charges;
	int         *delays;
	int         *codes;
	const char **statuses;
	const char **reasons;
	const char **phases;
	const char **outcomes;
	const char **enhanced;
	const char **replies;
	const char **relays;
	TimestampTz *started;
	TimestampTz *ended;
} Results;

/* Companies whose other e-mails are over. */
typedef struct Companies
{
	int          n;
	const char **campaigns;
	const char **ids;
} Companies;

static void
results_init(Results *r, int max)
{
	memset(r, 0, sizeof(*r));
	r->ids = palloc(sizeof(int64) * max);
	r->numbers = palloc(sizeof(int) * max);
	r->charges = palloc(sizeof(int) * max);
	r->delays = palloc(sizeof(int) * max);
	r->codes = palloc(sizeof(int) * max);
	r->statuses = palloc(sizeof(char *) * max);
	r->reasons = palloc(sizeof(char *) * max);
	r->phases = palloc(sizeof(char *) * max);
	r->outcomes = palloc(sizeof(char *) * max);
	r->enhanced = palloc(sizeof(char *) * max);
	r->replies = palloc(sizeof(char *) * max);
	r->relays = palloc(sizeof(char *) * max);
	r->started = palloc(sizeof(TimestampTz) * max);
	r->ended = palloc(sizeof(TimestampTz) * max);
}

/* Reply and relay come from outside, as UTF-8; NULL stays NULL. */
static char *
outside_text(const char *text)
{
	return text == NULL ? NULL : brim_txn_from_utf8(text);
}

static void
results_add(Results *r, const BrimEmailResult *result)
{
	int i = r->n++;

	r->ids[i] = result->email_id;
	r->numbers[i] = result->attempt_no;
	r->charges[i] = result->charged ? 1 : 0;
	r->delays[i] = result->delay;
	r->codes[i] = result->smtp_code;
	r->statuses[i] = result->status;
	r->reasons[i] = result->hold_reason;
	r->phases[i] = result->phase;
	r->outcomes[i] = result->outcome;
	r->enhanced[i] = result->enhanced_code;
	r->replies[i] = outside_text(result->reply);
	r->relays[i] = outside_text(result->relay);
	r->started[i] = result->started_at;
	r->ended[i] = result->ended_at;
}

static Datum
time_array(const TimestampTz *times, int n)
{
	Datum *datums = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		datums[i] = TimestampTzGetDatum(times[i]);
	return PointerGetDatum(construct_array(datums, n, TIMESTAMPTZOID, sizeof(TimestampTz),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Values of the statements about the ledger, up to the numbers of the claims. */
static void
own_values(const Results *r, int64 token, Datum *values)
{
	values[0] = brim_txn_int8_array(r->ids, r->n);
	values[1] = Int64GetDatum(token);
	values[2] = brim_txn_int4_array(r->numbers, r->n);
}

/* Values that record_sent and record_attempts have in common: from the time it began to the relay. */
static void
attempt_values(const Results *r, Datum *values)
{
	values[0] = time_array(r->started, r->n);
	values[1] = brim_txn_text_array(r->phases, r->n);
	values[2] = brim_txn_int4_array(r->codes, r->n);
	values[3] = brim_txn_text_array(r->enhanced, r->n);
	values[4] = brim_txn_text_array(r->replies, r->n);
	values[5] = brim_txn_text_array(r->relays, r->n);
}

/* The company of a row of the statement that was just run. */
static void
note_company(Companies *companies, uint64 row)
{
	companies->campaigns[companies->n] = brim_txn_text(row, 3);
	companies->ids[companies->n++] = brim_txn_text(row, 4);
}

/*
 * Which of the results the statement that was just run found to be ours: they
 * go to ours; the companies of those that failed are noted.
 */
static int
take_ours(uint64 rows, const BrimEmailResult *all, int nall, const BrimEmailResult **ours,
		  Companies *companies)
{
	int n = 0;

	for (uint64 row = 0; row < rows; row++)
	{
		int i = 0;

		while (i < nall && (all[i].email_id != brim_txn_int64(row, 1) ||
							all[i].attempt_no != brim_txn_int64(row, 2)))
			i++;
		if (i == nall)
			continue;
		ours[n++] = &all[i];
		if (strcmp(all[i].status, "failed") == 0)
			note_company(companies, row);
	}
	return n;
}

/* End what waits for these companies: the queue comes first, and once more. */
static void
supersede(const Companies *companies)
{
	Datum values[2] = {brim_txn_text_array(companies->campaigns, companies->n),
					   brim_txn_text_array(companies->ids, companies->n)};

	brim_txn_run(&supersede_queued, values, NULL);
	brim_txn_run(&supersede_parked, values, NULL);
	brim_txn_run(&supersede_queued, values, NULL);
}

static void
record_failures(const BrimEmailResult *const *results, int n)
{
	static const char *const events[] = {"failed", "uncertain"};
	Results                  failures;
	int64                   *ids = palloc(sizeof(int64) * n);
	int                      nids;
	Datum                    values[10];

	results_init(&failures, n);
	for (int i = 0; i < n; i++)
		results_add(&failures, results[i]);
	values[0] = brim_txn_int8_array(failures.ids, n);
	values[1] = brim_txn_int4_array(failures.numbers, n);
	attempt_values(&failures, &values[2]);
	values[8] = brim_txn_text_array(failures.outcomes, n);
	values[9] = time_array(failures.ended, n);
	brim_txn_run(&record_attempts, values, NULL);

	for (size_t e = 0; e < lengthof(events); e++)
	{
		nids = 0;
		for (int i = 0; i < n; i++)
			if (strcmp(results[i]->status, events[e]) == 0)
				ids[nids++] = results[i]->email_id;
		if (nids == 0)
			continue;
		values[0] = brim_txn_int8_array(ids, nids);
		values[1] = CStringGetTextDatum(events[e]);
		brim_txn_run(&record_events, values, NULL);
	}

	nids = 0;
	for (int i = 0; i < n; i++)
		if (results[i]->suppress)
			ids[nids++] = results[i]->email_id;
	if (nids > 0)
	{
		values[0] = brim_txn_int8_array(ids, nids);
		brim_txn_run(&record_suppression, values, NULL);
	}
}

/*
 * Record results of e-mails that this process claimed.  What is no longer its
 * own (an operator or a recovery decided in between) is left alone.
 */
void
brim_email_record(const BrimEmailResult *all, int nall, int64 token)
{
	const BrimEmailResult **failures = palloc(sizeof(*failures) * nall);
	Companies               companies = {0};
	Results                 sent;
	Results                 uncertain;
	Results                 queued;
	Results                 parked;
	int                     nfailures = 0;
	uint64                  rows;
	Datum                   values[10];

	companies.campaigns = palloc(sizeof(char *) * nall);
	companies.ids = palloc(sizeof(char *) * nall);
	results_init(&sent, nall);
	results_init(&uncertain, nall);
	results_init(&queued, nall);
	results_init(&parked, nall);
	for (int i = 0; i < nall; i++)
	{
		const char *status = all[i].status;

		results_add(strcmp(status, "sent") == 0        ? &sent
					: strcmp(status, "uncertain") == 0 ? &uncertain
					: strcmp(status, "queued") == 0    ? &queued
													   : &parked,
					&all[i]);
	}

	if (sent.n > 0)
	{
		own_values(&sent, token, values);
		attempt_values(&sent, &values[3]);
		values[9] = TimestampTzGetDatum(brim_clock_of_transaction());
		rows = brim_txn_run(&record_sent, values, NULL);
		for (uint64 row = 0; row < rows && brim_txn_bool(0, 5); row++)
			note_company(&companies, row);
	}
	if (uncertain.n > 0)
	{
		own_values(&uncertain, token, values);
		nfailures += take_ours(brim_txn_run(&record_uncertain, values, NULL), all, nall,
							   &failures[nfailures], &companies);
	}
	if (queued.n > 0)
	{
		own_values(&queued, token, values);
		values[3] = brim_txn_int4_array(queued.charges, queued.n);
		values[4] = brim_txn_int4_array(queued.delays, queued.n);
		values[5] = TimestampTzGetDatum(brim_clock_of_transaction());
		nfailures += take_ours(brim_txn_run(&record_queued, values, NULL), all, nall,
							   &failures[nfailures], &companies);
	}
	if (parked.n > 0)
	{
		own_values(&parked, token, values);
		values[3] = brim_txn_int4_array(parked.charges, parked.n);
		values[4] = brim_txn_text_array(parked.statuses, parked.n);
		values[5] = brim_txn_text_array(parked.reasons, parked.n);
		nfailures += take_ours(brim_txn_run(&record_parked, values, NULL), all, nall,
							   &failures[nfailures], &companies);
	}
	BRIM_FAULT("record_rows");
	if (companies.n > 0)
		supersede(&companies);
	if (nfailures > 0)
		record_failures(failures, nfailures);
}
