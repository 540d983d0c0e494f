/*-------------------------------------------------------------------------
 *
 * look.h
 *	  What the parts of scoring share: score.c, score_look.c, score_reason.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_LOOK_H
#define BRIM_CORE_SCORE_LOOK_H

#include "core/score/cache.h"

/*
 * Look at one attribute: note the rules that match, say whether it is given.
 * company is the value of the company's name.  False: no memory.
 */
extern bool
brim_score_look(BrimScore *score, const BrimAttribute *attribute, const BrimValue *value,
				const BrimValue *company, bool want_matches, bool *given);

/* Note the events that a text tells of (score_event.c).  False: no memory. */
extern bool brim_score_event_find(BrimScore *score, const BrimAttribute *attribute, BrimStr text,
								  BrimStr company);

#endif /* BRIM_CORE_SCORE_LOOK_H */
