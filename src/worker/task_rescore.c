/*-------------------------------------------------------------------------
 *
 * task_rescore.c
 *	  The kind of task "rescore": brim_rescore_all() as a task.
 *
 * A step is a batch.  Where an earlier run was interrupted, be it a task or a
 * call of brim_rescore_all(), it goes on from there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"

#include "pg/server/server.h"
#include "worker/task_rescore.h"

/* clang-format off */

static BrimStatement begin_run = {"SELECT brim.begin_rescore_task($1)", 1, {INT8OID}};

static BrimStatement do_batch = {
	"SELECT s.is_done, s.seen, s.total, s.written"
	"  FROM brim.step_rescore_task($1, $2) AS s",
	2, {INT8OID, INT8OID}
};

/* clang-format on */

static void
run(int64 task_id)
{
	Datum values[2];
	bool  is_done = false;

	values[0] = Int64GetDatum(task_id);
	brim_task_row_begin();
	(void) brim_txn_run(&begin_run, values, NULL);
	values[1] = Int64GetDatum(brim_txn_int64(0, 1));
	brim_task_row_commit();

	while (!is_done)
	{
		int64 seen;
		int64 total;
		char  text[64];

		brim_task_row_begin();
		(void) brim_txn_run(&do_batch, values, NULL);
		is_done = brim_txn_bool(0, 1);
		seen = brim_txn_int64(0, 2);
		total = brim_txn_int64(0, 3);
		snprintf(text, sizeof(text), INT64_FORMAT " leads changed", brim_txn_int64(0, 4));
		brim_task_row_progress(task_id, seen, total, text);
		brim_task_row_commit();
	}
}

const BrimTaskKind brim_task_rescore = {"rescore", run};
