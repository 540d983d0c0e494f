/*-------------------------------------------------------------------------
 *
 * node.c
 *	  May this installation send, and what its parts report; see node.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/queue/node.h"
#include "pg/server/server.h"

static BrimStatement read_node = {
	"SELECT n.node_id, n.is_paused,"
	"       n.system_identifier = $1 AND n.timeline_id = $2 AND n.database_oid = $3"
	"       AND n.host = $4 AND n.data_directory = $5,"
	"       concat_ws('; ',"
	"        CASE WHEN n.system_identifier <> $1 THEN format('system identifier was %s, is %s', "
	"n.system_identifier, $1) END,"
	"        CASE WHEN n.timeline_id <> $2 THEN format('timeline was %s, is %s', n.timeline_id, "
	"$2) END,"
	"        CASE WHEN n.database_oid <> $3 THEN format('database oid was %s, is %s', "
	"n.database_oid, $3) END,"
	"        CASE WHEN n.host <> $4 THEN format('host was %s, is %s', n.host, $4) END,"
	"        CASE WHEN n.data_directory <> $5 THEN format('data directory was %s, is %s', "
	"n.data_directory, $5) END),"
	"       coalesce(n.confirmed_by, '')"
	"  FROM brim.node n",
	5,
	{TEXTOID, INT8OID, OIDOID, TEXTOID, TEXTOID},
	NULL};

static BrimStatement lock_batch = {
	"SELECT n.last_batch_at FROM brim.node n FOR NO KEY UPDATE SKIP LOCKED", 0, {0}, NULL};

static BrimStatement note_batch = {
	"UPDATE brim.node SET last_batch_at = $1", 1, {TIMESTAMPTZOID}, NULL};

static BrimStatement set_confirmed_by = {
	"UPDATE brim.node SET confirmed_by = $1", 1, {TEXTOID}, NULL};

static BrimStatement resume = {"SELECT brim.resume_after_promotion()", 0, {0}, NULL};

static BrimStatement set_component = {
	"INSERT INTO brim.component AS c (component, state, detail, retry_at)"
	" SELECT $1, $2, $3, $4"
	/* a conflict locks the row: what changes nothing must not come that far */
	"  WHERE NOT EXISTS (SELECT FROM brim.component x WHERE x.component = $1"
	"         AND (x.state, x.detail, x.retry_at) IS NOT DISTINCT FROM ($2, $3, $4))"
	" ON CONFLICT (component) DO UPDATE"
	"    SET state = excluded.state, detail = excluded.detail, retry_at = excluded.retry_at,"
	"        changed_at = CASE WHEN c.state <> excluded.state THEN now() ELSE c.changed_at END"
	"  WHERE (c.state, c.detail, c.retry_at) IS DISTINCT FROM"
	"        (excluded.state, excluded.detail, excluded.retry_at)",
	4,
	{TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID},
	NULL};

void
brim_node_read(BrimNode *node)
{
	BrimInstallation place;
	Datum            values[5];

	brim_installation_get(&place);
	values[0] = CStringGetTextDatum(place.system_identifier);
	values[1] = Int64GetDatum(place.timeline_id);
	values[2] = ObjectIdGetDatum(place.database_oid);
	values[3] = CStringGetTextDatum(place.host);
	values[4] = CStringGetTextDatum(place.data_directory);

	memset(node, 0, sizeof(*node));
	if (brim_txn_run(&read_node, values, NULL) == 0)
	{
		strlcpy(node->why, "brim.node has no row", sizeof(node->why));
		return;
	}
	strlcpy(node->node_id, brim_txn_text(0, 1), sizeof(node->node_id));
	node->is_paused = brim_txn_bool(0, 2);
	node->is_armed = brim_txn_bool(0, 3);
	strlcpy(node->why, brim_txn_text(0, 4), sizeof(node->why));
	strlcpy(node->confirmed_by, brim_txn_text(0, 5), sizeof(node->confirmed_by));
}

bool
brim_node_lock_batch(TimestampTz *last)
{
	if (brim_txn_run(&lock_batch, NULL, NULL) == 0)
		return false;
	*last = brim_txn_time(0, 1);
	return true;
}

void
brim_node_set_confirmed_by(const char *names)
{
	Datum values[1] = {names != NULL ? CStringGetTextDatum(names) : (Datum) 0};
	bool  nulls[1] = {names == NULL};

	brim_txn_run(&set_confirmed_by, values, nulls);
}

bool
brim_node_resume(void)
{
	brim_txn_run(&resume, NULL, NULL);
	return brim_txn_bool(0, 1);
}

void
brim_node_note_batch(void)
{
	Datum values[1] = {TimestampTzGetDatum(brim_clock_of_transaction())};

	brim_txn_run(&note_batch, values, NULL);
}

void
brim_node_set_component(const char *component, const char *state, const char *detail,
						TimestampTz retry_at)
{
	Datum values[4];
	bool  nulls[4] = {false, false, false, retry_at == 0};

	values[0] = CStringGetTextDatum(component);
	values[1] = CStringGetTextDatum(state);
	values[2] = CStringGetTextDatum(brim_txn_from_utf8(detail));
	values[3] = TimestampTzGetDatum(retry_at);
	brim_txn_run(&set_component, values, nulls);
}
