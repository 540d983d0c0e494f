/*-------------------------------------------------------------------------
 *
 * fold.h
 *	  How the server folds text for the scoring core: lowered by the
 *	  database's default collation, in UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_DB_FOLD_H
#define BRIM_DB_FOLD_H

#include "core/fold.h"

/* Folds into the memory context that is current when it is called. */
extern const BrimFold brim_fold_server;

#endif /* BRIM_DB_FOLD_H */
