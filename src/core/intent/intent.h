/*-------------------------------------------------------------------------
 *
 * intent.h
 *	  Events in the news of a company and in its job posts: which, how sure,
 *	  whose, how much.
 *
 * One pass over the text finds all phrases of the lexicon; only sentences
 * with the word of a term are looked at again.  Whether an event is denied or
 * in doubt is decided from the cues before and behind it, in the manner of
 * NegEx (Chapman et al., A Simple Algorithm for Identifying Negated Findings
 * and Diseases in Discharge Summaries, 2001).
 *
 * Work and memory are bounded: at most BRIM_INTENT_FOUND_MAX places of phrases
 * in a text and BRIM_INTENT_SIGNALS_MAX events are looked at; a sentence longer
 * than BRIM_INTENT_SENTENCE_MAX bytes is cut.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_INTENT_INTENT_H
#define BRIM_CORE_INTENT_INTENT_H

#include <stdint.h>

#include "core/intent/lexicon.h"

#define BRIM_INTENT_FOUND_MAX 65536
#define BRIM_INTENT_SIGNALS_MAX 200
#define BRIM_INTENT_SENTENCE_MAX 4096

typedef enum BrimCertainty
{
	BRIM_STATED = 0,
	BRIM_HEDGED,
	BRIM_NEGATED
} BrimCertainty;

/* An event that a text speaks of. */
typedef struct BrimIntentSignal
{
	/* What, how sure, whose */
	int           class_no;
	BrimCertainty certainty;
	bool          is_other; /* another company's event */

	/* The words that say it: bytes of the text as given */
	size_t start;
	size_t len;

	/* Figures in its sentence */
	bool    has_amount;
	int64_t amount;   /* in 1/100 of the currency */
	BrimStr currency; /* ISO 4217; data NULL: not known */
	BrimStr round;    /* "seed", "series b"; data NULL: none */
	int     people;   /* jobs or employees; 0: none */
} BrimIntentSignal;

typedef struct BrimIntentScan
{
	int               nsignals;
	BrimIntentSignal *signals; /* by start; one a class and sentence */
	int               source;  /* that the text was taken for */

	/* The engine's own */
	struct BrimIntentStages *stages;
} BrimIntentScan;

/* A scan may be used for many texts; it borrows the lexicon.  fold NULL: none; NULL: memory is short. */
extern BrimIntentScan             *
brim_intent_create(const BrimLexicon *lexicon, const BrimFold *fold, BrimMem *mem);
extern void brim_intent_free(BrimIntentScan *scan);

/*
 * Find the events of a text.  company: the lead's name, len 0 where it is not
 * known.  sources: bits of BrimIntentSource; both: what it is is decided from
 * the text.  False: memory is short.  The result lives until the next run.
 */
extern bool brim_intent_run(BrimIntentScan *scan, BrimStr text, BrimStr company, int sources);

/*
 * The date of a text: YYYY-MM-DD at its very beginning, perhaps in () or [],
 * or at its very end in ().  Days since 2000-01-01.
 */
extern bool brim_intent_date(BrimStr text, int *day);

#endif /* BRIM_CORE_INTENT_INTENT_H */
