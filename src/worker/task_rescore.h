/*-------------------------------------------------------------------------
 *
 * task_rescore.h
 *	  The kind of task "rescore".
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_TASK_RESCORE_H
#define BRIM_WORKER_TASK_RESCORE_H

#include "worker/task.h"

extern const BrimTaskKind brim_task_rescore;

#endif /* BRIM_WORKER_TASK_RESCORE_H */
