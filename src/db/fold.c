/*-------------------------------------------------------------------------
 *
 * fold.c
 *	  How the server folds text for the scoring core; see fold.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "utils/formatting.h"

#include "db/fold.h"

/* Lower a text of the server's encoding and convert it to UTF-8. */
static bool
fold_text(void *state, BrimStr text, BrimStr *folded)
{
	char *lower = str_tolower(text.data, text.len, DEFAULT_COLLATION_OID);
	int   len = (int) strlen(lower);
	char *utf8 = pg_server_to_any(lower, len, PG_UTF8);

	(void) state;
	folded->data = utf8;
	folded->len = utf8 == lower ? (size_t) len : strlen(utf8);
	return true;
}

const BrimFold brim_fold_server = {fold_text, NULL};
