/*-------------------------------------------------------------------------
 *
 * table.c
 *	  What the tables of waiting rows have in common; see table.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/queue/table.h"

/*
 * The words of the templates below: {table}, {key}, {waiting}, {since}, {claimed},
 * {gate}, {source}, {match} and {columns} are those of the description, {order} is what the table
 * is ordered by, {score} the first half of a position.  {behind} and {before}
 * bound a claim by positions.
 */
/* clang-format off */

static const char claim[] =
	"WITH pick AS MATERIALIZED ("
	"	SELECT q.{key}"
	"	  FROM {table} q"
	"	 WHERE {waiting}"
	"	   AND q.next_attempt_at <= $10"
	"	   AND q.node_id = $4"
	"	   AND {behind}"
	"	   AND {before}"
	"	   AND (q.crashes > 0) = $5"
	"	   AND {gate}"
	"	 ORDER BY {order}"
	"	 LIMIT $1"
	"	   FOR UPDATE OF q SKIP LOCKED)"
	"UPDATE {table} q"
	"   SET status = '{claimed}', claim_token = $2, claimed_by = $3"
	"  FROM pick p{source}"
	" WHERE q.{key} = p.{key}{match}"
	" RETURNING q.{key}, {columns}";

static const char suspects[] =
	"SELECT {score}, q.{key}"
	"  FROM {table} q"
	" WHERE {waiting}"
	"   AND q.crashes > 0"
	"   AND q.next_attempt_at <= $3"
	"   AND q.node_id = $1"
	" ORDER BY {order}"
	" LIMIT $2";

/* A row that has never been put off is in no index by time: {since} says so. */
static const char next_due[] =
	"SELECT (SELECT q.next_attempt_at"
	"          FROM {table} q"
	"         WHERE {waiting}"
	"           AND q.next_attempt_at > q.{since}"
	"           AND q.next_attempt_at > $1"
	"         ORDER BY q.next_attempt_at"
	"         LIMIT 1),"
	"       EXISTS (SELECT FROM {table} q"
	"                WHERE {waiting}"
	"                  AND q.next_attempt_at <= $1)";

static const char recover[] =
	"UPDATE {table} q"
	"   SET status = CASE WHEN q.crashes + $3 >= 2 THEN 'held' ELSE 'queued' END,"
	"       hold_reason = CASE WHEN q.crashes + $3 >= 2 THEN 'poison' END,"
	"       crashes = q.crashes + $3,"
	"       claim_token = NULL,"
	"       claimed_by = NULL"
	" WHERE q.status = '{claimed}'"
	"   AND q.claimed_by = $1"
	"   AND q.claim_token <> $2";

/* Claims of a transaction that failed in our eyes only. */
static const char forgotten[] =
	"UPDATE {table} q"
	"   SET status = 'queued',"
	"       claim_token = NULL,"
	"       claimed_by = NULL"
	" WHERE q.status = '{claimed}'"
	"   AND q.claimed_by = $1"
	"   AND q.claim_token = $2"
	"   AND q.{key} <> ALL ($3)";

/* The clock was set back: what was due by the old one is due by the new one. */
static const char shift[] =
	"UPDATE {table} q"
	"   SET next_attempt_at = q.next_attempt_at - $1 * interval '1 millisecond'"
	" WHERE {waiting}"
	"   AND q.next_attempt_at > $2";

/* clang-format on */

/* What a word of a template means for a table. */
static const char *
meaning(const BrimQueueTable *table, const char *word, size_t len)
{
	const struct
	{
		const char *word;
		const char *meaning;
	} words[] = {
		{"table", table->name},
		{"waiting", table->waiting},
		{"since", table->since},
		{"claimed", table->claimed},
		{"gate", table->gate},
		{"source", table->source},
		{"match", table->match},
		{"columns", table->columns},
		{"key", table->key},
		{"score", table->by_score ? "- q.score" : "0"},
		{"order", table->by_score ? "- q.score, q.{key}" : "q.{key}"},
		{"behind",
		 table->by_score ? "(- q.score, q.{key}) > ($6, $7)" : "q.{key} > $7 AND $6 <= 0"},
		{"before",
		 table->by_score ? "(- q.score, q.{key}) <= ($8, $9)" : "q.{key} <= $9 AND $8 >= 0"},
	};

	for (size_t i = 0; i < lengthof(words); i++)
		if (strlen(words[i].word) == len && memcmp(words[i].word, word, len) == 0)
			return words[i].meaning;
	elog(ERROR, "unknown word \"%.*s\" in a statement", (int) len, word);
}

static void
append_filled(StringInfo text, const BrimQueueTable *table, const char *template)
{
	const char *open;

	while ((open = strchr(template, '{')) != NULL)
	{
		const char *close = strchr(open, '}');

		appendBinaryStringInfo(text, template, (int) (open - template));
		append_filled(text, table, meaning(table, open + 1, (size_t) (close - open - 1)));
		template = close + 1;
	}
	appendStringInfoString(text, template);
}

/* Run a statement about a table, built from its template at first. */
static uint64
run(BrimStatement *statement, const BrimQueueTable *table, const char *template, int nargs,
	const Oid *types, Datum *values)
{
	if (statement->text == NULL)
	{
		MemoryContext  old = MemoryContextSwitchTo(TopMemoryContext);
		StringInfoData text;

		initStringInfo(&text);
		append_filled(&text, table, template);
		MemoryContextSwitchTo(old);
		statement->nargs = nargs;
		memcpy(statement->types, types, sizeof(Oid) * nargs);
		statement->text = text.data;
	}
	return brim_txn_run(statement, values, NULL);
}

void
brim_table_claim_values(const BrimClaim *what, Datum *values)
{
	values[0] = Int32GetDatum(what->max);
	values[1] = Int64GetDatum(what->token);
	values[2] = Int32GetDatum(what->number);
	values[3] = CStringGetTextDatum(what->node_id);
	values[4] = BoolGetDatum(what->suspects);
	values[5] = Int32GetDatum(what->after.order);
	values[6] = Int64GetDatum(what->after.id);
	values[7] = Int32GetDatum(what->until.order);
	values[8] = Int64GetDatum(what->until.id);
	values[9] = TimestampTzGetDatum(brim_clock_of_transaction());
}

int
brim_table_claim(BrimQueueTable *table, const BrimClaim *what)
{
	static const Oid types[] = BRIM_CLAIM_TYPES;
	Datum            values[BRIM_CLAIM_PARAMETERS];

	brim_table_claim_values(what, values);
	return (int) run(&table->claim, table, claim, lengthof(types), types, values);
}

int
brim_table_suspects(BrimQueueTable *table, const char *node_id, int max, BrimPosition *positions)
{
	static const Oid types[] = {TEXTOID, INT4OID, TIMESTAMPTZOID};
	Datum            values[] = {CStringGetTextDatum(node_id), Int32GetDatum(max),
								 TimestampTzGetDatum(brim_clock_of_transaction())};
	uint64           n = run(&table->suspects, table, suspects, lengthof(types), types, values);

	for (uint64 i = 0; i < n; i++)
	{
		positions[i].order = (int) brim_txn_int64(i, 1);
		positions[i].id = brim_txn_int64(i, 2);
	}
	return (int) n;
}

TimestampTz
brim_table_next_due(BrimQueueTable *table, bool *blocked)
{
	static const Oid types[] = {TIMESTAMPTZOID};
	Datum            values[] = {TimestampTzGetDatum(brim_clock_of_transaction())};
	TimestampTz      due;

	run(&table->next_due, table, next_due, lengthof(types), types, values);
	due = brim_txn_time(0, 1);
	*blocked = brim_txn_bool(0, 2);
	return due != 0 ? due : DT_NOEND;
}

int
brim_table_recover(BrimQueueTable *table, int64 token, int number, bool clean)
{
	static const Oid types[] = {INT4OID, INT8OID, INT4OID};
	Datum values[] = {Int32GetDatum(number), Int64GetDatum(token), Int32GetDatum(clean ? 0 : 1)};

	return (int) run(&table->recover, table, recover, lengthof(types), types, values);
}

void
brim_table_release_forgotten(BrimQueueTable *table, int64 token, int number, const int64 *held,
							 int n)
{
	static const Oid types[] = {INT4OID, INT8OID, INT8ARRAYOID};
	Datum values[] = {Int32GetDatum(number), Int64GetDatum(token), brim_txn_int8_array(held, n)};

	run(&table->forgotten, table, forgotten, lengthof(types), types, values);
}

void
brim_table_shift(BrimQueueTable *table, int64 milliseconds)
{
	static const Oid types[] = {INT8OID, TIMESTAMPTZOID};
	Datum            values[] = {Int64GetDatum(milliseconds),
								 TimestampTzGetDatum(brim_clock_of_transaction())};

	run(&table->shift, table, shift, lengthof(types), types, values);
}
