/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  PostgreSQL 14 to 18 in the spelling of the newest.
 *
 * The only file that tests PG_VERSION_NUM.  Include it right after postgres.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_COMPAT_H
#define BRIM_COMPAT_H

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/guc.h"

#if PG_VERSION_NUM < 140000
#error "brim needs PostgreSQL 14 or later"
#endif

/* varlena access moved out of postgres.h in 16 (commit d952373a987b) */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* MarkGUCPrefixReserved() is the name since 15 (commit 88103567cb8f) */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* shmem_request_hook came with 15 (commit 4f2400cb3f10) */
#if PG_VERSION_NUM >= 150000
#define BRIM_HAVE_SHMEM_REQUEST_HOOK 1
#endif

/* InitMaterializedSRF() is the name since 16; 15 had SetSingleFuncCall() (commit a19e5cee635d) */
#if PG_VERSION_NUM >= 160000
#define brim_init_srf(fcinfo) InitMaterializedSRF(fcinfo, 0)
#elif PG_VERSION_NUM >= 150000
#define brim_init_srf(fcinfo) SetSingleFuncCall(fcinfo, 0)
#else
#define BRIM_NEED_INIT_SRF 1
#endif

/* PGPROC numbers: MyProcNumber since 17 (commit 024c52111757) */
#if PG_VERSION_NUM >= 170000
#define brim_my_proc_number() ((int) MyProcNumber)
#else
#define brim_my_proc_number() ((int) MyProc->pgprocno)
#endif

/* Module name and version in the magic block since 18 (commit 9324c8c58065) */
#if PG_VERSION_NUM >= 180000
#define BRIM_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "brim")
#else
#define BRIM_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* pg_noreturn stands before the declaration since 18 (commit 15a79c73111f) */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

#endif							/* BRIM_COMPAT_H */
