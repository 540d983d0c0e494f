/*-------------------------------------------------------------------------
 *
 * recovery.h
 *	  Whether work may be taken up here, and what dead workers left behind.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_RECOVERY_H
#define BRIM_WORKER_RECOVERY_H

#include "pg/queue/queue.h"

extern void brim_recovery_init(void); /* once a worker process */

/*
 * Inside a transaction: may work be taken up (armed, not paused)?  Fills node.
 * At the first yes of this process it recovers what earlier processes of its
 * number left behind; then, and every 10 s that there is work, and after the end
 * of another worker, what the other numbers did whose process is gone.
 */
extern bool brim_recovery_may_work(BrimNode *node);

/* How often others were looked after: a reason to look for suspects, too. */
extern int brim_recovery_count(void);

#endif /* BRIM_WORKER_RECOVERY_H */
