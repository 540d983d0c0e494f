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

/* clang-format off */

/* Highest score first, of active campaigns that say what they offer */
BrimQueueTable brim_generation_queue = {
	.name = "brim.generation",
	.key = "generation_id",
	.by_score = true,
	.waiting = "q.status = 'queued'",
	.since = "created_at",
	.claimed = "running",
	.gate =
		"EXISTS (SELECT FROM brim.campaign c"
		"         WHERE c.name = q.campaign"
		"           AND c.is_active"
		"           AND c.product_pitch <> ''"
		"        OFFSET 0)"
		" AND EXISTS (SELECT FROM brim.variant v"
		"              WHERE v.campaign = q.campaign"
		"                AND v.is_active)",
	.source = ", brim.campaign c",
	.match = " AND c.name = q.campaign",
	.columns =
		"q.score, q.attempts, c.product_name, c.product_pitch, c.sender_name,"
		" brim.company_facts(q.company_id)::text,"
		" (SELECT array_agg(v.name ORDER BY v.name)"
		"    FROM brim.variant v"
		"   WHERE v.campaign = c.name AND v.is_active),"
		" (SELECT array_agg(v.instruction ORDER BY v.name)"
		"    FROM brim.variant v"
		"   WHERE v.campaign = c.name AND v.is_active)",
};

static BrimStatement templates = {
	"SELECT t.variant, t.subject, t.body, t.names, t.vals"
	"  FROM brim.template_choice($1) t",
	1, {INT8OID}, NULL};

static BrimStatement record = {
	"UPDATE brim.generation g"
	"   SET status = $3,"
	"       attempts = g.attempts + $4,"
	"       next_attempt_at = CASE WHEN $3 = 'queued' THEN $14 + $5 * interval '1 second'"
	"                              ELSE g.next_attempt_at END,"
	"       error = $6,"
	"       provider = $7,"
	"       model = $8,"
	"       model_version = $9,"
	"       prompt_tokens = nullif($10, -1),"
	"       output_tokens = nullif($11, -1),"
	"       thought_tokens = nullif($12, -1),"
	"       latency_ms = nullif($13, -1),"
	"       finished_at = CASE WHEN $3 = 'queued' THEN NULL ELSE $14 END,"
	"       claim_token = NULL,"
	"       claimed_by = NULL"
	" WHERE g.generation_id = $1"
	"   AND g.status = 'running'"
	"   AND g.claim_token = $2"
	" RETURNING g.generation_id",
	14,
	{INT8OID, INT8OID, TEXTOID, INT4OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID,
	 INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID},
	NULL};

static BrimStatement store = {
	"SELECT brim.store_emails($1,"
	"        (SELECT jsonb_agg(jsonb_build_object('variant', d.variant,"
	"                                             'subject', d.subject,"
	"                                             'body', d.body))"
	"           FROM unnest($2::text[], $3::text[], $4::text[]) AS d (variant, subject, body)),"
	"        $5)",
	5, {INT8OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTOID}, NULL};

/* clang-format on */

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
	int           n = brim_table_claim(&brim_generation_queue, what);
	MemoryContext old = MemoryContextSwitchTo(context);

	*jobs = palloc0(sizeof(BrimGeneration) * (n + 1));
	for (int i = 0; i < n; i++)
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
	for (int i = 0; i < n; i++)
		(*jobs)[i].request.variants = (*jobs)[i].variants;
	return n;
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
	values[5] = brim_txn_utf8_or_null(result->error, &nulls[5]);
	values[6] = brim_txn_utf8_or_null(result->provider, &nulls[6]);
	values[7] = brim_txn_utf8_or_null(result->model, &nulls[7]);
	values[8] = brim_txn_utf8_or_null(result->model_version, &nulls[8]);
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
