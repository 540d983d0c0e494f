/*-------------------------------------------------------------------------
 *
 * server.h
 *	  What the room offers: settings, shared memory, transactions of the worker.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_SERVER_H
#define BRIM_PG_SERVER_SERVER_H

#include "pg/server/breaker.h"
#include "pg/server/clock.h"
#include "pg/server/exit_mark.h"
#include "pg/server/faults.h"
#include "pg/server/installation.h"
#include "pg/server/prepared.h"
#include "pg/server/settings.h"
#include "pg/server/shared.h"
#include "pg/server/srf.h"
#include "pg/server/standby.h"
#include "pg/server/task_row.h"
#include "pg/server/task_slots.h"
#include "pg/server/txn.h"
#include "pg/server/version.h"

#endif /* BRIM_PG_SERVER_SERVER_H */
