/*-------------------------------------------------------------------------
 *
 * email_recovery.c
 *	  The sending queue after a worker's death; see email.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"

#include "pg/queue/email.h"
#include "pg/server/server.h"

static BrimStatement recover_claimed = {
	"UPDATE brim.outbound_email e"
	"   SET status = CASE WHEN e.crashes + $3 >= 2 THEN 'held' ELSE 'queued' END,"
	"       hold_reason = CASE WHEN e.crashes + $3 >= 2 THEN 'poison' END,"
	"       crashes = e.crashes + $3, claim_token = NULL, claimed_by = NULL"
	" WHERE e.status = 'claimed' AND e.claimed_by = $1 AND e.claim_token <> $2",
	3,
	{INT4OID, INT8OID, INT4OID},
	NULL};

static BrimStatement recover_committing = {
	"WITH lost AS ("
	" UPDATE brim.outbound_email e SET status = 'uncertain'"
	"  WHERE e.status = 'committing' AND e.claimed_by = $1 AND e.claim_token <> $2"
	"  RETURNING e.email_id, e.campaign, e.company_id, e.variant, e.message_id),"
	" ledger AS ("
	" UPDATE brim.send_ledger l SET state = 'uncertain' FROM lost"
	"  WHERE l.campaign = lost.campaign AND l.company_id = lost.company_id"
	"    AND l.email_id = lost.email_id AND l.state = 'committing')"
	"INSERT INTO brim.event (event_type, company_id, email_id, data)"
	" SELECT 'email_uncertain', lost.company_id, lost.email_id,"
	"        jsonb_build_object('campaign', lost.campaign, 'variant', lost.variant,"
	"                           'message_id', lost.message_id, 'cause', 'worker died')"
	"   FROM lost",
	2,
	{INT4OID, INT8OID},
	NULL};

/* The process that left them in doubt is gone for sure: brim_resolve() may decide anything. */
static BrimStatement recover_uncertain = {
	"UPDATE brim.outbound_email e SET claim_token = NULL, claimed_by = NULL"
	" WHERE e.status = 'uncertain' AND e.claimed_by = $1 AND e.claim_token <> $2",
	2,
	{INT4OID, INT8OID},
	NULL};

/* Claims of a transaction that failed in our eyes only. */
static BrimStatement forgotten = {
	"UPDATE brim.outbound_email e"
	"   SET status = 'queued', claim_token = NULL, claimed_by = NULL"
	" WHERE e.status = 'claimed' AND e.claimed_by = $1 AND e.claim_token = $2"
	"   AND e.email_id <> ALL ($3)",
	3,
	{INT4OID, INT8OID, INT8ARRAYOID},
	NULL};

int
brim_email_recover(int64 token, int number, bool clean)
{
	Datum  values[3] = {Int32GetDatum(number), Int64GetDatum(token), Int32GetDatum(clean ? 0 : 1)};
	uint64 n = brim_txn_run(&recover_claimed, values, NULL);

	n += brim_txn_run(&recover_committing, values, NULL);
	brim_txn_run(&recover_uncertain, values, NULL);
	return (int) n;
}

void
brim_email_release_forgotten(int64 token, int number, const int64 *held, int n)
{
	Datum values[3] = {Int32GetDatum(number), Int64GetDatum(token), brim_txn_int8_array(held, n)};

	brim_txn_run(&forgotten, values, NULL);
}
