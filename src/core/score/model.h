/*-------------------------------------------------------------------------
 *
 * model.h
 *	  Scoring models: from rows to a form that scores fast.
 *
 * attribute	a fact about a lead, found by the name of its column, or by a
 *				path into a column of jsonb
 * signal		one thing a model looks at; it reads one attribute
 * rule			turns the attribute into points for its signal
 * dimension	what a signal speaks for: fit or intent; a signal of dimension
 *				disqualifier makes the total 0 when one of its rules matches
 *
 * A signal takes part in the average of its dimension, or adds to it.  In the
 * average its rules are tried in the order of their numbers, the first that
 * matches gives the points, and if none does the signal is left out.  When it
 * adds, the points of all its rules that match add up.  Either way the points
 * keep to the signal's limits.  If the attribute is missing so is the signal,
 * and the model's policy says what that means.
 *
 * A definition borrows all its texts.  A compiled model owns copies and does
 * not change any more.  Weights, and points with decimals, are integers in
 * units of 1/10000.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_MODEL_H
#define BRIM_CORE_SCORE_MODEL_H

#include <stdint.h>

#include "core/base/base.h"
#include "core/match/match.h"
#include "core/intent/intent.h"

#define BRIM_WEIGHT_ONE 10000
#define BRIM_MODEL_RULES_MAX 10000
#define BRIM_MODEL_SIGNALS_MAX 1000          /* with settings of their own */
#define BRIM_MODEL_KEYWORDS_MAX 100000       /* of all rules together */
#define BRIM_MODEL_KEYWORD_BYTES_MAX 2000000 /* of all keywords together, folded */
#define BRIM_MODEL_NAME_MAX 63               /* bytes of a name of a model, signal or attribute */
#define BRIM_MODEL_REASON_MAX 1000           /* bytes of a reason */
#define BRIM_MODEL_POINTS_MAX 100            /* points are from -100 to 100 */
#define BRIM_MODEL_PATH_MAX 16               /* steps of a path */
#define BRIM_MODEL_REGEX_MAX 16              /* rules with a regular expression */
#define BRIM_MODEL_PATTERN_MAX 1000          /* bytes of a regular expression */
#define BRIM_MODEL_SEARCHED_MAX 32768        /* bytes of a text that one is searched in */

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
	BRIM_RULE_EVENT,     /* the text or an entry tells of an event of one of the classes */
	BRIM_RULE_PRESENT,   /* the attribute is given */
	BRIM_RULE_OTHERWISE  /* the attribute is given and no earlier rule matched */
} BrimRuleKind;

/* What an attribute may be; bits. */
#define BRIM_ACCEPTS_NUMBER 1
#define BRIM_ACCEPTS_TEXT 2
#define BRIM_ACCEPTS_LIST 4
#define BRIM_ACCEPTS_OTHER 8 /* anything: only whether it is given counts */
#define BRIM_ACCEPTS_ANY 15

/* The seven facts that confidence counts: the first attributes of each model. */
#define BRIM_FACTS 7

/* A rule as written. */
typedef struct BrimRuleDef
{
	int            rule_no;
	BrimStr        dimension;
	BrimStr        signal;
	BrimStr        attribute;
	int            npath;
	const BrimStr *path; /* data NULL: a step that is null */
	BrimStr        kind;
	bool           has_low;
	bool           has_high;
	double         low;
	double         high;
	int            nkeywords;
	const BrimStr *keywords; /* data NULL: a keyword that is null */
	BrimStr        pattern;  /* data NULL: none */
	bool           stem;
	int            points; /* -100 .. 100 */
	int64_t        weight;
	BrimStr        reason;      /* {value}, {matched}; data NULL: none */
	BrimStr        reason_kind; /* positive, negative; data NULL: none */
} BrimRuleDef;

/* Settings of a signal as written; a signal without any has the defaults. */
typedef struct BrimSignalDef
{
	BrimStr dimension;
	BrimStr signal;
	BrimStr combine; /* average, add; data NULL: average */
	bool    has_min; /* else -100 */
	bool    has_max; /* else 100 */
	bool    has_prior;
	int     min_points;
	int     max_points;
	int     prior_points;
} BrimSignalDef;

/* A model as written; rules in any order. */
typedef struct BrimModelDef
{
	BrimStr        name;
	int            version;
	int64_t        fit_weight;
	int64_t        intent_weight;
	int            high_above;
	int            medium_above;
	int            qualified_above;
	BrimStr        missing_policy; /* data NULL: ignore */
	BrimStr        language;       /* of stems; data NULL: english */
	int            nrules;
	BrimRuleDef   *rules; /* compiling sorts them by number */
	int            nsignals;
	BrimSignalDef *signals;

	/* What rules of kind event look for */
	const BrimLexicon *lexicon;   /* outlives the model; NULL: there is none */
	bool               has_as_of; /* is the day given that events are dated back from? */
	int                as_of;     /* days since 2000-01-01 */
} BrimModelDef;

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

typedef struct BrimAttribute
{
	BrimStr          name;  /* of the column */
	int              npath; /* 0: the column itself */
	BrimStr         *path;  /* steps into a jsonb */
	BrimStr          label; /* name and path for people: attributes.crm.tier */
	int              accepts;
	bool             is_fact;
	bool             zero_is_missing;
	bool             in_dimension[BRIM_DIMENSIONS]; /* read by a signal of it? */
	int              nsignals;
	int             *signals;
	BrimMatcher     *exact; /* whole values and whole entries; NULL where no rule asks for them */
	BrimMatcher     *words;
	BrimMatcher     *stems;
	int              nregexes;
	int             *regexes; /* rules of kind regex */
	int              nevents;
	BrimEventTarget *events;
	int              sources; /* where its texts come from: bits of BrimIntentSource */
} BrimAttribute;

typedef struct BrimModel
{
	/* Info */
	BrimStr name;
	int     version;

	/* Weighing */
	int64_t fit_weight;
	int64_t intent_weight;
	int     high_above;
	int     medium_above;
	int     qualified_above;
	BrimStr language;

	/* Events */
	const BrimLexicon *lexicon; /* borrowed; NULL: no rule looks for any */
	bool               has_as_of;
	int                as_of;

	/* Contents */
	int            nattributes;
	BrimAttribute *attributes;
	int            nsignals;
	BrimSignal    *signals; /* in the order of their first rules */
	int            nrules;
	BrimRule      *rules; /* by signal, then number */
	int            nkeywords;
	BrimStr       *keywords; /* as written, by rule */

	/* Memory */
	BrimArena arena;
} BrimModel;

/*
 * Compile a definition.  NULL with *error naming the rule, signal and field at
 * fault, or saying that memory is short.
 */
extern BrimModel *
brim_model_compile(BrimModelDef *def, const BrimFold *fold, BrimMem *mem, BrimError *error);
extern void brim_model_free(BrimModel *model);

/* Check a definition but for what compiling finds; sorts its rules. */
extern bool brim_model_check(BrimModelDef *def, BrimError *error);

/* What brim_model_check() let pass is one of these. */
extern BrimRuleKind      brim_model_names_kind(BrimStr name);
extern BrimDimension     brim_model_names_dimension(BrimStr name);
extern const char       *brim_model_names_dimension_name(BrimDimension dimension);
extern BrimCombine       brim_model_names_combine(BrimStr name);
extern BrimMissingPolicy brim_model_names_missing_policy(BrimStr name);

/* What a rule of a kind can read; bits. */
extern int brim_model_names_kind_accepts(BrimRuleKind kind);

/* The facts: names and what they accept. */
extern BrimStr brim_model_names_fact_name(int fact);
extern int     brim_model_names_fact_accepts(int fact);

#endif /* BRIM_CORE_SCORE_MODEL_H */
