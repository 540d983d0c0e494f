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

/* In the order in which they came, those that a lead still has; see claim in generation.c. */
static BrimStatement claim = {
	"WITH pick AS MATERIALIZED ("
	" SELECT c.classification_id"
	"   FROM brim.classification c"
	"  WHERE c.status = 'queued' AND c.next_attempt_at <= $10 AND c.node_id = $4"
	"    AND c.classification_id > $7 AND c.classification_id <= $9"
	"    AND $6 <= 0 AND $8 >= 0"
	"    AND (c.crashes > 0) = $5"
	"    AND EXISTS (SELECT FROM brim.lead_text t WHERE t.content_hash = c.content_hash OFFSET 0)"
	"  ORDER BY c.classification_id"
	"  LIMIT $1"
	"  FOR UPDATE OF c SKIP LOCKED)"
	"UPDATE brim.classification c"
	"   SET status = 'running', claim_token = $2, claimed_by = $3"
	"  FROM pick p"
	" WHERE c.classification_id = p.classification_id"
	" RETURNING c.classification_id, c.attempts, c.goes_apart, c.source, c.content",
	BRIM_CLAIM_PARAMETERS, BRIM_CLAIM_TYPES, NULL};

static BrimStatement suspects = {"SELECT c.classification_id"
								 "  FROM brim.classification c"
								 " WHERE c.status = 'queued' AND c.crashes > 0"
								 "   AND c.next_attempt_at <= $3 AND c.node_id = $1"
								 " ORDER BY c.classification_id"
								 " LIMIT $2",
								 3,
								 {TEXTOID, INT4OID, TIMESTAMPTZOID},
								 NULL};

static BrimStatement next_due = {
	"SELECT (SELECT c.next_attempt_at FROM brim.classification c"
	"         WHERE c.status = 'queued' AND c.next_attempt_at > c.created_at"
	"           AND c.next_attempt_at > $1"
	"         ORDER BY c.next_attempt_at LIMIT 1),"
	"       EXISTS (SELECT FROM brim.classification c"
	"                WHERE c.status = 'queued' AND c.next_attempt_at <= $1)",
	1,
	{TIMESTAMPTZOID},
	NULL};

/* A description of 500 characters is within BRIM_GEMINI_MAX_DESCRIPTION bytes. */
static BrimStatement classes = {"SELECT c.class, c.polarity, left(c.description, 500)"
								"  FROM brim.intent_class c WHERE c.is_active"
								" ORDER BY c.class LIMIT $1",
								1,
								{INT4OID},
								NULL};

static BrimStatement record = {
	"UPDATE brim.classification c"
	"   SET status = r.status, attempts = c.attempts + r.charged,"
	"       next_attempt_at = CASE WHEN r.status = 'queued' THEN $15 + r.delay * interval '1 "
	"second'"
	"                              ELSE c.next_attempt_at END,"
	"       goes_apart = c.goes_apart OR r.apart = 1, error = r.error,"
	"       model = coalesce($9, c.model), model_version = coalesce($10, c.model_version),"
	"       prompt_tokens = CASE WHEN r.prompt >= 0 THEN coalesce(c.prompt_tokens, 0) + r.prompt"
	"                            ELSE c.prompt_tokens END,"
	"       output_tokens = CASE WHEN r.output >= 0 THEN coalesce(c.output_tokens, 0) + r.output"
	"                            ELSE c.output_tokens END,"
	"       thought_tokens = CASE WHEN r.thought >= 0 THEN coalesce(c.thought_tokens, 0) + "
	"r.thought"
	"                             ELSE c.thought_tokens END,"
	"       latency_ms = coalesce(nullif($11, -1), c.latency_ms),"
	"       finished_at = CASE WHEN r.status = 'queued' THEN NULL ELSE $15 END,"
	"       to_hand_on = r.status = 'done' AND c.classification_id = ANY ($12), handed_to = '',"
	"       claim_token = NULL, claimed_by = NULL"
	"  FROM unnest($2::bigint[], $3::text[], $4::int[], $5::int[], $6::int[], $7::text[],"
	"              $8::int[], $13::int[], $14::int[])"
	"       AS r (id, status, charged, apart, delay, error, prompt, output, thought)"
	" WHERE c.classification_id = r.id AND c.status = 'running' AND c.claim_token = $1"
	" RETURNING c.classification_id",
	15,
	{INT8OID, INT8ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
	 INT4ARRAYOID, TEXTOID, TEXTOID, INT4OID, INT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID,
	 TIMESTAMPTZOID},
	NULL};

static BrimStatement store = {
	"INSERT INTO brim.classification_event"
	"       (content_hash, event_no, class, polarity, certainty, evidence)"
	"SELECT c.content_hash, e.event_no, e.class, e.polarity,"
	"       CASE WHEN e.is_hedged = 1 THEN 'hedged' ELSE 'stated' END, e.evidence"
	"  FROM unnest($1::bigint[], $2::int[], $3::text[], $4::int[], $5::int[], $6::text[])"
	"       AS e (id, event_no, class, polarity, is_hedged, evidence)"
	"  JOIN brim.classification c ON c.classification_id = e.id AND c.status = 'done'"
	" WHERE e.id = ANY ($7)"
	"    ON CONFLICT DO NOTHING",
	7,
	{INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
	 INT8ARRAYOID},
	NULL};

static BrimStatement recover = {
	"UPDATE brim.classification c"
	"   SET status = CASE WHEN c.crashes + $3 >= 2 THEN 'held' ELSE 'queued' END,"
	"       hold_reason = CASE WHEN c.crashes + $3 >= 2 THEN 'poison' END,"
	"       crashes = c.crashes + $3, claim_token = NULL, claimed_by = NULL"
	" WHERE c.status = 'running' AND c.claimed_by = $1 AND c.claim_token <> $2",
	3,
	{INT4OID, INT8OID, INT4OID},
	NULL};

/* The clock was set back: what was due by the old one is due by the new one. */
static BrimStatement shift = {
	"UPDATE brim.classification c"
	"   SET next_attempt_at = c.next_attempt_at - $1 * interval '1 millisecond'"
	" WHERE c.status = 'queued' AND c.next_attempt_at > $2",
	2,
	{INT8OID, TIMESTAMPTZOID},
	NULL};

/* Claims of a transaction that failed in our eyes only. */
static BrimStatement forgotten = {
	"UPDATE brim.classification c"
	"   SET status = 'queued', claim_token = NULL, claimed_by = NULL"
	" WHERE c.status = 'running' AND c.claimed_by = $1 AND c.claim_token = $2"
	"   AND c.classification_id <> ALL ($3)",
	3,
	{INT4OID, INT8OID, INT8ARRAYOID},
	NULL};

static BrimStatement hand_on = {
	"SELECT brim.note_leads() + brim.give_events($1, $2) + brim.take_texts($1, $2)",
	2,
	{INT4OID, TIMESTAMPTZOID},
	NULL};

static BrimStatement next_lead = {
	"SELECT CASE WHEN EXISTS (SELECT FROM brim.classification c WHERE c.to_hand_on) THEN $1"
	"            ELSE least((SELECT p.due_at FROM brim.pending_lead p WHERE p.what = 'events'"
	"                         ORDER BY p.due_at LIMIT 1),"
	"                       (SELECT p.due_at FROM brim.pending_lead p WHERE p.what = 'texts'"
	"                         ORDER BY p.due_at LIMIT 1)) END",
	1,
	{TIMESTAMPTZOID},
	NULL};

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
	Datum         values[BRIM_CLAIM_PARAMETERS];
	uint64        n;
	MemoryContext old;

	brim_claim_values(what, values);
	n = brim_txn_run(&claim, values, NULL);
	old = MemoryContextSwitchTo(context);
	*texts = palloc0(sizeof(BrimText) * (n + 1));
	for (uint64 i = 0; i < n; i++)
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
	return (int) n;
}

int
brim_classification_suspects(const char *node_id, int max, BrimPlaceInQueue *places)
{
	Datum  values[3] = {CStringGetTextDatum(node_id), Int32GetDatum(max),
						TimestampTzGetDatum(brim_clock_of_transaction())};
	uint64 n = brim_txn_run(&suspects, values, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		places[i].order = 0;
		places[i].id = brim_txn_int64(i, 1);
	}
	return (int) n;
}

TimestampTz
brim_classification_next_due(bool *blocked)
{
	bool  isnull;
	Datum value;

	value = TimestampTzGetDatum(brim_clock_of_transaction());
	brim_txn_run(&next_due, &value, NULL);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	*blocked = brim_txn_bool(0, 2);
	return isnull ? DT_NOEND : DatumGetTimestampTz(value);
}

/* Store the events of the texts that are done; ours are those that we recorded just now. */
static void
store_events(const BrimTextResults *results, const int64 *ours, int nours)
{
	int          n = results->nevents;
	int64       *ids = palloc(sizeof(int64) * n);
	int         *numbers[3];
	const char **texts[2];
	Datum        values[7];

	for (int c = 0; c < 3; c++)
		numbers[c] = palloc(sizeof(int) * n);
	for (int c = 0; c < 2; c++)
		texts[c] = palloc(sizeof(char *) * n);
	for (int i = 0; i < n; i++)
	{
		const BrimTextEvent *event = &results->events[i];

		ids[i] = event->classification_id;
		numbers[0][i] = event->event_no;
		numbers[1][i] = event->polarity;
		numbers[2][i] = event->is_hedged;
		texts[0][i] = brim_txn_from_utf8(event->class);
		texts[1][i] = event->evidence != NULL ? brim_txn_from_utf8(event->evidence) : NULL;
	}
	values[0] = brim_txn_int8_array(ids, n);
	values[1] = brim_txn_int4_array(numbers[0], n);
	values[2] = brim_txn_text_array(texts[0], n);
	values[3] = brim_txn_int4_array(numbers[1], n);
	values[4] = brim_txn_int4_array(numbers[2], n);
	values[5] = brim_txn_text_array(texts[1], n);
	values[6] = brim_txn_int8_array(ours, nours);
	brim_txn_run(&store, values, NULL);
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = (text == NULL);
	return *isnull ? (Datum) 0 : CStringGetTextDatum(brim_txn_from_utf8(text));
}

int
brim_classification_record(const BrimTextResults *results, int64 token)
{
	int          n = results->ntexts;
	int64       *ids = palloc(sizeof(int64) * n);
	int64       *to_hand_on = palloc(sizeof(int64) * (results->nevents + 1));
	int         *numbers[6];
	const char **texts[2];
	Datum        values[15];
	bool         nulls[15] = {false};
	int          ours;

	for (int c = 0; c < 6; c++)
		numbers[c] = palloc(sizeof(int) * n);
	for (int c = 0; c < 2; c++)
		texts[c] = palloc(sizeof(char *) * n);
	for (int i = 0; i < n; i++)
	{
		const BrimTextResult *text = &results->texts[i];

		ids[i] = text->classification_id;
		texts[0][i] = text->status;
		texts[1][i] = text->error != NULL ? brim_txn_from_utf8(text->error) : NULL;
		numbers[0][i] = text->charged;
		numbers[1][i] = text->goes_apart;
		numbers[2][i] = text->delay;
		numbers[3][i] = text->prompt_tokens;
		numbers[4][i] = text->output_tokens;
		numbers[5][i] = text->thought_tokens;
	}
	for (int i = 0; i < results->nevents; i++)
		to_hand_on[i] = results->events[i].classification_id;
	values[0] = Int64GetDatum(token);
	values[1] = brim_txn_int8_array(ids, n);
	values[2] = brim_txn_text_array(texts[0], n);
	for (int c = 0; c < 3; c++)
		values[3 + c] = brim_txn_int4_array(numbers[c], n);
	values[6] = brim_txn_text_array(texts[1], n);
	values[7] = brim_txn_int4_array(numbers[3], n);
	values[8] = text_or_null(results->model, &nulls[8]);
	values[9] = text_or_null(results->model_version, &nulls[9]);
	values[10] = Int32GetDatum(results->latency_ms);
	values[11] = brim_txn_int8_array(to_hand_on, results->nevents);
	values[12] = brim_txn_int4_array(numbers[4], n);
	values[13] = brim_txn_int4_array(numbers[5], n);
	values[14] = TimestampTzGetDatum(brim_clock_of_transaction());
	ours = (int) brim_txn_run(&record, values, nulls);
	for (int i = 0; i < ours; i++)
		ids[i] = brim_txn_int64(i, 1);
	if (ours > 0 && results->nevents > 0)
		store_events(results, ids, ours);
	return ours;
}

int
brim_classification_recover(int64 token, int number, bool clean)
{
	Datum values[3] = {Int32GetDatum(number), Int64GetDatum(token), Int32GetDatum(clean ? 0 : 1)};

	return (int) brim_txn_run(&recover, values, NULL);
}

void
brim_classification_release_forgotten(int64 token, int number, const int64 *held, int n)
{
	Datum values[3] = {Int32GetDatum(number), Int64GetDatum(token), brim_txn_int8_array(held, n)};

	brim_txn_run(&forgotten, values, NULL);
}

void
brim_classification_shift(int64 milliseconds)
{
	Datum values[2] = {Int64GetDatum(milliseconds),
					   TimestampTzGetDatum(brim_clock_of_transaction())};

	brim_txn_run(&shift, values, NULL);
}

int
brim_classification_hand_on(TimestampTz *next)
{
	const TimestampTz now = brim_clock_of_transaction();

	Datum values[2] = {Int32GetDatum(STEP_LEADS), TimestampTzGetDatum(now)};
	int   n;
	bool  isnull;
	Datum value;

	brim_txn_run(&hand_on, values, NULL);
	n = (int) brim_txn_int64(0, 1);
	BRIM_FAULT("events_given");
	brim_txn_run(&next_lead, &values[1], NULL);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	*next = isnull ? DT_NOEND : DatumGetTimestampTz(value);
	if (n == 0 && *next <= brim_clock_now()) /* another worker is at it */
		*next = TimestampTzPlusMilliseconds(brim_clock_now(), 1000);
	return n;
}
