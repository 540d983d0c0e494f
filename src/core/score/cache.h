/*-------------------------------------------------------------------------
 *
 * cache.h
 *	  What the values of an attribute came to, for values that come again.
 *
 * What an attribute adds to the scores of a lead depends on its value alone,
 * and values repeat: most companies are in one of a hundred industries, and a
 * number matters only by the bounds it lies between.  So what a value came to
 * is kept.  Nothing is kept of texts that tell of events, which depend on the
 * day and on the company's name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_CACHE_H
#define BRIM_CORE_SCORE_CACHE_H

#include "core/score/score.h"

/* What signals come to in the dimensions that have points: fit and intent. */
#define BRIM_SUMS 2

typedef struct BrimSums
{
	int64_t points[BRIM_SUMS]; /* of signals in the average, times their weights */
	int64_t weight[BRIM_SUMS]; /* of these together */
	int64_t added[BRIM_SUMS];  /* points of signals that add */
	int     disqualified;      /* signals that disqualify */
	int     facts;             /* of those that confidence counts, given */
} BrimSums;

/* What one value of an attribute comes to. */
struct BrimOutcome
{
	BrimSums sums;
	bool     is_known; /* else all of this is to be found out, and then set */
};

/* Caches for each attribute of a model; NULL when memory is short. */
extern BrimScoreCache *brim_score_cache_create(const BrimModel *model, BrimMem *mem);
extern void            brim_score_cache_free(BrimScoreCache *cache);

/*
 * The outcome of a value, or room for it where it is not known yet.  It is
 * good until the next call for the attribute.
 */
extern BrimOutcome *
brim_score_cache_find(BrimScoreCache *cache, int attribute, const BrimValue *value);

/* Room for an outcome of an attribute that is not kept; good as long. */
extern BrimOutcome *brim_score_cache_scratch(BrimScoreCache *cache, int attribute);

#endif /* BRIM_CORE_SCORE_CACHE_H */
