/*-------------------------------------------------------------------------
 *
 * lexicon.h
 *	  The lexicon of events: from rows to a form that finds them fast.
 *
 * class	a kind of event: funding, layoffs, ...
 * term		one way of saying that an event of a class happened: a word or
 *			phrase, with others that have to stand near it, or must not
 * cue		a word or phrase that turns what a sentence says: negation, hedge,
 *			whose event it is
 *
 * A phrase is matched as whole words in any case of letters.  Notation:
 *
 *	launch*		the last word may go on: launch, launches, launched
 *	=Make		in the case as written only
 *	{money}		an amount of money; {number}, {percent}, {people} (a number of
 *				jobs or people), {company} (the name of the lead, if known),
 *				{name} (a word with a capital that is not that name);
 *				behind words: into {company}; alone in near and unless only
 *	>office		in near and unless: after the word; <office before it; at most
 *				six words lie between, another number may stand behind the
 *				sign: >2office, ~3office (on either side), >0office (next to it)
 *	^office		in near and unless: anywhere in the sentence
 *
 * A definition borrows all its texts.  A compiled lexicon owns copies and does
 * not change any more.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_INTENT_LEXICON_H
#define BRIM_CORE_INTENT_LEXICON_H

#include "core/base/base.h"
#include "core/match/match.h"

#define BRIM_LEXICON_CLASSES_MAX 1000
#define BRIM_LEXICON_TERMS_MAX 10000
#define BRIM_LEXICON_PHRASES_MAX 100000       /* of all terms and cues together */
#define BRIM_LEXICON_PHRASE_BYTES_MAX 2000000 /* of all phrases together */
#define BRIM_LEXICON_PHRASE_LEN_MAX 200       /* bytes of a phrase */
#define BRIM_LEXICON_PHRASE_WORDS_MAX 12      /* words of a phrase */
#define BRIM_LEXICON_NAME_MAX 63              /* bytes of the name of a class */
#define BRIM_LEXICON_WEIGHT_MAX 10000
#define BRIM_LEXICON_DISTANCE 6 /* words between, unless said otherwise */
#define BRIM_LEXICON_DISTANCE_MAX 40

/* Where texts come from; bits. */
typedef enum BrimIntentSource
{
	BRIM_INTENT_NEWS = 1,
	BRIM_INTENT_JOB_POST = 2
} BrimIntentSource;

#define BRIM_INTENT_ANY (BRIM_INTENT_NEWS | BRIM_INTENT_JOB_POST)

typedef struct BrimClassDef
{
	BrimStr name;
	int     polarity;       /* -1, 0, 1 */
	int     weight;         /* 1 .. 10000 */
	int     half_life_days; /* 0: none */
} BrimClassDef;

typedef struct BrimTermDef
{
	BrimStr        class_name;
	int            term_no;
	int            sources; /* bits of BrimIntentSource */
	int            nwords;
	const BrimStr *words;
	int            nnear;
	const BrimStr *near;
	int            nunless;
	const BrimStr *unless;
} BrimTermDef;

typedef struct BrimCueDef
{
	BrimStr kind; /* see brim_lexicon_cue_kind() */
	BrimStr phrase;
} BrimCueDef;

typedef struct BrimLexiconDef
{
	int                 nclasses;
	const BrimClassDef *classes;
	int                 nterms;
	const BrimTermDef  *terms;
	int                 ncues;
	const BrimCueDef   *cues;
} BrimLexiconDef;

/* What a cue does. */
typedef enum BrimCueKind
{
	BRIM_CUE_NEGATION = 0,   /* negates what follows */
	BRIM_CUE_NEGATION_AFTER, /* negates what stands before */
	BRIM_CUE_HEDGE,
	BRIM_CUE_HEDGE_AFTER,
	BRIM_CUE_HEDGE_SENTENCE, /* hedges all of its sentence */
	BRIM_CUE_BREAK,          /* ends the reach of cues */
	BRIM_CUE_IGNORE,         /* takes the cues inside it away */
	BRIM_CUE_OTHER,          /* next to the company's name: another company is meant */
	BRIM_CUE_OWN,            /* stands for the company: "the company", "we" */
	BRIM_CUE_JOB_POST,       /* texts with it are job posts */
	BRIM_CUE_KINDS
} BrimCueKind;

/* What a phrase of near or unless may stand for beside words. */
typedef enum BrimPlaceholder
{
	BRIM_PLACEHOLDER_NONE = 0,
	BRIM_PLACEHOLDER_MONEY,
	BRIM_PLACEHOLDER_NUMBER,
	BRIM_PLACEHOLDER_PERCENT,
	BRIM_PLACEHOLDER_PEOPLE,
	BRIM_PLACEHOLDER_COMPANY,
	BRIM_PLACEHOLDER_NAME
} BrimPlaceholder;

typedef enum BrimItemRole
{
	BRIM_ITEM_WORD = 0,
	BRIM_ITEM_NEAR,
	BRIM_ITEM_UNLESS,
	BRIM_ITEM_CUE
} BrimItemRole;

/* A phrase of a term, or a cue. */
typedef struct BrimItem
{
	BrimItemRole    role;
	int             term;        /* or kind of cue */
	BrimPlaceholder placeholder; /* alone, or right behind the words */
	int             before; /* at most so many words before the term's word; -1: not before it */
	int             after;
	int             nwords;
	bool            is_exact; /* in the case as written */
	BrimStr         written;  /* without notation */
} BrimItem;

typedef struct BrimClass
{
	BrimStr name;
	int     polarity;
	int     weight;
	int     half_life_days;
} BrimClass;

typedef struct BrimTerm
{
	int  class_no;
	int  sources;
	bool has_near;
	int  nplaceholders;
	int *placeholders; /* items */
} BrimTerm;

typedef struct BrimLexicon
{
	/* Contents */
	int        nclasses;
	BrimClass *classes; /* in the order of their names */
	int        nterms;
	BrimTerm  *terms;
	int        nitems;
	BrimItem  *items;

	/* Finding */
	BrimKeywordSet phrases;   /* the targets are items */
	unsigned char *is_word;   /* of each pattern: sources of the terms that it is a word of */
	BrimAutomaton *automaton; /* NULL: no phrases */

	/* Memory */
	BrimArena arena;
} BrimLexicon;

/*
 * Compile a definition.  NULL with *error naming the class, term or cue and
 * phrase at fault, or saying that memory is short.  fold NULL: none.
 */
extern BrimLexicon *brim_lexicon_compile(const BrimLexiconDef *def, const BrimFold *fold,
										 BrimMem *mem, BrimError *error);
extern void         brim_lexicon_free(BrimLexicon *lexicon);

/* The number of a class, or -1. */
extern int brim_lexicon_class(const BrimLexicon *lexicon, BrimStr name);

/* The kind of cue that has a name, or -1. */
extern int brim_lexicon_cue_kind(BrimStr name);

#endif /* BRIM_CORE_INTENT_LEXICON_H */
