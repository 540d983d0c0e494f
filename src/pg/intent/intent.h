/*-------------------------------------------------------------------------
 *
 * intent.h
 *	  What the room offers: the lexicon of this database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_INTENT_INTENT_H
#define BRIM_PG_INTENT_INTENT_H

#include "pg/intent/lexicon_cache.h"

#endif /* BRIM_PG_INTENT_INTENT_H */
