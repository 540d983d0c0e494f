/*-------------------------------------------------------------------------
 *
 * transaction.c
 *	  The transaction of a pipeline's turn; see transaction.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "worker/recovery.h"
#include "worker/slots.h"
#include "worker/transaction.h"

static void
barrier_in(BrimPipeline *pipeline)
{
	BrimPipelineSlot *slots[BRIM_PIPELINE_MAX_SLOTS];
	int               n = brim_slots_in(pipeline, BRIM_SLOT_AT_BARRIER, slots);

	if (n > 0)
		pipeline->ops->barrier(pipeline, slots, n);
}

/* After a transaction that failed: give back what it may have claimed all the same. */
static void
release_forgotten(BrimPipeline *pipeline)
{
	int64 *ids = palloc(sizeof(int64) * pipeline->nslots * BRIM_PIPELINE_MAX_ROWS);
	int    n = 0;

	for (int i = 0; i < pipeline->nslots; i++)
		if (brim_slots_at(pipeline, i)->state != BRIM_SLOT_FREE)
			n += pipeline->ops->held(pipeline, brim_slots_at(pipeline, i), ids + n);
	if (pipeline->ops->release_forgotten != NULL)
		pipeline->ops->release_forgotten(brim_process_token, brim_process_number, ids, n);
	else
		brim_table_release_forgotten(pipeline->table, brim_process_token, brim_process_number, ids,
									 n);
}

static int
claim(void *arg, const BrimClaim *what, BrimPosition *last)
{
	BrimTransaction *txn = arg;
	BrimPipeline    *pipeline = txn->pipeline;

	txn->nrows = pipeline->ops->claim(pipeline, what, txn->context, &txn->rows, last);
	return txn->nrows;
}

static void
claim_in(BrimTransaction *txn, MemoryContext parent)
{
	BrimPipeline *pipeline = txn->pipeline;
	BrimNode      node;
	BrimClaim     what = {.max = txn->max};
	bool          blocked = false;

	if (!brim_recovery_may_work(&node))
		return;
	if (pipeline->may_have_forgotten)
		release_forgotten(pipeline);
	if (pipeline->ops->paces != NULL && !pipeline->ops->paces(pipeline, &what, &txn->look_at))
		return;
	if (!brim_breaker_take_probe(pipeline->service->name))
	{
		txn->cursor.more = true; /* when the breaker lets us */
		return;
	}
	if (pipeline->ops->barrier != NULL)
		BRIM_FAULT("claim");
	what.token = brim_process_token;
	what.number = brim_process_number;
	what.node_id = node.node_id;
	txn->context = AllocSetContextCreate(parent, "brim claimed rows", ALLOCSET_SMALL_SIZES);
	(void) brim_cursor_claim(&txn->cursor, pipeline, pipeline->table, &what, claim, txn);
	if (txn->cursor.more)
		return;
	txn->look_at = brim_table_next_due(pipeline->table, &blocked);
	if (blocked)
		txn->look_at = Min(txn->look_at, brim_process_in(BRIM_RECHECK_MS));
}

void
brim_transaction_run(void *arg)
{
	BrimTransaction  *txn = arg;
	BrimPipeline     *pipeline = txn->pipeline;
	MemoryContext     parent = CurrentMemoryContext;
	BrimPipelineSlot *finished[BRIM_PIPELINE_MAX_SLOTS] = {txn->only};
	int               n = 1;

	txn->look_at = DT_NOEND;
	txn->cursor = pipeline->cursor;
	txn->cursor.more = txn->cursor.alone = false;
	txn->installed = brim_txn_begin(pipeline->activity);
	if (!txn->installed)
		return;
	if (pipeline->ops->barrier != NULL)
		BRIM_FAULT("record");
	if (txn->only == NULL)
		n = brim_slots_in(pipeline, BRIM_SLOT_FINISHED, finished);
	if (n > 0)
		pipeline->ops->record(pipeline, finished, n);
	if (pipeline->ops->barrier != NULL)
		BRIM_FAULT("recorded");
	if (txn->only == NULL)
		barrier_in(pipeline);
	if (txn->max > 0)
		claim_in(txn, parent);
	if (txn->reports)
		brim_service_write(pipeline->service);
	brim_txn_commit();
	if (txn->reports)
		brim_service_written(pipeline->service);
}
