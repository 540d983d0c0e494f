/*-------------------------------------------------------------------------
 *
 * classification.c
 *	  The queue of texts to be classified; see classification.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/queue/classification.h"
#include "pg/server/server.h"

#define STEP_LEADS 100 /* that get their events in one transaction */

/* clang-format off */

/* In the order in which they came, those that a lead still has */
BrimQueueTable brim_classification_queue = {
	.name = "brim.classification",
	.key = "classification_id",
	.waiting = "q.status = 'queued'",
	.since = "created_at",
	.claimed = "running",
	.gate =
		"EXISTS (SELECT FROM brim.lead_text t"
		"         WHERE t.content_hash = q.content_hash"
		"        OFFSET 0)",
	.source = "",
	.match = "",
	.columns = "q.attempts, q.goes_apart, q.source, q.content",
};

/* A description of 500 characters is within BRIM_GEMINI_MAX_DESCRIPTION bytes. */
static BrimStatement classes = {
	"SELECT c.class, c.polarity, left(c.description, 500)"
	"  FROM brim.intent_class c"
	" WHERE c.is_active"
	" ORDER BY c.class"
	" LIMIT $1",
	1, {INT4OID}, NULL};

static BrimStatement record = {
	"UPDATE brim.classification c"
	"   SET status = r.status,"
	"       attempts = c.attempts + r.charged,"
	"       next_attempt_at = CASE WHEN r.status = 'queued' THEN $15 + r.delay * interval '1 second'"
	"                              ELSE c.next_attempt_at END,"
	"       goes_apart = c.goes_apart OR r.apart = 1,"
	"       error = r.error,"
	"       model = coalesce($9, c.model),"
	"       model_version = coalesce($10, c.model_version),"
	"       prompt_tokens = CASE WHEN r.prompt >= 0 THEN coalesce(c.prompt_tokens, 0) + r.prompt"
	"                            ELSE c.prompt_tokens END,"
	"       output_tokens = CASE WHEN r.output >= 0 THEN coalesce(c.output_tokens, 0) + r.output"
	"                            ELSE c.output_tokens END,"
	"       thought_tokens = CASE WHEN r.thought >= 0 THEN coalesce(c.thought_tokens, 0) + r.thought"
	"                             ELSE c.thought_tokens END,"
	"       latency_ms = coalesce(nullif($11, -1), c.latency_ms),"
	"       finished_at = CASE WHEN r.status = 'queued' THEN NULL ELSE $15 END,"
	"       to_hand_on = r.status = 'done' AND c.classification_id = ANY ($12),"
	"       handed_to = '',"
	"       claim_token = NULL,"
	"       claimed_by = NULL"
	"  FROM unnest($2::bigint[], $3::text[], $4::int[], $5::int[], $6::int[], $7::text[],"
	"              $8::int[], $13::int[], $14::int[])"
	"       AS r (id, status, charged, apart, delay, error, prompt, output, thought)"
	" WHERE c.classification_id = r.id"
	"   AND c.status = 'running'"
	"   AND c.claim_token = $1"
	" RETURNING c.classification_id",
	15,
	{INT8OID, INT8ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
	 INT4ARRAYOID, TEXTOID, TEXTOID, INT4OID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
	 TIMESTAMPTZOID},
	NULL};

static BrimStatement store = {
	"INSERT INTO brim.classification_event"
	"       (content_hash, event_no, class, polarity, certainty, evidence)"
	" SELECT c.content_hash, e.event_no, e.class, e.polarity,"
	"        CASE WHEN e.is_hedged = 1 THEN 'hedged' ELSE 'stated' END, e.evidence"
	"   FROM unnest($1::bigint[], $2::int[], $3::text[], $4::int[], $5::int[], $6::text[])"
	"        AS e (id, event_no, class, polarity, is_hedged, evidence)"
	"   JOIN brim.classification c ON c.classification_id = e.id AND c.status = 'done'"
	"  WHERE e.id = ANY ($7)"
	"     ON CONFLICT DO NOTHING",
	7,
	{INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
	 INT8ARRAYOID},
	NULL};

static BrimStatement hand_on = {
	"SELECT brim.note_leads() + brim.give_events($1, $2) + brim.take_texts($1, $2)",
	2, {INT4OID, TIMESTAMPTZOID}, NULL};

static BrimStatement next_lead = {
	"SELECT CASE WHEN EXISTS (SELECT FROM brim.classification c WHERE c.to_hand_on) THEN $1"
	"            ELSE least((SELECT p.due_at FROM brim.pending_lead p"
	"                         WHERE p.what = 'events'"
	"                         ORDER BY p.due_at LIMIT 1),"
	"                       (SELECT p.due_at FROM brim.pending_lead p"
	"                         WHERE p.what = 'texts'"
	"                         ORDER BY p.due_at LIMIT 1)) END",
	1, {TIMESTAMPTZOID}, NULL};

/* clang-format on */

int
brim_classification_classes(MemoryContext context, BrimGeminiClass **found)
{
	Datum         values[1] = {Int32GetDatum(BRIM_GEMINI_MAX_CLASSES)};
	uint64        n = brim_txn_run(&classes, values, NULL);
	MemoryContext old = MemoryContextSwitchTo(context);

	*found = palloc0(sizeof(BrimGeminiClass) * (n + 1));
	for (uint64 i = 0; i < n; i++)
	{
		(*found)[i].name = brim_str(brim_txn_to_utf8(brim_txn_text(i, 1)));
		(*found)[i].polarity = (int) brim_txn_int64(i, 2);
		(*found)[i].description = brim_str(brim_txn_to_utf8(brim_txn_text(i, 3)));
	}
	MemoryContextSwitchTo(old);
	return (int) n;
}

static int
by_id(const void *a, const void *b)
{
	const BrimText *x = a;
	const BrimText *y = b;

	return x->classification_id < y->classification_id
			   ? -1
			   : (x->classification_id > y->classification_id ? 1 : 0);
}

int
brim_classification_claim(const BrimClaim *what, MemoryContext context, BrimText **texts)
{
	int           n = brim_table_claim(&brim_classification_queue, what);
	MemoryContext old = MemoryContextSwitchTo(context);

	*texts = palloc0(sizeof(BrimText) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		BrimText *text = &(*texts)[i];

		text->classification_id = brim_txn_int64(i, 1);
		text->attempts = (int) brim_txn_int64(i, 2);
		text->goes_apart = brim_txn_bool(i, 3);
		text->text.source = brim_str(brim_txn_to_utf8(brim_txn_text(i, 4)));
		text->text.content = brim_str(brim_txn_to_utf8(brim_txn_text(i, 5)));
	}
	MemoryContextSwitchTo(old);
	qsort(*texts, n, sizeof(BrimText), by_id);
	return n;
}

/* Store the events of the texts that are done; ours are those that we recorded just now. */
static void
store_events(const BrimTextEvent *events, int n, const int64 *ours, int nours)
{
	Datum values[] = {BRIM_TXN_COLUMN(INT8OID, events, n, classification_id),
					  BRIM_TXN_COLUMN(INT4OID, events, n, event_no),
					  BRIM_TXN_COLUMN(TEXTOID, events, n, class),
					  BRIM_TXN_COLUMN(INT4OID, events, n, polarity),
					  BRIM_TXN_COLUMN(INT4OID, events, n, is_hedged),
					  BRIM_TXN_COLUMN(TEXTOID, events, n, evidence),
					  brim_txn_int8_array(ours, nours)};

	brim_txn_run(&store, values, NULL);
}

int
brim_classification_record(const BrimTextResults *results, int64 token)
{
	const BrimTextResult *texts = results->texts;
	int                   n = results->ntexts;
	int64                *ids = palloc(sizeof(int64) * n);
	bool                  nulls[15] = {false};
	int                   ours;
	Datum                 values[15] = {
						Int64GetDatum(token),
						BRIM_TXN_COLUMN(INT8OID, texts, n, classification_id),
						BRIM_TXN_COLUMN(TEXTOID, texts, n, status),
						BRIM_TXN_COLUMN(INT4OID, texts, n, charged),
						BRIM_TXN_COLUMN(INT4OID, texts, n, goes_apart),
						BRIM_TXN_COLUMN(INT4OID, texts, n, delay),
						BRIM_TXN_COLUMN(TEXTOID, texts, n, error),
						BRIM_TXN_COLUMN(INT4OID, texts, n, prompt_tokens),
						brim_txn_utf8_or_null(results->model, &nulls[8]),
						brim_txn_utf8_or_null(results->model_version, &nulls[9]),
						Int32GetDatum(results->latency_ms),
						BRIM_TXN_COLUMN(INT8OID, results->events, results->nevents, classification_id),
						BRIM_TXN_COLUMN(INT4OID, texts, n, output_tokens),
						BRIM_TXN_COLUMN(INT4OID, texts, n, thought_tokens),
						TimestampTzGetDatum(brim_clock_of_transaction())};

	ours = (int) brim_txn_run(&record, values, nulls);
	for (int i = 0; i < ours; i++)
		ids[i] = brim_txn_int64(i, 1);
	if (ours > 0 && results->nevents > 0)
		store_events(results->events, results->nevents, ids, ours);
	return ours;
}

int
brim_classification_hand_on(TimestampTz *next)
{
	const TimestampTz now = brim_clock_of_transaction();

	Datum values[2] = {Int32GetDatum(STEP_LEADS), TimestampTzGetDatum(now)};
	int   n;

	brim_txn_run(&hand_on, values, NULL);
	n = (int) brim_txn_int64(0, 1);
	BRIM_FAULT("events_given");
	brim_txn_run(&next_lead, &values[1], NULL);
	*next = brim_txn_time(0, 1);
	if (*next == 0)
		*next = DT_NOEND;
	if (n == 0 && *next <= brim_clock_now()) /* another worker is at it */
		*next = TimestampTzPlusMilliseconds(brim_clock_now(), 1000);
	return n;
}
