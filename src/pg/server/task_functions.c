/*-------------------------------------------------------------------------
 *
 * task_functions.c
 *	  SQL functions about tasks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/xlog.h"
#include "commands/trigger.h"
#include "utils/builtins.h"

#include "pg/server/task_slots.h"

BRIM_FUNCTION(brim_task_alive);
BRIM_FUNCTION(brim_task_wait);
BRIM_FUNCTION(brim_interrupt_task);
BRIM_FUNCTION(brim_wish_task_trigger);

/* brim.task_alive(task_id): a standby cannot see its primary's locks */
Datum
brim_task_alive(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(RecoveryInProgress() || brim_task_slots_is_alive(PG_GETARG_INT64(0)));
}

/* brim.task_wait() */
Datum
brim_task_wait(PG_FUNCTION_ARGS)
{
	switch (brim_task_slots_wait())
	{
		case BRIM_TASK_WAIT_NONE:
			break;
		case BRIM_TASK_WAIT_TURN:
			PG_RETURN_TEXT_P(cstring_to_text("turn"));
		case BRIM_TASK_WAIT_PROCESS:
			PG_RETURN_TEXT_P(cstring_to_text("process"));
		case BRIM_TASK_WAIT_START:
			PG_RETURN_TEXT_P(cstring_to_text("start"));
	}
	PG_RETURN_NULL();
}

/* brim.interrupt_task(task_id) */
Datum
brim_interrupt_task(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(brim_task_slots_interrupt(PG_GETARG_INT64(0), GetSessionUserId()));
}

/* brim.wish_task_trigger() */
Datum
brim_wish_task_trigger(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("function \"%s\" was not called by trigger manager",
							   "brim.wish_task_trigger")));
	brim_task_slots_wish_at_commit();
	return PointerGetDatum(NULL);
}
