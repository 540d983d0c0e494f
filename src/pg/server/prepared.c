/*-------------------------------------------------------------------------
 *
 * prepared.c
 *	  Transactions in two phases; see prepared.h.
 *
 * What a transaction wants to happen at its commit is forgotten when it is
 * prepared, and another session commits it, perhaps after a restart.  So nobody
 * knows what it queued; after each COMMIT PREPARED the workers of the database
 * look.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "tcop/utility.h"

#include "pg/server/prepared.h"
#include "pg/server/shared.h"
#include "pg/server/task_slots.h"

static ProcessUtility_hook_type prev_utility = NULL;

static void
run_utility(PlannedStmt *statement, const char *query, bool read_only_tree,
			ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
			DestReceiver *dest, QueryCompletion *completion)
{
	/* the statement may be gone when it has run */
	bool commits_prepared =
		IsA(statement->utilityStmt, TransactionStmt) &&
		((TransactionStmt *) statement->utilityStmt)->kind == TRANS_STMT_COMMIT_PREPARED;

	if (prev_utility != NULL)
		prev_utility(statement, query, read_only_tree, context, params, environment, dest,
					 completion);
	else
		standard_ProcessUtility(statement, query, read_only_tree, context, params, environment,
								dest, completion);
	if (!commits_prepared)
		return;
	brim_task_slots_note_news();
	brim_shared_wake_others();
}

void
brim_prepared_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	prev_utility = ProcessUtility_hook;
	ProcessUtility_hook = run_utility;
}
