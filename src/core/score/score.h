/*-------------------------------------------------------------------------
 *
 * score.h
 *	  Score a lead with a compiled model.
 *
 * A lead is an array of values, one for each attribute of the model.  Nothing
 * counts as given that is null, an empty text, a list of only such, a number
 * that is not one (NaN), or an employee_count of 0.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_SCORE_H
#define BRIM_CORE_SCORE_SCORE_H

#include "core/intent/intent.h"
#include "core/score/model.h"

typedef struct BrimList       BrimList;
typedef struct BrimScoreCache BrimScoreCache; /* see score_cache.h */
typedef struct BrimOutcome    BrimOutcome;

/* A list that is walked where it lies. */
struct BrimList
{
	/* Begin to walk it. */
	void (*start)(BrimList *list);

	/* Set *entry to the next entry that is not null; false at the end. */
	bool (*next)(BrimList *list, BrimStr *entry);
};

typedef enum BrimValueKind
{
	BRIM_VALUE_MISSING = 0,
	BRIM_VALUE_NUMBER,
	BRIM_VALUE_TEXT,
	BRIM_VALUE_LIST,
	BRIM_VALUE_OTHER /* given, of some other type; text is for reasons only */
} BrimValueKind;

typedef struct BrimValue
{
	BrimValueKind kind;
	double        number;
	BrimStr       text; /* as the lead writes it */
	BrimList     *list;
	BrimStr bytes; /* of a list, where the same bytes are the same list; data NULL: not known */
} BrimValue;

/* What is wanted of a scoring; bits. */
#define BRIM_WANT_FIT 1
#define BRIM_WANT_INTENT 2
#define BRIM_WANT_TOTAL 4 /* with FIT and INTENT: is the lead disqualified? */
#define BRIM_WANT_CONFIDENCE 8
#define BRIM_WANT_MATCHES 16 /* which keywords and patterns matched */
#define BRIM_WANT_SCORE (BRIM_WANT_FIT | BRIM_WANT_INTENT | BRIM_WANT_TOTAL)
#define BRIM_WANT_ALL 31

typedef enum BrimSignalState
{
	BRIM_SIGNAL_MISSING = 0, /* the attribute is */
	BRIM_SIGNAL_LEFT_OUT,    /* no rule matched */
	BRIM_SIGNAL_SCORED,
	BRIM_SIGNAL_ASSUMED /* missing, but it counts by the model's policy */
} BrimSignalState;

typedef struct BrimSignalResult
{
	BrimSignalState state;
	int             rule;   /* first that matched, in the model's rules, where scored */
	int64_t         points; /* within the signal's limits, 1/10000 */
	int64_t         weight;
} BrimSignalResult;

/* A rule that matched. */
typedef struct BrimRuleHit
{
	uint32_t run;      /* of the run it matched in */
	uint32_t seen_run; /* all_of, event: of the run that seen or factor counts in */
	int      seen;     /* all_of: keywords found so far */
	int      factor;   /* event: the greatest of those found, 1/10000 */
	BrimStr  found;    /* regex, event: where; lives as long as the values */
} BrimRuleHit;

/* A scorer: the last result, and room to work in.  One lead at a time. */
typedef struct BrimScore
{
	/* Result */
	int         fit;
	int         intent;
	int         total;
	int         confidence; /* hundredths */
	bool        is_qualified;
	bool        is_disqualified;
	const char *action;

	/* What matched in the last run, if that was wanted */
	BrimSignalResult *signals; /* one for each signal of the model */
	uint32_t          run;
	BrimRuleHit      *rules; /* one for each rule */
	uint32_t         *found; /* one for each keyword: the run that it was found in */
	int               nhits;
	int              *hits; /* the rules that matched in signals that add, in no order */

	/* Settings */
	const BrimModel *model;
	const BrimFold  *fold;
	bool             has_today; /* is it known, so that old events count less? */
	int              today;     /* days since 2000-01-01; the model's as_of to begin with */
	int              want;      /* of the last run */
	int              nreads;    /* attributes that it depends on */
	int             *reads;

	/* Memory */
	BrimMem        *mem;
	BrimOutcome   **outcomes; /* what the attributes of reads came to */
	BrimBuf         folded;
	BrimBuf         stems;
	BrimBuf         work;
	BrimIntentScan *scan; /* NULL where no rule looks for events */
	BrimScoreCache *cache;
} BrimScore;

/* A scorer for a model, which it borrows like the fold; NULL when memory is short. */
extern BrimScore *brim_score_create(const BrimModel *model, const BrimFold *fold, BrimMem *mem);
extern void       brim_score_free(BrimScore *score);

/* Does what is wanted depend on this attribute?  If not its value may be anything. */
extern bool brim_score_reads(const BrimModel *model, int want, int attribute);

/* Set which attributes the next run depends on: score->reads. */
extern void brim_score_want(BrimScore *score, int want);

/*
 * Score a lead: values has the model's nattributes entries.  False when memory
 * is short.  The fold and the lists may leave by longjmp; the scorer can be
 * used again afterwards.
 */
extern bool brim_score_run(BrimScore *score, const BrimValue *values, int want);

/* What became of the rules is known after a run with BRIM_WANT_MATCHES, and only then. */

/* Did a rule match?  In an average only the first of a signal counts. */
extern bool brim_score_reason_matched(const BrimScore *score, int rule);

/* The points that a rule which matched gave, before its signal's limits, 1/10000. */
extern int64_t brim_score_reason_rule_points(const BrimScore *score, int rule);

/*
 * Append the reason that a rule gives, if it has one, placeholders filled, or
 * what it found (keywords, what the pattern matched, the value).  False: it
 * does not fit.
 */
extern bool
brim_score_reason(const BrimScore *score, int rule, const BrimValue *values, BrimBuf *out);
extern bool
brim_score_reason_evidence(const BrimScore *score, int rule, const BrimValue *values, BrimBuf *out);

/*
 * What each signal contributed to the total, in millionths of a point, and
 * what was added to get whole numbers from 0 to 100; all of them together are
 * the total exactly.
 */
typedef struct BrimBreakdown
{
	int64_t *signals;  /* the caller's, one for each signal */
	int64_t  limit;    /* a dimension was brought to 0 or 100 */
	int64_t  rounding; /* fractions were cut off */
	int64_t  disqualified;
} BrimBreakdown;

#define BRIM_MILLION 1000000

extern void brim_score_reason_breakdown(const BrimScore *score, BrimBreakdown *breakdown);

#endif /* BRIM_CORE_SCORE_SCORE_H */
