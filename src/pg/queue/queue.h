/*-------------------------------------------------------------------------
 *
 * queue.h
 *	  What the room offers: the statements of the queues.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_QUEUE_H
#define BRIM_PG_QUEUE_QUEUE_H

#include "pg/queue/classification.h"
#include "pg/queue/email.h"
#include "pg/queue/email_record.h"
#include "pg/queue/email_recovery.h"
#include "pg/queue/generation.h"
#include "pg/queue/node.h"
#include "pg/queue/table.h"

#endif /* BRIM_PG_QUEUE_QUEUE_H */
