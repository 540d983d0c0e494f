/*-------------------------------------------------------------------------
 *
 * internal.h
 *	  What the files of core/score share among themselves: the rules.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_INTERNAL_H
#define BRIM_CORE_SCORE_INTERNAL_H

#include "core/score/score.h"

/*
 * A compiled model of rules: rules grouped by signal, signals by attribute.
 */

typedef enum BrimDimension
{
	BRIM_FIT = 0,
	BRIM_INTENT,
	BRIM_DISQUALIFIER
} BrimDimension;

#define BRIM_DIMENSIONS 3

/* How the points of a signal come into its dimension. */
typedef enum BrimCombine
{
	BRIM_AVERAGE = 0,
	BRIM_ADD
} BrimCombine;

/* What a signal counts whose attribute is missing. */
typedef enum BrimMissingPolicy
{
	BRIM_MISSING_IGNORE = 0, /* it is left out */
	BRIM_MISSING_ZERO,       /* no points */
	BRIM_MISSING_PRIOR       /* the points of the signal's settings; none: left out */
} BrimMissingPolicy;

typedef enum BrimRuleKind
{
	BRIM_RULE_RANGE = 0, /* number from low to high, both inclusive */
	BRIM_RULE_ONE_OF,    /* the whole text is one of the keywords */
	BRIM_RULE_ANY_OF,    /* a whole entry of the list is one of the keywords */
	BRIM_RULE_ALL_OF,    /* each keyword is a whole entry of the list */
	BRIM_RULE_WORDS,     /* the text or an entry of the list has the word or phrase */
	BRIM_RULE_REGEX,     /* the text or an entry of the list matches the pattern */
	BRIM_RULE_EVENT,     /* the text or an entry speaks of an event of one of the classes */
	BRIM_RULE_PRESENT,   /* the attribute is given */
	BRIM_RULE_OTHERWISE  /* the attribute is given and no earlier rule matched */
} BrimRuleKind;

typedef struct BrimRule
{
	int          rule_no;
	int          signal;
	BrimRuleKind kind;
	double       low;           /* open: -HUGE_VAL */
	double       high;          /* open: HUGE_VAL */
	int          first_keyword; /* among the keywords of the model */
	int          nkeywords;
	int          ndistinct; /* all_of: keywords that differ when folded */
	bool         stem;      /* words: stems are compared */
	BrimStr      pattern;   /* regex */
	int          points;
	int64_t      weight;
	BrimStr      reason; /* len 0: none */
	bool         is_positive;
} BrimRule;

typedef struct BrimSignal
{
	BrimStr       name;
	BrimDimension dimension;
	BrimCombine   combine;
	int           attribute;
	int           first_rule; /* its rules stand side by side */
	int           nrules;
	int           nranges;  /* rules of kind range among them */
	int           fallback; /* first rule of kind present or otherwise, or -1 */

	/* Limits of its points, 1/10000 */
	int64_t min_points;
	int64_t max_points;

	/* What it counts when it is missing */
	bool    counts_missing;
	int64_t missing_points;
	int64_t missing_weight;
} BrimSignal;

/* A rule of kind event that looks for a class. */
typedef struct BrimEventTarget
{
	int class_no; /* in the lexicon */
	int rule;
	int keyword;
} BrimEventTarget;

/* What the rules look for in an attribute. */
typedef struct BrimRulesAttribute
{
	const BrimAttribute *feature;
	bool                 in_dimension[BRIM_DIMENSIONS]; /* read by a signal of it? */
	int                  nsignals;
	int                 *signals;
	BrimMatcher         *exact; /* whole values and entries; NULL where no rule asks for them */
	BrimMatcher         *words;
	BrimMatcher         *stems;
	int                  nregexes;
	int                 *regexes; /* rules of kind regex */
	int                  nevents;
	BrimEventTarget     *events;
	int                  sources; /* where its texts come from: bits of BrimIntentSource */
} BrimRulesAttribute;

typedef struct BrimRulesModel
{
	BrimModel head; /* must be first */

	/* Weighing */
	int64_t fit_weight;
	int64_t intent_weight;
	BrimStr language;

	/* Contents */
	BrimRulesAttribute *attributes; /* one for each feature */
	int                 nsignals;
	BrimSignal         *signals; /* in the order of their first rules */
	int                 nrules;
	BrimRule           *rules; /* by signal, then number */
	int                 nkeywords;
	BrimStr            *keywords; /* as written, by rule */

	/* Memory */
	BrimArena arena;
} BrimRulesModel;

/*
 * rules_names.c: the words that rules are written in.
 */

/* What a name stands for (an enum), or what is to be said otherwise. */
extern int brim_rules_names_kind(BrimStr name, int otherwise);
extern int brim_rules_names_dimension(BrimStr name, int otherwise);
extern int brim_rules_names_combine(BrimStr name, int otherwise);
extern int brim_rules_names_policy(BrimStr name, int otherwise);

extern const char *brim_rules_names_dimension_name(BrimDimension dimension);
extern bool        brim_rules_names_kind_has_keywords(BrimRuleKind kind);

/* What a rule of a kind can read; bits. */
extern int brim_rules_names_kind_accepts(BrimRuleKind kind);

/*
 * rules_check.c
 */

/* Check a definition, save for what compiling finds; sorts its rules. */
extern bool brim_rules_check(BrimRulesDef *def, BrimError *error);

/*
 * rules_compile.c, and rules_compile_events.c and rules_compile_keywords.c below it.
 */

/* A model while it is compiled. */
typedef struct BrimRulesCompiler
{
	BrimRulesModel *model;
	BrimRulesDef   *def;
	const BrimFold *fold;
	BrimError      *error;

	/* Memory */
	BrimArena scratch;
	BrimBuf   folded;
	BrimBuf   pattern;
	size_t    keyword_bytes; /* of all keywords so far */
} BrimRulesCompiler;

/* Say that memory is short; false, to be returned. */
static inline bool
brim_rules_no_memory(BrimRulesCompiler *compiler)
{
	brim_error_set(compiler->error, "out of memory");
	return false;
}

/* See BrimScorer. */
extern BrimModel *
brim_rules_compile(BrimModelDef *def, const BrimFold *fold, BrimMem *mem, BrimError *error);
extern void brim_rules_compile_free(BrimModel *model, BrimMem *mem);

/* Give each attribute the events that its rules look for. */
extern bool brim_rules_compile_events(BrimRulesCompiler *compiler);

/* Give each attribute what finds the keywords of its rules. */
extern bool brim_rules_compile_keywords(BrimRulesCompiler *compiler);

/*
 * rules_cache.c: what values of an attribute are worth, for values that come again.
 *
 * What an attribute adds to the scores of a lead depends on its value alone,
 * and values repeat: most companies are in one of a hundred industries, and a
 * number matters only by the bounds it lies between.  So that is kept, except
 * for texts that may speak of events, which depend on the day and on the company.
 */

/* What signals add in the dimensions that have points: fit and intent. */
#define BRIM_SUMS 2

typedef struct BrimSums
{
	int64_t points[BRIM_SUMS]; /* of signals in the average, times their weights */
	int64_t weight[BRIM_SUMS]; /* of these together */
	int64_t added[BRIM_SUMS];  /* points of signals that add */
	int     disqualified;      /* signals that disqualify */
	int     facts;             /* of those that confidence counts, given */
} BrimSums;

/* What one value of an attribute is worth. */
typedef struct BrimWorth
{
	BrimSums sums;
	bool     is_known; /* else all of this is to be found out, and then set */
} BrimWorth;

typedef struct BrimRulesCache BrimRulesCache;

/* Caches for each attribute of a model; NULL when memory is short. */
extern BrimRulesCache *brim_rules_cache_create(const BrimRulesModel *model, BrimMem *mem);
extern void            brim_rules_cache_free(BrimRulesCache *cache);

/*
 * The worth of a value, or room for it where it is not known yet.  It is good
 * until the next call for the attribute.
 */
extern BrimWorth *
brim_rules_cache_find(BrimRulesCache *cache, int attribute, const BrimValue *value);

/* Room for the worth of an attribute that is not kept; good as long. */
extern BrimWorth *brim_rules_cache_scratch(BrimRulesCache *cache, int attribute);

/*
 * rules.c: a model of rules at work.
 */

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

typedef struct BrimRulesScore
{
	BrimScore             head; /* must be first */
	const BrimRulesModel *model;
	const BrimFold       *fold;

	/* What matched in the last run, if that was wanted */
	BrimSignalResult *signals; /* one for each signal of the model */
	uint32_t          run;
	BrimRuleHit      *rules; /* one for each rule */
	uint32_t         *found; /* one for each keyword: the run that it was found in */
	int               nhits;
	int              *hits; /* the rules that matched in signals that add, in no order */

	/* Memory */
	BrimWorth     **worths; /* of the values of head.reads */
	BrimBuf         folded;
	BrimBuf         stems;
	BrimBuf         work;
	BrimIntentScan *scan; /* NULL where no rule looks for events */
	BrimRulesCache *cache;
} BrimRulesScore;

/* The points of a rule that matched, before its signal's limits, 1/10000. */
static inline int64_t
brim_rules_points(const BrimRulesScore *score, int rule)
{
	const BrimRule *r = &score->model->rules[rule];

	return (int64_t) r->points *
		   (r->kind == BRIM_RULE_EVENT ? score->rules[rule].factor : BRIM_WEIGHT_ONE);
}

/*
 * rules_look.c, and rules_event.c below it: which rules match?
 */

/*
 * Look at one attribute: note the rules that match, say whether it is given.
 * company is the value of the company's name.  False: no memory.
 */
extern bool
brim_rules_look(BrimRulesScore *score, const BrimRulesAttribute *attribute, const BrimValue *value,
				const BrimValue *company, bool want_matches, bool *given);

/* Note the events that a text speaks of.  False: no memory. */
extern bool brim_rules_event_find(BrimRulesScore *score, const BrimRulesAttribute *attribute,
								  BrimStr text, BrimStr company);

/*
 * rules_reason.c: why a lead has its score; see BrimScorer.
 */

extern bool
brim_rules_reason_explain(const BrimScore *score, BrimMem *mem, BrimExplanation *explanation);
extern bool brim_rules_reason_tell(const BrimScore *score, int rule, BrimTelling what,
								   const BrimValue *values, BrimBuf *out);

#endif /* BRIM_CORE_SCORE_INTERNAL_H */
