/*-------------------------------------------------------------------------
 *
 * generation.c
 *	  The generation queue: claim, draft from templates, record.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/mail/mail.h"
#include "pg/queue/generation.h"
#include "pg/row/row.h"
#include "pg/server/server.h"

#define MAX_DRAFT (64 * 1024)

/* Highest score first, of active campaigns that say what they offer; see claim in email.c. */
static BrimStatement claim = {
	"WITH pick AS MATERIALIZED ("
	" SELECT g.generation_id"
	"   FROM brim.generation g"
	"   JOIN brim.campaign c ON c.name = g.campaign"
	"  WHERE g.status = 'queued' AND g.next_attempt_at <= $10 AND g.node_id = $4"
	"    AND (- g.score, g.generation_id) > ($6, $7)"
	"    AND (- g.score, g.generation_id) <= ($8, $9)"
	"    AND (g.crashes > 0) = $5"
	"    AND c.is_active AND c.product_pitch <> ''"
	"    AND EXISTS (SELECT FROM brim.variant v WHERE v.campaign = c.name AND v.is_active)"
	"  ORDER BY - g.score, g.generation_id"
	"  LIMIT $1"
	"  FOR UPDATE OF g SKIP LOCKED)"
	"UPDATE brim.generation g"
	"   SET status = 'running', claim_token = $2, claimed_by = $3"
	"  FROM pick p, brim.campaign c"
	" WHERE g.generation_id = p.generation_id AND c.name = g.campaign"
	" RETURNING g.generation_id, g.score, g.attempts, c.product_name, c.product_pitch, "
	"c.sender_name,"
	"  brim.company_facts(g.company_id)::text,"
	"  (SELECT array_agg(v.name ORDER BY v.name) FROM brim.variant v"
	"    WHERE v.campaign = c.name AND v.is_active),"
	"  (SELECT array_agg(v.instruction ORDER BY v.name) FROM brim.variant v"
	"    WHERE v.campaign = c.name AND v.is_active)",
	BRIM_CLAIM_PARAMETERS, BRIM_CLAIM_TYPES, NULL};

static BrimStatement suspects = {
	"SELECT - g.score, g.generation_id"
	"  FROM brim.generation g"
	" WHERE g.status = 'queued' AND g.crashes > 0 AND g.next_attempt_at <= $3"
	"   AND g.node_id = $1"
	" ORDER BY - g.score, g.generation_id"
	" LIMIT $2",
	3,
	{TEXTOID, INT4OID, TIMESTAMPTZOID},
	NULL};

static BrimStatement next_due = {
	"SELECT (SELECT g.next_attempt_at FROM brim.generation g"
	"         WHERE g.status = 'queued' AND g.next_attempt_at > g.created_at"
	"           AND g.next_attempt_at > $1"
	"         ORDER BY g.next_attempt_at LIMIT 1),"
	"       EXISTS (SELECT FROM brim.generation g"
	"                WHERE g.status = 'queued' AND g.next_attempt_at <= $1)",
	1,
	{TIMESTAMPTZOID},
	NULL};

static BrimStatement templates = {
	"SELECT t.variant, t.subject, t.body, t.names, t.vals FROM brim.template_choice($1) t",
	1,
	{INT8OID},
	NULL};

static BrimStatement record = {
	"UPDATE brim.generation g"
	"   SET status = $3, attempts = g.attempts + $4,"
	"       next_attempt_at = CASE WHEN $3 = 'queued' THEN $14 + $5 * interval '1 second'"
	"                              ELSE g.next_attempt_at END,"
	"       error = $6, provider = $7, model = $8, model_version = $9,"
	"       prompt_tokens = nullif($10, -1), output_tokens = nullif($11, -1),"
	"       thought_tokens = nullif($12, -1), latency_ms = nullif($13, -1),"
	"       finished_at = CASE WHEN $3 = 'queued' THEN NULL ELSE $14 END,"
	"       claim_token = NULL, claimed_by = NULL"
	" WHERE g.generation_id = $1 AND g.status = 'running' AND g.claim_token = $2"
	" RETURNING g.generation_id",
	14,
	{INT8OID, INT8OID, TEXTOID, INT4OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID,
	 INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID},
	NULL};

static BrimStatement store = {
	"SELECT brim.store_emails($1,"
	"  (SELECT jsonb_agg(jsonb_build_object('variant', d.variant, 'subject', d.subject, 'body', "
	"d.body))"
	"     FROM unnest($2::text[], $3::text[], $4::text[]) AS d (variant, subject, body)),"
	"  $5)",
	5,
	{INT8OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTOID},
	NULL};

static BrimStatement recover = {
	"UPDATE brim.generation g"
	"   SET status = CASE WHEN g.crashes + $3 >= 2 THEN 'held' ELSE 'queued' END,"
	"       hold_reason = CASE WHEN g.crashes + $3 >= 2 THEN 'poison' END,"
	"       crashes = g.crashes + $3, claim_token = NULL, claimed_by = NULL"
	" WHERE g.status = 'running' AND g.claimed_by = $1 AND g.claim_token <> $2",
	3,
	{INT4OID, INT8OID, INT4OID},
	NULL};

/* The clock was set back: what was due by the old one is due by the new one. */
static BrimStatement shift = {
	"UPDATE brim.generation g"
	"   SET next_attempt_at = g.next_attempt_at - $1 * interval '1 millisecond'"
	" WHERE g.status = 'queued' AND g.next_attempt_at > $2",
	2,
	{INT8OID, TIMESTAMPTZOID},
	NULL};

/* Claims of a transaction that failed in our eyes only. */
static BrimStatement forgotten = {
	"UPDATE brim.generation g"
	"   SET status = 'queued', claim_token = NULL, claimed_by = NULL"
	" WHERE g.status = 'running' AND g.claimed_by = $1 AND g.claim_token = $2"
	"   AND g.generation_id <> ALL ($3)",
	3,
	{INT4OID, INT8OID, INT8ARRAYOID},
	NULL};

/* A text column as UTF-8; data NULL for null. */
static BrimStr
str_column(uint64 row, int column)
{
	return brim_str(brim_txn_to_utf8(brim_txn_text(row, column)));
}

/* The elements of a text[] column as UTF-8; returns how many. */
static int
list_column(uint64 row, int column, BrimStr *items, int max)
{
	bool   isnull;
	Datum  value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);
	Datum *elements;
	bool  *nulls;
	int    n;

	if (isnull)
		return 0;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, &n);
	n = Min(n, max);
	for (int i = 0; i < n; i++)
		items[i] = brim_str(nulls[i] ? NULL : brim_txn_to_utf8(TextDatumGetCString(elements[i])));
	return n;
}

static int
by_score(const void *a, const void *b)
{
	const BrimGeneration *x = a;
	const BrimGeneration *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->generation_id < y->generation_id ? -1 : (x->generation_id > y->generation_id ? 1 : 0);
}

int
brim_generation_claim(const BrimClaim *what, MemoryContext context, BrimGeneration **jobs)
{
	Datum         values[BRIM_CLAIM_PARAMETERS];
	uint64        n;
	MemoryContext old;

	brim_claim_values(what, values);
	n = brim_txn_run(&claim, values, NULL);
	old = MemoryContextSwitchTo(context);
	*jobs = palloc0(sizeof(BrimGeneration) * (n + 1));
	for (uint64 i = 0; i < n; i++)
	{
		BrimGeneration *job = &(*jobs)[i];
		BrimStr         names[BRIM_GEMINI_MAX_VARIANTS];
		BrimStr         instructions[BRIM_GEMINI_MAX_VARIANTS];

		job->generation_id = brim_txn_int64(i, 1);
		job->score = (int) brim_txn_int64(i, 2);
		job->attempts = (int) brim_txn_int64(i, 3);
		job->request.product_name = str_column(i, 4);
		job->request.product_pitch = str_column(i, 5);
		job->request.sender_name = str_column(i, 6);
		job->request.company = str_column(i, 7);
		job->request.nvariants = list_column(i, 8, names, BRIM_GEMINI_MAX_VARIANTS);
		(void) list_column(i, 9, instructions, BRIM_GEMINI_MAX_VARIANTS);
		for (int v = 0; v < job->request.nvariants; v++)
		{
			job->variants[v].name = names[v];
			job->variants[v].instruction = instructions[v];
		}
	}
	MemoryContextSwitchTo(old);
	qsort(*jobs, n, sizeof(BrimGeneration), by_score);
	for (uint64 i = 0; i < n; i++)
		(*jobs)[i].request.variants = (*jobs)[i].variants;
	return (int) n;
}

int
brim_generation_suspects(const char *node_id, int max, BrimPlaceInQueue *places)
{
	Datum  values[3] = {CStringGetTextDatum(node_id), Int32GetDatum(max),
						TimestampTzGetDatum(brim_clock_of_transaction())};
	uint64 n = brim_txn_run(&suspects, values, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		places[i].order = (int) brim_txn_int64(i, 1);
		places[i].id = brim_txn_int64(i, 2);
	}
	return (int) n;
}

TimestampTz
brim_generation_next_due(bool *blocked)
{
	bool  isnull;
	Datum value;

	value = TimestampTzGetDatum(brim_clock_of_transaction());
	brim_txn_run(&next_due, &value, NULL);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	*blocked = brim_txn_bool(0, 2);
	return isnull ? DT_NOEND : DatumGetTimestampTz(value);
}

/* Fill the blanks of one template text; NULL and *problem when that fails. */
static char *
render(BrimStr text, const BrimTemplateVar *vars, int nvars, const char *variant, char **problem)
{
	BrimBuf   out;
	BrimError error;

	brim_buf_init(&out, brim_memory_in(CurrentMemoryContext), MAX_DRAFT);
	if (!brim_template_render(text, vars, nvars, &out, &error))
	{
		*problem = psprintf("template of variant \"%s\": %s", variant, error.message);
		return NULL;
	}
	return out.data != NULL ? out.data : pstrdup("");
}

int
brim_generation_from_templates(int64 generation_id, MemoryContext context, BrimDraft **drafts,
							   char **problem)
{
	Datum         values[1] = {Int64GetDatum(generation_id)};
	int           n = (int) brim_txn_run(&templates, values, NULL);
	MemoryContext old = MemoryContextSwitchTo(context);

	*problem = NULL;
	*drafts = palloc0(sizeof(BrimDraft) * (n + 1));
	for (int i = 0; i < n && *problem == NULL; i++)
	{
		BrimStr         names[32];
		BrimStr         vals[32];
		BrimTemplateVar vars[32];
		int             nvars = list_column(i, 4, names, lengthof(names));
		const char     *variant = str_column(i, 1).data;

		(void) list_column(i, 5, vals, nvars);
		for (int v = 0; v < nvars; v++)
		{
			vars[v].name = names[v];
			vars[v].value = vals[v];
		}
		(*drafts)[i].variant = variant;
		(*drafts)[i].subject = render(str_column(i, 2), vars, nvars, variant, problem);
		if (*problem == NULL)
			(*drafts)[i].body = render(str_column(i, 3), vars, nvars, variant, problem);
	}
	if (n == 0)
		*problem = pstrdup("there is no template, or the lead is gone");
	MemoryContextSwitchTo(old);
	return *problem == NULL ? n : -1;
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = (text == NULL);
	return *isnull ? (Datum) 0 : CStringGetTextDatum(brim_txn_from_utf8(text));
}

bool
brim_generation_record(const BrimGenerationResult *result, int64 token)
{
	Datum        values[14];
	bool         nulls[14] = {false};
	const char **texts[3];

	values[0] = Int64GetDatum(result->generation_id);
	values[1] = Int64GetDatum(token);
	values[2] = CStringGetTextDatum(result->status);
	values[3] = Int32GetDatum(result->charged ? 1 : 0);
	values[4] = Int32GetDatum(result->delay);
	values[5] = text_or_null(result->error, &nulls[5]);
	values[6] = text_or_null(result->provider, &nulls[6]);
	values[7] = text_or_null(result->model, &nulls[7]);
	values[8] = text_or_null(result->model_version, &nulls[8]);
	values[9] = Int32GetDatum(result->prompt_tokens);
	values[10] = Int32GetDatum(result->output_tokens);
	values[11] = Int32GetDatum(result->thought_tokens);
	values[12] = Int32GetDatum(result->latency_ms);
	values[13] = TimestampTzGetDatum(brim_clock_of_transaction());
	if (brim_txn_run(&record, values, nulls) == 0)
		return false;
	if (result->ndrafts == 0)
		return true;

	for (int t = 0; t < 3; t++)
		texts[t] = palloc(sizeof(char *) * result->ndrafts);
	for (int i = 0; i < result->ndrafts; i++)
	{
		texts[0][i] = brim_txn_from_utf8(result->drafts[i].variant);
		texts[1][i] = brim_txn_from_utf8(result->drafts[i].subject);
		texts[2][i] = brim_txn_from_utf8(result->drafts[i].body);
	}
	for (int t = 0; t < 3; t++)
		values[1 + t] = brim_txn_text_array(texts[t], result->ndrafts);
	values[4] = CStringGetTextDatum(result->provider);
	brim_txn_run(&store, values, NULL);
	return true;
}

int
brim_generation_recover(int64 token, int number, bool clean)
{
	Datum values[3] = {Int32GetDatum(number), Int64GetDatum(token), Int32GetDatum(clean ? 0 : 1)};

	return (int) brim_txn_run(&recover, values, NULL);
}

void
brim_generation_release_forgotten(int64 token, int number, const int64 *held, int n)
{
	Datum values[3] = {Int32GetDatum(number), Int64GetDatum(token), brim_txn_int8_array(held, n)};

	brim_txn_run(&forgotten, values, NULL);
}

void
brim_generation_shift(int64 milliseconds)
{
	Datum values[2] = {Int64GetDatum(milliseconds),
					   TimestampTzGetDatum(brim_clock_of_transaction())};

	brim_txn_run(&shift, values, NULL);
}
