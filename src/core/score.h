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
#ifndef BRIM_CORE_SCORE_H
#define BRIM_CORE_SCORE_H

#include "core/model.h"

typedef struct BrimList BrimList;

/* A list that is walked where it lies. */
struct BrimList
{
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
} BrimValue;

/* What is wanted of a scoring; bits. */
#define BRIM_WANT_FIT 1
#define BRIM_WANT_INTENT 2
#define BRIM_WANT_CONFIDENCE 4
#define BRIM_WANT_MATCHES 8 /* which keywords matched */
#define BRIM_WANT_ALL 15

typedef enum BrimSignalState
{
	BRIM_SIGNAL_MISSING = 0, /* the attribute is */
	BRIM_SIGNAL_LEFT_OUT,    /* no rule matched */
	BRIM_SIGNAL_SCORED
} BrimSignalState;

typedef struct BrimSignalResult
{
	BrimSignalState state;
	int             rule; /* place in the model's rules, where scored */
} BrimSignalResult;

/* A scorer: the last result, and room to work in.  One lead at a time. */
typedef struct BrimScore
{
	/* Result */
	int               fit;
	int               intent;
	int               total;
	int               confidence; /* hundredths */
	bool              is_qualified;
	const char       *action;
	BrimSignalResult *signals; /* one for each signal of the model */
	bool             *matched; /* one for each keyword of the model */

	/* Settings */
	const BrimModel *model;
	const BrimFold  *fold;

	/* Memory */
	BrimMem *mem;
	BrimBuf  folded;
} BrimScore;

/* A scorer for a model, which it borrows like the fold; NULL when memory is short. */
extern BrimScore *brim_score_create(const BrimModel *model, const BrimFold *fold, BrimMem *mem);
extern void       brim_score_free(BrimScore *score);

/* Does what is wanted depend on this attribute?  If not its value may be anything. */
extern bool brim_score_reads(const BrimModel *model, int want, int attribute);

/*
 * Score a lead: values has the model's nattributes entries.  False when memory
 * is short.  The fold and the lists may leave by longjmp; the scorer can be
 * used again afterwards.
 */
extern bool brim_score_run(BrimScore *score, const BrimValue *values, int want);

/*
 * Append the reason that a scored signal gives, if it has one, placeholders
 * filled.  Needs a run with BRIM_WANT_MATCHES.
 */
extern bool
brim_score_reason(const BrimScore *score, int signal, const BrimValue *values, BrimBuf *out);

#endif /* BRIM_CORE_SCORE_H */
