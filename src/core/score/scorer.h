/*-------------------------------------------------------------------------
 *
 * scorer.h
 *	  What a kind of model has to do, and what all kinds have in common.
 *
 * scorer	a kind of model: how a definition becomes a model, which features
 *			it reads, how it scores and how it explains itself.  Rules are the
 *			first kind (rules.h)
 * model	a definition, compiled; it does not change any more
 * score	a model at work: the last result, and room to work in
 *
 * What the kinds have in common stands first in the structures of each, so
 * that a pointer to a BrimModelDef, BrimModel or BrimScore is one to the
 * kind's own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_SCORER_H
#define BRIM_CORE_SCORE_SCORER_H

#include <stdint.h>

#include "core/intent/intent.h"
#include "core/match/match.h"
#include "core/score/feature.h"

#define BRIM_WEIGHT_ONE 10000 /* the unit of weights, and of points with decimals */

typedef struct BrimScorer BrimScorer;

/* A model as written; the texts are borrowed. */
typedef struct BrimModelDef
{
	const BrimScorer *scorer;
	BrimStr           name;
	int               version;
	int               high_above;
	int               medium_above;
	int               qualified_above;

	/* Events of news and job posts */
	const BrimLexicon *lexicon;   /* outlives the model; NULL: there is none */
	bool               has_as_of; /* is the day given that events are dated back from? */
	int                as_of;     /* days since 2000-01-01 */
} BrimModelDef;

/* A compiled model; it owns copies of all texts. */
typedef struct BrimModel
{
	const BrimScorer *scorer;
	BrimStr           name;
	int               version;

	/* What it reads: the facts first */
	BrimFeatures features;

	/* What totals mean */
	int high_above;
	int medium_above;
	int qualified_above;

	/* Events */
	const BrimLexicon *lexicon; /* borrowed; NULL: it looks for none, and depends on no day */
	bool               has_as_of;
	int                as_of;
} BrimModel;

/* What is wanted of a scoring; bits. */
#define BRIM_WANT_FIT 1
#define BRIM_WANT_INTENT 2
#define BRIM_WANT_TOTAL 4 /* with FIT and INTENT: is the lead disqualified? */
#define BRIM_WANT_CONFIDENCE 8
#define BRIM_WANT_MATCHES 16 /* what explain() and tell() need */
#define BRIM_WANT_SCORE (BRIM_WANT_FIT | BRIM_WANT_INTENT | BRIM_WANT_TOTAL)
#define BRIM_WANT_ALL 31

/* One lead at a time. */
typedef struct BrimScore
{
	const BrimModel *model;

	/* Result */
	int         fit;
	int         intent;
	int         total;
	int         confidence; /* hundredths */
	bool        is_qualified;
	bool        is_disqualified;
	const char *action;

	/* Settings */
	bool has_today; /* is it known, so that old events count less? */
	int  today;     /* days since 2000-01-01; the model's as_of to begin with */
	int  want;      /* of the last run */
	int  nreads;    /* features that it depends on */
	int *reads;     /* their places, rising */
} BrimScore;

/* In this order: from BRIM_SIGNAL_SCORED on a signal counts in the average. */
typedef enum BrimSignalState
{
	BRIM_SIGNAL_MISSING = 0, /* the attribute is */
	BRIM_SIGNAL_LEFT_OUT,    /* it says nothing */
	BRIM_SIGNAL_SCORED,
	BRIM_SIGNAL_ASSUMED /* missing, but it counts by the model's policy */
} BrimSignalState;

/* Something that spoke for or against a lead: of rules, one that matched. */
typedef struct BrimReason
{
	int     id;      /* for tell() */
	int     rule_no; /* 0: no rule */
	int64_t points;  /* 1/10000 */
	bool    is_positive;
} BrimReason;

/* A part of a score: of rules, a signal. */
typedef struct BrimPart
{
	const char     *dimension; /* NULL: none */
	BrimStr         name;
	BrimStr         attribute; /* its label */
	BrimSignalState state;
	bool            has_points; /* may it count?  A disqualifier has no points */
	int64_t         points;     /* 1/10000, within the signal's limits */
	int64_t         weight;     /* 1/10000 */
	int             nreasons;   /* that are this part's; the parts' reasons follow each other */
	int64_t         contribution;
} BrimPart;

#define BRIM_ADJUSTMENTS_MAX 4

/*
 * Where a total comes from, in millionths of a point: the contributions of all
 * parts and adjustments together are the total exactly.
 */
typedef struct BrimExplanation
{
	int         nparts;
	BrimPart   *parts;
	int         nreasons;
	BrimReason *reasons;
	int         nadjustments;
	struct
	{
		const char *what;
		int64_t     contribution;
	} adjustments[BRIM_ADJUSTMENTS_MAX];
} BrimExplanation;

#define BRIM_MILLION 1000000

/* What a reason has to say. */
typedef enum BrimTelling
{
	BRIM_TELL_REASON,  /* the sentence that it gives, or nothing */
	BRIM_TELL_EVIDENCE /* what was found: keywords, what a pattern matched, the value */
} BrimTelling;

/* A kind of model.  Each function must be there; none keeps more than its BrimMem gives it. */
struct BrimScorer
{
	const char *kind; /* its name in brim.scoring_model and in specs */

	/*
	 * A model from a definition of the kind; may sort what the definition
	 * lists.  NULL with *error saying what is at fault, or that memory is
	 * short.
	 */
	BrimModel *(*compile)(BrimModelDef *def, const BrimFold *fold, BrimMem *mem, BrimError *error);

	/* Set which features what is wanted depends on, by rising places; how many.  There is room for all. */
	int (*features)(const BrimModel *model, int want, int *places);

	/* A model at work, which it borrows like the fold; NULL: memory is short. */
	BrimScore *(*begin)(const BrimModel *model, const BrimFold *fold, BrimMem *mem);

	/*
	 * Score a lead.  values has an entry for each feature; only those that
	 * what is wanted depends on are read.  False: memory is short.  The fold
	 * and lists may leave by longjmp; the score can be used again afterwards.
	 */
	bool (*run)(BrimScore *score, const BrimValue *values, int want);

	/* Explain the last run, which wanted all; the arrays are of mem.  False: memory is short. */
	bool (*explain)(const BrimScore *score, BrimMem *mem, BrimExplanation *explanation);

	/* Append what a reason of the last run says; false: it does not fit.  values: of that run. */
	bool (*tell)(const BrimScore *score, int id, BrimTelling what, const BrimValue *values,
				 BrimBuf *out);

	/* Give memory back, where the BrimMem itself does not end. */
	void (*end)(BrimScore *score, BrimMem *mem);
	void (*free)(BrimModel *model, BrimMem *mem);
};

#endif /* BRIM_CORE_SCORE_SCORER_H */
