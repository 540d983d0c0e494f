/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  What the room offers: the background processes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_WORKER_H
#define BRIM_WORKER_WORKER_H

#include "worker/launcher.h"
#include "worker/loop.h"
#include "worker/task.h"

#endif /* BRIM_WORKER_WORKER_H */
