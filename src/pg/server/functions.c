/*-------------------------------------------------------------------------
 *
 * functions.c
 *	  SQL functions about the worker and the place where it runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <sys/stat.h>
#include <unistd.h>

#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "pg/server/srf.h"
#include "core/mail/mail.h"
#include "pg/server/installation.h"
#include "pg/server/settings.h"
#include "pg/server/shared.h"
#include "pg/server/standby.h"

BRIM_FUNCTION(brim_report_zone);
BRIM_FUNCTION(brim_installation);
BRIM_FUNCTION(brim_promotion);
BRIM_FUNCTION(brim_worker_slots);
BRIM_FUNCTION(brim_claim_owner_alive);
BRIM_FUNCTION(brim_launcher);
BRIM_FUNCTION(brim_address_problem);
BRIM_FUNCTION(brim_file_problem);
BRIM_FUNCTION(brim_wake_worker);
BRIM_FUNCTION(brim_wake_worker_trigger);

/* Build the one row of a function with OUT parameters. */
static Datum
result_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* brim.report_zone() */
Datum
brim_report_zone(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(brim_report_timezone));
}

/* brim.installation() */
Datum
brim_installation(PG_FUNCTION_ARGS)
{
	BrimInstallation place;
	Datum            values[5];
	bool             nulls[5] = {false};

	brim_installation_get(&place);
	values[0] = CStringGetTextDatum(place.system_identifier);
	values[1] = Int64GetDatum(place.timeline_id);
	values[2] = ObjectIdGetDatum(place.database_oid);
	values[3] = CStringGetTextDatum(place.host);
	values[4] = CStringGetTextDatum(place.data_directory);
	return result_row(fcinfo, values, nulls);
}

/* brim.promotion() */
Datum
brim_promotion(PG_FUNCTION_ARGS)
{
	Datum       values[3];
	bool        nulls[3] = {false};
	const char *name = GetConfigOption("cluster_name", true, false);

	values[0] = BoolGetDatum(brim_after_promotion == BRIM_AFTER_PROMOTION_RESUME);
	values[1] = BoolGetDatum(brim_standby_was_one());
	values[2] = CStringGetTextDatum(name != NULL ? name : "");
	return result_row(fcinfo, values, nulls);
}

/* brim.worker_slots() */
Datum
brim_worker_slots(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	BrimSlot       slots[BRIM_MAX_SLOTS];
	int            numbers[BRIM_MAX_SLOTS];
	int            found;

	brim_srf_init(fcinfo);
	found = brim_shared_slots(MyDatabaseId, slots, numbers, BRIM_MAX_SLOTS);
	for (int i = 0; i < found; i++)
	{
		Datum values[5 + BRIM_COUNTERS];
		bool  nulls[5 + BRIM_COUNTERS] = {false};

		values[0] = Int32GetDatum(numbers[i]);
		values[1] = Int32GetDatum(slots[i].number);
		values[2] = Int32GetDatum(slots[i].pid);
		values[3] = CStringGetTextDatum(brim_shared_state_name(slots[i].state));
		values[4] = TimestampTzGetDatum(slots[i].started_at);
		for (int c = 0; c < BRIM_COUNTERS; c++)
			values[5 + c] = Int64GetDatum(slots[i].counters[c]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* brim.claim_owner_alive(claimed_by) */
Datum
brim_claim_owner_alive(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(brim_shared_number_is_alive(PG_GETARG_INT32(0)));
}

/* brim.launcher() */
Datum
brim_launcher(PG_FUNCTION_ARGS)
{
	Datum values[2];
	bool  nulls[2] = {false};
	int   pid = brim_shared_launcher();

	values[0] = BoolGetDatum(brim_shared_exists());
	values[1] = Int32GetDatum(pid);
	nulls[1] = (pid == 0);
	return result_row(fcinfo, values, nulls);
}

/* brim.address_problem(address) */
Datum
brim_address_problem(PG_FUNCTION_ARGS)
{
	text       *address;
	BrimStr     str;
	const char *why = NULL;

	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text("is missing"));
	address = PG_GETARG_TEXT_PP(0);
	str.data = VARDATA_ANY(address);
	str.len = VARSIZE_ANY_EXHDR(address);
	if (brim_address_check(str, &why))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(why));
}

/* brim.file_problem(setting) */
Datum
brim_file_problem(PG_FUNCTION_ARGS)
{
	char       *name;
	const char *path;
	struct stat st;
	int         mode = R_OK;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	path = brim_settings_path(name);
	if (path == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("setting \"%s\" names no file", name),
				 errhint("Settings that name a file are brim.gemini_api_key_file, "
						 "brim.smtp_password_file, brim.ca_file and brim.outbox_directory.")));
	if (*path == '\0')
		PG_RETURN_NULL();
	if (strcmp(name, "brim.outbox_directory") == 0)
	{
		/* made by the worker when it is first used */
		if (stat(path, &st) != 0 && errno == ENOENT)
			PG_RETURN_NULL();
		mode = R_OK | W_OK | X_OK;
	}
	if (access(path, mode) != 0)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("\"%s\": %m", path)));
	PG_RETURN_NULL();
}

/* brim.wake_worker() */
Datum
brim_wake_worker(PG_FUNCTION_ARGS)
{
	brim_shared_wake_at_commit();
	PG_RETURN_VOID();
}

/* brim.wake_worker_trigger() */
Datum
brim_wake_worker_trigger(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("function \"%s\" was not called by trigger manager",
							   "brim.wake_worker_trigger")));
	brim_shared_wake_at_commit();
	return PointerGetDatum(NULL);
}
