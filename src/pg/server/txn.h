/*-------------------------------------------------------------------------
 *
 * txn.h
 *	  The worker's transactions: short, with SPI, one snapshot a statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_TXN_H
#define BRIM_PG_SERVER_TXN_H

#include "executor/spi.h"

/*
 * Settings that the worker's safety needs, forced once after connecting:
 * ALTER DATABASE SET and ALTER ROLE SET reach a worker too.  The worker's plans
 * are forced, too; a task's are the planner's business.
 */
extern void brim_txn_force_settings(void);
extern void brim_txn_force_safety(void);

/*
 * Begin a transaction.  False, and no transaction, when the extension is not
 * installed in this database.  activity is what pg_stat_activity shows; NULL: what
 * it shows already.
 */
extern bool brim_txn_begin(const char *activity);
extern void brim_txn_commit(void);
extern void brim_txn_abort(void);  /* after an error; safe outside a transaction */
extern void brim_txn_report(void); /* statistics that are due at the latest before a long sleep */

/* One statement, prepared at its first use and kept; planned again now and then. */
typedef struct BrimStatement
{
	const char *text;
	int         nargs;
	Oid         types[20];
	SPIPlanPtr  plan;
	int         runs; /* of the plan */
	int         replan_at;
} BrimStatement;

/* Run it; values[i] is NULL where nulls[i].  Returns SPI_processed. */
extern uint64 brim_txn_run(BrimStatement *statement, Datum *values, const bool *nulls);

/* Columns of the last result, counted from 1, as C values in the current context. */
extern char       *brim_txn_text(uint64 row, int column);  /* NULL for null; server encoding */
extern int64       brim_txn_int64(uint64 row, int column); /* int4 and int8; 0 for null */
extern bool        brim_txn_bool(uint64 row, int column);
extern TimestampTz brim_txn_time(uint64 row, int column); /* 0 for null */

/* Arrays for unnest() */
extern Datum brim_txn_int8_array(const int64 *items, int n);
extern Datum brim_txn_int4_array(const int *items, int n);
extern Datum brim_txn_text_array(const char *const *items, int n); /* NULL items are nulls */

/* The same from one member of each of n structures; int4 for int, text (UTF-8) for char *. */
#define BRIM_TXN_COLUMN(type, rows, n, member)                                                     \
	brim_txn_column(type, rows, n, sizeof((rows)[0]),                                              \
					(const char *) &(rows)[0].member - (const char *) (rows))
extern Datum brim_txn_column(Oid type, const void *rows, int n, size_t size, size_t offset);

/*
 * Text that came from outside (UTF-8) as a text Datum in the server's
 * encoding; what that encoding lacks raises an error.
 */
extern char *brim_txn_from_utf8(const char *text);
extern char *brim_txn_to_utf8(char *text);

/* The same as a text Datum; NULL is null. */
extern Datum brim_txn_utf8_or_null(const char *text, bool *isnull);

#endif /* BRIM_PG_SERVER_TXN_H */
