/*-------------------------------------------------------------------------
 *
 * claim.c
 *	  What is common to claims from all queues; see claim.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/queue/claim.h"
#include "pg/server/server.h"

void
brim_claim_values(const BrimClaim *what, Datum *values)
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
