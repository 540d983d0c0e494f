/*-------------------------------------------------------------------------
 *
 * deliver_slots.h
 *	  The slots of the delivering job: from the claim to what became of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_DELIVER_SLOTS_H
#define BRIM_WORKER_DELIVER_SLOTS_H

#include "worker/deliver_queue.h"

extern int brim_deliver_count(BrimDeliverState state);

/* Report that all is well, as far as is known. */
extern void brim_deliver_report_working(void);

/* A slot has an e-mail: build the message and hand it to the transport. */
extern void brim_deliver_start(BrimDeliverSlot *slot);

/* Take every slot as far as it goes; true when a transaction has work to do. */
extern bool brim_deliver_drive(void);

/* After the commit: count and free what was recorded, all or one. */
extern void brim_deliver_release(BrimDeliverSlot *only);
extern void brim_deliver_free(BrimDeliverSlot *slot);

/*
 * After the commit of the barrier: the last word may be said, unless a standby
 * that is relied on may not know the barrier.
 */
extern void brim_deliver_pass_barrier(bool is_unconfirmed);

#endif /* BRIM_WORKER_DELIVER_SLOTS_H */
