/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  The statement triggers of brim.lead: one an operation, several functions.
 *
 * What follows when leads are written is the work of several trigger functions
 * (journal, queue, texts), which need an order and the transition tables.
 * Separate triggers run in the order of their names; a PL/pgSQL function that
 * called the others could not hand on its transition tables.  So one trigger
 * names the functions in order, and each is called as if it was the trigger's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

BRIM_FUNCTION(brim_call_in_turn);

/* The functions of one trigger, for as long as its own call information lives. */
typedef struct Turn
{
	int      nfunctions;
	FmgrInfo functions[FLEXIBLE_ARRAY_MEMBER];
} Turn;

/*
 * Find the functions that the arguments of the trigger name: trigger functions
 * of the schema that brim.call_in_turn() itself is in.
 */
static Turn *
find_functions(FunctionCallInfo fcinfo, const Trigger *trigger)
{
	MemoryContext cxt = fcinfo->flinfo->fn_mcxt;
	Oid           schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	oidvector    *noargs = buildoidvector(NULL, 0);
	Turn         *turn;

	turn = MemoryContextAlloc(cxt, offsetof(Turn, functions) + trigger->tgnargs * sizeof(FmgrInfo));
	turn->nfunctions = trigger->tgnargs;
	for (int i = 0; i < turn->nfunctions; i++)
	{
		const char *name = trigger->tgargs[i];
		Oid function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
									   PointerGetDatum(noargs), ObjectIdGetDatum(schema));

		if (!OidIsValid(function) || get_func_rettype(function) != TRIGGEROID)
			ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION),
					errmsg("trigger function %s does not exist",
						   quote_qualified_identifier(get_namespace_name(schema), name)),
					errhint("The arguments of the trigger name functions of the schema of "
							"brim.call_in_turn()."));
		fmgr_info_cxt(function, &turn->functions[i], cxt);
	}
	pfree(noargs);
	return turn;
}

/*
 * brim.call_in_turn('function', ...): AFTER ... FOR EACH STATEMENT.  Call each
 * function with what this one was called with.
 */
Datum
brim_call_in_turn(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Turn        *turn;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("brim.call_in_turn() must be called AFTER ... FOR EACH STATEMENT"));
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = find_functions(fcinfo, trigger->tg_trigger);
	turn = fcinfo->flinfo->fn_extra;
	for (int i = 0; i < turn->nfunctions; i++)
	{
		LOCAL_FCINFO(call, 0);

		InitFunctionCallInfoData(*call, &turn->functions[i], 0, InvalidOid, fcinfo->context, NULL);
		FunctionCallInvoke(call);
	}
	PG_RETURN_POINTER(NULL);
}
