/*-------------------------------------------------------------------------
 *
 * match.h
 *	  What the room offers: bringing texts into one form, finding keywords.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MATCH_MATCH_H
#define BRIM_CORE_MATCH_MATCH_H

#include "core/match/automaton.h"
#include "core/match/fold.h"
#include "core/match/keywords.h"
#include "core/match/matcher.h"

#endif /* BRIM_CORE_MATCH_MATCH_H */
