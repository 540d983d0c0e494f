/*-------------------------------------------------------------------------
 *
 * email_recovery.c
 *	  The sending queue after a worker's death; see email_recovery.h.
 *
 * What a process has under way is found from its row of brim.email_owner:
 * everything in the ledger that carries its token was taken then or later.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "pg/queue/email_recovery.h"
#include "pg/server/server.h"

/* clang-format off */

/* E-mails of the process or processes o that match a condition on the ledger's row x. */
#define UNDER_WAY(owner, condition) \
	"SELECT w.email_id" \
	"  FROM brim.email_owner o" \
	" CROSS JOIN LATERAL (SELECT x.email_id FROM brim.send_ledger x" \
	"					   WHERE x.claimed_at >= o.since AND x.claim_token = o.claim_token" \
	"						 AND " condition " OFFSET 0) w" \
	" WHERE " owner

#define OF_THE_DEAD "o.claimed_by = $1 AND o.claim_token <> $2"

#define BACK_COLUMNS \
	"email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes, footer"
#define BACK_TO_QUEUE "INSERT INTO brim.email_queue (" BACK_COLUMNS ", queued_at, next_attempt_at)"

static BrimStatement recover_claimed = {
	"WITH gone AS ("
	"	DELETE FROM brim.send_ledger l"
	"	 WHERE l.email_id = ANY (ARRAY(" UNDER_WAY(OF_THE_DEAD, "x.state = 'claimed'") "))"
	"	   AND l.state = 'claimed' AND l.claimed_by = $1 AND l.claim_token <> $2"
	"	   AND l.node_id = (SELECT n.node_id FROM brim.node n)"
	"	RETURNING l.*),"
	" found AS ("
	"	SELECT g.email_id, g.campaign, g.company_id, e.choice, g.score, g.node_id, g.attempts, g.claims,"
	"		   g.crashes + $3 AS crashes, g.footer"
	"	  FROM gone g"
	"	 CROSS JOIN LATERAL (SELECT x.choice FROM brim.email x WHERE x.email_id = g.email_id OFFSET 0) e),"
	" poison AS ("
	"	INSERT INTO brim.email_parked (" BACK_COLUMNS ", status, hold_reason)"
	"	SELECT f.*, 'held', 'poison' FROM found f WHERE f.crashes >= 2),"
	" back AS ("
	"	" BACK_TO_QUEUE
	"	SELECT f.*, $4, $4 FROM found f WHERE f.crashes < 2)"
	"SELECT f.email_id FROM found f",
	4, {INT4OID, INT8OID, INT4OID, TIMESTAMPTZOID}, NULL};

static BrimStatement recover_committing = {
	"WITH lost AS ("
	"	UPDATE brim.send_ledger l"
	"	   SET state = 'uncertain'"
	"	 WHERE l.email_id = ANY (ARRAY(" UNDER_WAY(OF_THE_DEAD, "x.state = 'committing'") "))"
	"	   AND l.state = 'committing' AND l.claimed_by = $1 AND l.claim_token <> $2"
	"	RETURNING l.email_id)"
	"INSERT INTO brim.event (event_type, company_id, email_id, data)"
	"SELECT 'email_uncertain', e.company_id, lost.email_id,"
	"	   jsonb_build_object('campaign', e.campaign, 'variant', e.variant,"
	"						  'message_id', e.message_id, 'cause', 'worker died')"
	"  FROM lost"
	" CROSS JOIN LATERAL (SELECT x.company_id, x.campaign, x.variant, x.message_id"
	"					   FROM brim.email x WHERE x.email_id = lost.email_id OFFSET 0) e",
	2, {INT4OID, INT8OID}, NULL};

/* The process that left them in doubt is gone for sure: brim_resolve() may decide anything. */
static BrimStatement recover_uncertain = {
	"UPDATE brim.send_ledger l"
	"   SET claim_token = NULL, claimed_by = NULL"
	" WHERE l.email_id = ANY (ARRAY(" UNDER_WAY(OF_THE_DEAD, "x.state = 'uncertain'") "))"
	"   AND l.state = 'uncertain' AND l.claimed_by = $1 AND l.claim_token <> $2",
	2, {INT4OID, INT8OID}, NULL};

/*
 * What another installation had under way came with a dump, or comes by logical
 * replication.  It is queued there as far as we know, and counts as that as soon
 * as it has no owner; but its row stays, so that what the other installation
 * writes next finds it.
 */
static BrimStatement recover_foreign = {
	"UPDATE brim.send_ledger l"
	"   SET claim_token = NULL, claimed_by = NULL"
	" WHERE l.email_id = ANY (ARRAY(" UNDER_WAY(OF_THE_DEAD, "x.state = 'claimed'") "))"
	"   AND l.state = 'claimed' AND l.claimed_by = $1 AND l.claim_token <> $2",
	2, {INT4OID, INT8OID}, NULL};

/* Views look for such rows only where an owner has this mark. */
static BrimStatement mark_owner = {
	"UPDATE brim.email_owner o SET since = 'infinity' WHERE " OF_THE_DEAD,
	2, {INT4OID, INT8OID}, NULL};

static BrimStatement delete_owner = {
	"DELETE FROM brim.email_owner o WHERE " OF_THE_DEAD " AND o.since < 'infinity'",
	2, {INT4OID, INT8OID}, NULL};

/* Claims of a transaction that failed in our eyes only. */
static BrimStatement forgotten = {
	"WITH gone AS ("
	"	DELETE FROM brim.send_ledger l"
	"	 WHERE l.email_id = ANY (ARRAY(" UNDER_WAY("o.claimed_by = $1 AND o.claim_token = $2", "x.state = 'claimed'") "))"
	"	   AND l.state = 'claimed' AND l.claimed_by = $1 AND l.claim_token = $2"
	"	   AND l.email_id <> ALL ($3)"
	"	RETURNING l.*)"
	BACK_TO_QUEUE
	"SELECT g.email_id, g.campaign, g.company_id, e.choice, g.score, g.node_id, g.attempts, g.claims, g.crashes, g.footer,"
	"	   $4, $4"
	"  FROM gone g"
	" CROSS JOIN LATERAL (SELECT x.choice FROM brim.email x WHERE x.email_id = g.email_id OFFSET 0) e",
	4, {INT4OID, INT8OID, INT8ARRAYOID, TIMESTAMPTZOID}, NULL};

/* clang-format on */

int
brim_email_recovery_run(int64 token, int number, bool clean)
{
	Datum  values[4] = {Int32GetDatum(number), Int64GetDatum(token), Int32GetDatum(clean ? 0 : 1),
						TimestampTzGetDatum(brim_clock_of_transaction())};
	uint64 n = brim_txn_run(&recover_claimed, values, NULL);

	n += brim_txn_run(&recover_committing, values, NULL);
	brim_txn_run(&recover_uncertain, values, NULL);
	if (brim_txn_run(&recover_foreign, values, NULL) > 0)
		brim_txn_run(&mark_owner, values, NULL);
	brim_txn_run(&delete_owner, values, NULL);
	return (int) n;
}

void
brim_email_recovery_release_forgotten(int64 token, int number, const int64 *held, int n)
{
	Datum values[4] = {Int32GetDatum(number), Int64GetDatum(token), brim_txn_int8_array(held, n),
					   TimestampTzGetDatum(brim_clock_of_transaction())};

	brim_txn_run(&forgotten, values, NULL);
}
