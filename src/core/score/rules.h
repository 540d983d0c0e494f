/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  Scoring models made of rules, as people write them.
 *
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
 * A definition borrows all its texts.  Weights, and points with decimals, are
 * integers in units of 1/10000.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_RULES_H
#define BRIM_CORE_SCORE_RULES_H

#include "core/score/scorer.h"

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

/* A model of rules as written; rules in any order. */
typedef struct BrimRulesDef
{
	BrimModelDef   head; /* must be first */
	int64_t        fit_weight;
	int64_t        intent_weight;
	BrimStr        missing_policy; /* data NULL: ignore */
	BrimStr        language;       /* of stems; data NULL: english */
	int            nrules;
	BrimRuleDef   *rules; /* compiling sorts them by number */
	int            nsignals;
	BrimSignalDef *signals;
} BrimRulesDef;

/* The kind "rules": its definitions are BrimRulesDef, its errors name rule, signal and field. */
extern const BrimScorer brim_rules_scorer;

#endif /* BRIM_CORE_SCORE_RULES_H */
