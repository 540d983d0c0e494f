/*-------------------------------------------------------------------------
 *
 * model.h
 *	  Scoring models: from rows to a form that scores fast.
 *
 * attribute	a fact about a lead, found by the name of its column
 * signal		one thing a model looks at; it reads one attribute
 * rule			turns the attribute into points for its signal
 * fold			to bring text into the form it is compared in: lower case, UTF-8
 *
 * The rules of a signal are tried in the order of their numbers; the first
 * that matches gives the points.  If none does, the signal is left out.  If
 * the attribute is missing, the signal is missing.
 *
 * A definition borrows all its texts.  A compiled model owns copies and does
 * not change any more.  Weights are integers in units of 1/10000.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_MODEL_H
#define BRIM_CORE_MODEL_H

#include <stdint.h>

#include "core/automaton.h"
#include "core/buf.h"
#include "core/fold.h"
#include "core/keywords.h"

#define BRIM_WEIGHT_ONE 10000
#define BRIM_MODEL_RULES_MAX 10000
#define BRIM_MODEL_KEYWORDS_MAX 100000       /* of all rules together */
#define BRIM_MODEL_KEYWORD_BYTES_MAX 2000000 /* of all keywords together, folded */
#define BRIM_MODEL_NAME_MAX 63               /* bytes of a name of a model, signal or attribute */
#define BRIM_MODEL_REASON_MAX 1000           /* bytes of a reason */

typedef enum BrimDimension
{
	BRIM_FIT = 0,
	BRIM_INTENT = 1
} BrimDimension;

typedef enum BrimRuleKind
{
	BRIM_RULE_RANGE = 0, /* number from low to high, both inclusive */
	BRIM_RULE_ONE_OF,    /* the whole text is one of the keywords */
	BRIM_RULE_ANY_OF,    /* a whole entry of the list is one of the keywords */
	BRIM_RULE_WORDS,     /* the text or an entry of the list has the word or phrase */
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
	BrimStr        kind;
	bool           has_low;
	bool           has_high;
	double         low;
	double         high;
	int            nkeywords;
	const BrimStr *keywords; /* data NULL: a keyword that is null */
	int            points;   /* 0 .. 100 */
	int64_t        weight;
	BrimStr        reason;      /* {value}, {matched}; data NULL: none */
	BrimStr        reason_kind; /* positive, negative; data NULL: none */
} BrimRuleDef;

/* A model as written; rules in any order. */
typedef struct BrimModelDef
{
	BrimStr      name;
	int          version;
	int64_t      fit_weight;
	int64_t      intent_weight;
	int          high_above;
	int          medium_above;
	int          qualified_above;
	int          nrules;
	BrimRuleDef *rules; /* compiling sorts them by number */
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
	int          points;
	int64_t      weight;
	BrimStr      reason; /* len 0: none */
	bool         is_positive;
} BrimRule;

typedef struct BrimSignal
{
	BrimStr       name;
	BrimDimension dimension;
	int           attribute;
	int           first_rule; /* its rules stand side by side */
	int           nrules;
	int           nranges;  /* rules of kind range among them */
	int           fallback; /* first rule of kind present or otherwise, or -1 */
} BrimSignal;

typedef struct BrimAttribute
{
	BrimStr        name;
	int            accepts;
	bool           is_fact;
	bool           zero_is_missing;
	bool           in_dimension[2]; /* read by a signal of it? */
	int            nsignals;
	int           *signals;
	BrimKeywordSet exact; /* whole values and whole entries */
	BrimKeywordSet words;
	BrimAutomaton *automaton; /* over words; NULL where there are none */
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

/* Fold a text into out, which is cleared first; false when memory is short. */
extern bool brim_model_fold(const BrimFold *fold, BrimStr text, BrimBuf *out);

/* Check a definition but for what compiling finds; sorts its rules. */
extern bool brim_model_check(BrimModelDef *def, BrimError *error);

/* What brim_model_check() let pass is one of these. */
extern BrimRuleKind  brim_model_kind(BrimStr name);
extern BrimDimension brim_model_dimension(BrimStr name);

/* What a rule of a kind can read; bits. */
extern int brim_model_kind_accepts(BrimRuleKind kind);

/* The facts: names and what they accept. */
extern BrimStr brim_model_fact_name(int fact);
extern int     brim_model_fact_accepts(int fact);

#endif /* BRIM_CORE_MODEL_H */
