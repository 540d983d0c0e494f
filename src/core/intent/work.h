/*-------------------------------------------------------------------------
 *
 * work.h
 *	  What the files of the intent engine share; see intent.h.
 *
 * token	a word of a sentence: letters and digits, or one character of a
 *			script without gaps between words
 * found	a phrase of the lexicon in the text
 * mark		the same in a sentence, for a term: a word of it, near or unless
 * span		first and last token of something
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_INTENT_WORK_H
#define BRIM_CORE_INTENT_WORK_H

#include "core/intent/intent.h"
#include "core/intent/text.h"

#define BRIM_TOKENS_MAX (BRIM_INTENT_SENTENCE_MAX / 2 + 2)
#define BRIM_FIGURES_MAX 64 /* numbers of a sentence that are looked at */
#define BRIM_SPANS_MAX 64   /* names of the company, cues of whose event it is, in a sentence */
#define BRIM_ALIASES_MAX 3
#define BRIM_COMPANY_MAX 500 /* bytes of the company's name that are looked at */
#define BRIM_ALIAS_TOKENS_MAX 8

/* What stands between a token and the one before it; bits. */
#define BRIM_GAP_COMMA 1
#define BRIM_GAP_BREAK 2
#define BRIM_GAP_OPEN 4 /* an opening bracket */
#define BRIM_GAP_SPACE 8

typedef struct BrimToken
{
	size_t        start; /* in the folded text */
	size_t        end;
	unsigned char gap;
	bool          is_capital;
	bool          is_number; /* begins with a digit */
} BrimToken;

typedef struct BrimSpan
{
	int first;
	int last;
} BrimSpan;

typedef struct BrimCueSpan
{
	BrimCueKind kind;
	BrimSpan    span;
} BrimCueSpan;

/* A number in a sentence. */
typedef struct BrimFigure
{
	BrimSpan    span;
	int64_t     value; /* in 1/100 */
	bool        is_percent;
	bool        is_people; /* so many jobs or people */
	const char *currency;  /* NULL: no money */
} BrimFigure;

typedef struct BrimSentence
{
	size_t start;
	size_t end;

	/* Tokens, and up to each the commas and breaks of the clause */
	int       ntokens;
	BrimToken tokens[BRIM_TOKENS_MAX];
	short     commas[BRIM_TOKENS_MAX];
	short     breaks[BRIM_TOKENS_MAX];
	bool      is_title; /* most words begin with a capital */

	/* Cues: the nearest one's end before (begin behind) each token, or -1 */
	short last_negation[BRIM_TOKENS_MAX];
	short last_hedge[BRIM_TOKENS_MAX];
	short next_negation[BRIM_TOKENS_MAX];
	short next_hedge[BRIM_TOKENS_MAX];
	bool  is_hedged; /* all of it */

	/* Figures */
	int         nfigures;
	BrimFigure  figures[BRIM_FIGURES_MAX];
	const char *round;
	BrimSpan    round_span;

	/* Whose */
	int      nmentions; /* of the company */
	BrimSpan mentions[BRIM_SPANS_MAX];
	int      nothers; /* cues */
	BrimSpan others[BRIM_SPANS_MAX];
	int      nowns;
	BrimSpan owns[BRIM_SPANS_MAX];
} BrimSentence;

typedef struct BrimFound
{
	int    pattern;
	size_t end; /* in the folded text */
} BrimFound;

typedef struct BrimMark
{
	int   term;
	int   item;
	short first;
	short last;
} BrimMark;

/* The company's name, its words lowered and without the legal form. */
typedef struct BrimAlias
{
	int     ntokens;
	BrimStr tokens[BRIM_ALIAS_TOKENS_MAX];
	bool    is_capital; /* its first letter is a capital */
} BrimAlias;

typedef struct BrimIntentWork
{
	/* Info */
	const BrimLexicon *lexicon;
	const BrimFold    *fold;
	BrimMem           *mem;
	int                sources;

	/* The text and the company */
	BrimFoldedText text;
	BrimFoldedText company;
	BrimBuf        company_lower;
	size_t         company_len; /* of the name that is known now, as given */
	char           company_given[BRIM_COMPANY_MAX];
	int            naliases;
	BrimAlias      aliases[BRIM_ALIASES_MAX];

	/* What was found */
	int        nfound;
	int        found_room;
	BrimFound *found;
	int        found_sources; /* of words of terms among it */
	bool       is_job_post;   /* a cue says so */
	bool       is_short;      /* memory */

	/* The sentence at hand */
	BrimSentence sentence;
	int          nmarks;
	int          mark_room;
	BrimMark    *marks;
	int          ncues;
	int          cue_room;
	BrimCueSpan *cues;
	char        *has_word;   /* of each term: is one of its words in the sentence? */
	int         *class_hit;  /* of each class: its hit in the sentence, or -1 */
	int         *class_word; /* and the token of its word */

	/* Result: with the sources of each */
	BrimIntentHit hits[BRIM_INTENT_HITS_MAX];
	unsigned char hit_sources[BRIM_INTENT_HITS_MAX];
	int           nhits;
} BrimIntentWork;

/* Where the sentence that begins at a place ends (intent_sentence.c). */
extern size_t brim_intent_sentence_end(BrimStr text, size_t at);

/* Cut a sentence into tokens. */
extern void brim_intent_sentence_read(BrimIntentWork *work, size_t start, size_t end);

/* The text of a token as it is searched, and whether that is a word in any case. */
extern BrimStr brim_intent_token(const BrimIntentWork *work, int token);
extern bool    brim_intent_token_is(const BrimIntentWork *work, int token, const char *word);
extern bool brim_intent_token_in(const BrimIntentWork *work, int token, const char *const *words);

/* Find numbers, money, people and the round of a sentence (intent_figures.c). */
extern void brim_intent_figures(BrimIntentWork *work);

/* Know the company by its name (intent_company.c); false: memory is short. */
extern bool brim_intent_company_set(BrimIntentWork *work, BrimStr company);
extern void brim_intent_company_find(BrimIntentWork *work);

/* Is what a word tells another company's (intent_subject.c)?  names_company: the term asks for the name. */
extern bool brim_intent_is_other(const BrimIntentWork *work, BrimSpan word, BrimSpan evidence,
								 bool names_company);

/* Find the marks and cues of the sentence (intent_marks.c); false: memory is short. */
extern bool brim_intent_marks(BrimIntentWork *work, const BrimFound *found, int nfound);

/* Does a figure fit a placeholder? */
extern bool brim_intent_fits(BrimPlaceholder placeholder, const BrimFigure *figure);

/* Has a token a capital, without being part of the company's name? */
extern bool brim_intent_is_name(const BrimSentence *sentence, int token);

/* Judge the terms whose words stand in the sentence (intent_judge.c); false: memory is short. */
extern bool brim_intent_judge(BrimIntentWork *work, const BrimFound *found, int nfound);

/* Give a hit the figures that stand nearest to it. */
extern void
brim_intent_hit_figures(const BrimIntentWork *work, BrimSpan evidence, BrimIntentHit *hit);

#endif /* BRIM_CORE_INTENT_WORK_H */
