/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  PostgreSQL 14 to 19devel in the spelling of the newest.
 *
 * The only file that tests PG_VERSION_NUM.  Include it right after postgres.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_COMPAT_H
#define BRIM_COMPAT_H

/*
 * The library is compiled with hidden visibility.  Since 16 the server's own
 * macros export what must be seen (commit 089480c07705); before, PGDLLEXPORT is
 * empty outside Windows and functions are declared without it.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

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

/*
 * InitMaterializedSRF() is the name since 16; 15 had SetSingleFuncCall() (commit
 * a19e5cee635d).  What the result looks like is taken from the caller: to look
 * it up leaves a kilobyte a call behind in the memory of the query.
 */
#if PG_VERSION_NUM >= 160000
#define brim_srf_init(fcinfo) InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC)
#elif PG_VERSION_NUM >= 150000
#define brim_srf_init(fcinfo) SetSingleFuncCall(fcinfo, SRF_SINGLE_USE_EXPECTED)
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

/* The timeline that WAL is written to is asked for since 15 (commit 4a92a1c3d1c3) */
#if PG_VERSION_NUM >= 150000
#define brim_current_timeline() GetWALInsertionTimeLine()
#else
#define brim_current_timeline() (RecoveryInProgress() ? 0 : ThisTimeLineID)
#endif

/* Wait event sets belong to a resource owner since 17 (commit 50c67c2019ab) */
#if PG_VERSION_NUM >= 170000
#define brim_create_wait_event_set(n) CreateWaitEventSet(NULL, n)
#else
#define brim_create_wait_event_set(n) CreateWaitEventSet(TopMemoryContext, n)
#endif

/* transaction_timeout came with 17 (commit 51efe38cb92f) and reaches background workers */
#if PG_VERSION_NUM >= 170000
#define BRIM_HAVE_TRANSACTION_TIMEOUT 1
#endif

/* Hashing says what went wrong since 15 (commit 3a0cced86d75) */
#if PG_VERSION_NUM < 150000
#define pg_cryptohash_error(ctx) "hashing failed"
#endif

/* pushJsonbValue() keeps its result in a JsonbInState since 19 (commit 0986e95161ce) */
#if PG_VERSION_NUM < 190000
typedef struct JsonbInState
{
	struct JsonbValue      *result;
	struct JsonbParseState *parseState;
} JsonbInState;

#define pushJsonbValue(state, token, value)                                                        \
	((void) ((state)->result = (pushJsonbValue) (&(state)->parseState, token, value)))
#endif

/* Declare a function that SQL calls. */
#define BRIM_FUNCTION(name)                                                                        \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                               \
	PG_FUNCTION_INFO_V1(name)

#endif /* BRIM_COMPAT_H */
