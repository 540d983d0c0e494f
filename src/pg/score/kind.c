/*-------------------------------------------------------------------------
 *
 * kind.c
 *	  The kinds of scorers that the server knows; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/score/internal.h"

static const BrimKind *const kinds[] = {&brim_rules_kind};

const BrimKind *
brim_kind_find(BrimStr name)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (brim_str_equal(name, brim_str(kinds[i]->scorer->kind)))
			return kinds[i];
	}
	return NULL;
}

const BrimKind *
brim_kind_of(const BrimModelDef *def)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (kinds[i]->scorer == def->scorer)
			return kinds[i];
	}
	elog(ERROR, "scoring model of an unknown kind");
}
