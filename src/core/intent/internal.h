/*-------------------------------------------------------------------------
 *
 * internal.h
 *	  What the files of core/intent share among themselves.
 *
 * A text becomes signals in stages, each with a structure of its own that one
 * file writes and the later ones read:
 *
 *	folded text		text.c			as it is searched, with the way back
 *	tokens			tokens.c		the words of a sentence
 *	figures			figures.c		its numbers, money and round of funding
 *	mentions		company.c		where it names the company
 *	marks			marks.c			phrases of the lexicon: of terms, and cues
 *	clauses			clauses.c		what the cues say at each token
 *	sentence		sentence.c		the five before this one
 *	hits			judge.c			terms that it fulfils: how sure, whose
 *	signals			signal.c		what the caller gets
 *
 * token	a word of a sentence: letters and digits, or one character of a
 *			script without gaps between words
 * found	a phrase of the lexicon in the text
 * mark		the same in a sentence, for a term: a word of it, near or unless
 * span		first and last token of something
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_INTENT_INTERNAL_H
#define BRIM_CORE_INTENT_INTERNAL_H

#include "core/intent/intent.h"

/*
 * text.c: a text as it is searched for events, and the way back to it as given.
 *
 * Words with characters above ASCII are folded, typographic apostrophes,
 * quotation marks and hyphens become ASCII ones.  ASCII text stays as it is.
 */

/* A word or sign that is not as long as it was given. */
typedef struct BrimFoldedRun
{
	size_t at;
	size_t len;
	size_t given_at;
	size_t given_len;
} BrimFoldedRun;

typedef struct BrimFoldedText
{
	/* Contents */
	BrimStr        given;
	BrimStr        text; /* as it is searched; given itself where that is ASCII */
	int            nruns;
	BrimFoldedRun *runs;

	/* Memory */
	BrimMem *mem;
	BrimBuf  buf;
	int      room;
} BrimFoldedText;

extern void brim_intent_text_init(BrimFoldedText *folded, BrimMem *mem);
extern void brim_intent_text_free(BrimFoldedText *folded);

/* Fold a text, which is borrowed; false: memory is short.  fold NULL: none. */
extern bool brim_intent_text_fold(BrimFoldedText *folded, const BrimFold *fold, BrimStr text);

/* Where in the text as given begins (ends) what begins (ends) there in the folded one. */
extern size_t brim_intent_text_start(const BrimFoldedText *folded, size_t at);
extern size_t brim_intent_text_end(const BrimFoldedText *folded, size_t at);

/*
 * lexicon_phrase.c: the notation of phrases.
 */

/* A phrase as written, and where it stands. */
typedef struct BrimLexiconPlace
{
	const BrimTermDef *term; /* NULL: a cue */
	const BrimCueDef  *cue;
	const char        *field;
} BrimLexiconPlace;

typedef struct BrimLexiconCompiler
{
	const BrimLexiconDef *def;
	const BrimFold       *fold;
	BrimLexicon          *lexicon;
	BrimKeyword          *keywords;
	int                   nkeywords;
	size_t                bytes;
	BrimFoldedText        folded;
	BrimBuf               pattern;
	BrimError            *error;
} BrimLexiconCompiler;

/* Compile a phrase into the item that comes next.  owner: the term's number, or the kind of cue. */
extern bool brim_lexicon_phrase_add(BrimLexiconCompiler *compiler, const BrimLexiconPlace *place,
									BrimItemRole role, int owner, BrimStr phrase);

/* Say that memory is short; always false. */
static inline bool
brim_lexicon_no_memory(BrimLexiconCompiler *compiler)
{
	brim_error_set(compiler->error, "out of memory");
	return false;
}

/*
 * tokens.c: the words of a sentence.
 */

#define BRIM_TOKENS_MAX (BRIM_INTENT_SENTENCE_MAX / 2 + 2)

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

typedef struct BrimTokens
{
	const BrimFoldedText *text;
	size_t                start; /* of the sentence */
	size_t                end;
	int                   count;
	BrimToken             at[BRIM_TOKENS_MAX];
} BrimTokens;

/* Cut a part of a text, which is borrowed, into tokens. */
extern void
brim_intent_tokens_read(BrimTokens *tokens, const BrimFoldedText *text, size_t start, size_t end);

/* The text of a token as it is searched. */
extern BrimStr brim_intent_tokens_text(const BrimTokens *tokens, int token);

/* Return true if there is such a token and it is a word, or one of a list, in any case of letters. */
extern bool brim_intent_tokens_is(const BrimTokens *tokens, int token, const char *word);
extern bool brim_intent_tokens_in(const BrimTokens *tokens, int token, const char *const *words);

/* Return true if a text is one of a list of words, in any case of ASCII letters. */
extern bool brim_intent_tokens_word_in(BrimStr word, const char *const *words);

/*
 * figures.c: numbers, money, people and the round of funding of a sentence.
 */

#define BRIM_FIGURES_MAX 64 /* numbers of a sentence that are looked at */

typedef struct BrimFigure
{
	BrimSpan    span;
	int64_t     value; /* in 1/100 */
	bool        is_percent;
	bool        is_people; /* so many jobs or people */
	const char *currency;  /* NULL: no money */
} BrimFigure;

typedef struct BrimFigures
{
	int         count;
	BrimFigure  at[BRIM_FIGURES_MAX];
	const char *round; /* NULL: none */
	BrimSpan    round_span;
} BrimFigures;

extern void brim_intent_figures_read(BrimFigures *figures, const BrimTokens *tokens);

/* Return true if a figure is what a placeholder stands for. */
extern bool brim_intent_figures_fit(BrimPlaceholder placeholder, const BrimFigure *figure);

/*
 * company.c: the company's name in a sentence.
 */

#define BRIM_SPANS_MAX 64 /* of a kind in a sentence: names of the company, cues of whose it is */
#define BRIM_COMPANY_MAX 500 /* bytes of the company's name that are looked at */
#define BRIM_ALIASES_MAX 3
#define BRIM_ALIAS_TOKENS_MAX 8

/* The company's name, its words lowered and without the legal form. */
typedef struct BrimAlias
{
	int     ntokens;
	BrimStr tokens[BRIM_ALIAS_TOKENS_MAX];
	bool    is_capital; /* its first letter is a capital */
} BrimAlias;

typedef struct BrimCompany
{
	int       naliases; /* 0: no company is known */
	BrimAlias aliases[BRIM_ALIASES_MAX];

	/* Memory */
	BrimFoldedText folded;
	BrimBuf        lower;
	size_t         len; /* of the name that is known now, as given */
	char           given[BRIM_COMPANY_MAX];
} BrimCompany;

typedef struct BrimMentions
{
	bool     is_known; /* there is a name that could be mentioned */
	int      count;
	BrimSpan at[BRIM_SPANS_MAX];
} BrimMentions;

extern void brim_intent_company_init(BrimCompany *company, BrimMem *mem);
extern void brim_intent_company_free(BrimCompany *company);

/* Know the company by its name; false: memory is short. */
extern bool brim_intent_company_set(BrimCompany *company, const BrimFold *fold, BrimStr name);

extern void brim_intent_company_find(BrimMentions *mentions, const BrimCompany *company,
									 const BrimTokens *tokens);

/* Return true if a token is part of the company's name. */
extern bool brim_intent_company_is_at(const BrimMentions *mentions, int token);

/* Return true if a token has a capital, without being part of the company's name. */
extern bool brim_intent_company_is_other_name(const BrimMentions *mentions,
											  const BrimTokens *tokens, int token);

/*
 * marks.c: phrases of the lexicon in a sentence.
 */

typedef struct BrimFound
{
	int    pattern;
	size_t end; /* in the folded text */
} BrimFound;

/* What is known of a text before its sentences are read. */
typedef struct BrimPassage
{
	const BrimLexicon    *lexicon;
	const BrimFoldedText *text;
	const BrimCompany    *company;
	int                   sources; /* that terms are of; bits */
} BrimPassage;

typedef struct BrimMark
{
	int   term;
	int   item;
	short first;
	short last;
} BrimMark;

typedef struct BrimCueSpan
{
	BrimCueKind kind;
	BrimSpan    span;
} BrimCueSpan;

typedef struct BrimMarks
{
	int          count;
	BrimMark    *at; /* by term, then place */
	int          ncues;
	BrimCueSpan *cues;

	/* Memory */
	BrimMem *mem;
	int      room;
	int      cue_room;
	bool    *has_word; /* of each term: one of its words is in the sentence */
} BrimMarks;

/* False: memory is short. */
extern bool brim_intent_marks_init(BrimMarks *marks, const BrimLexicon *lexicon, BrimMem *mem);
extern void brim_intent_marks_free(BrimMarks *marks);
extern bool
brim_intent_marks_read(BrimMarks *marks, const BrimPassage *passage, const BrimTokens *tokens,
					   const BrimFigures *figures, const BrimMentions *mentions,
					   const BrimFound *found, int nfound);

/*
 * clauses.c: what punctuation and cues say at each token.
 */

typedef struct BrimClauses
{
	/* Up to each token: commas, and breaks */
	short commas[BRIM_TOKENS_MAX];
	short breaks[BRIM_TOKENS_MAX];
	bool  is_title; /* most words begin with a capital */

	/* The nearest cue's end before (begin behind) each token, or -1 */
	short last_negation[BRIM_TOKENS_MAX];
	short last_hedge[BRIM_TOKENS_MAX];
	short next_negation[BRIM_TOKENS_MAX];
	short next_hedge[BRIM_TOKENS_MAX];
	bool  is_hedged; /* all of it */

	/* Cues of whose event it is */
	int      nothers;
	BrimSpan others[BRIM_SPANS_MAX];
	int      nowns;
	BrimSpan owns[BRIM_SPANS_MAX];
} BrimClauses;

extern void
brim_intent_clauses_read(BrimClauses *clauses, const BrimTokens *tokens, const BrimMarks *marks);

/* Commas between two tokens. */
static inline int
brim_intent_clauses_commas(const BrimClauses *clauses, int from, int to)
{
	return clauses->commas[to] - clauses->commas[from];
}

/*
 * sentence.c: where sentences end, and what is known of one.
 */

typedef struct BrimSentence
{
	BrimTokens   tokens;
	BrimFigures  figures;
	BrimMentions mentions;
	BrimMarks    marks;
	BrimClauses  clauses; /* not read where there are no marks */
} BrimSentence;

/* Where the sentence that begins at a place ends. */
extern size_t brim_intent_sentence_end(BrimStr text, size_t at);

/* Read the sentence from start to end, in which phrases were found; false: memory is short. */
extern bool brim_intent_sentence_read(BrimSentence *sentence, const BrimPassage *passage,
									  size_t start, size_t end, const BrimFound *found, int nfound);

/*
 * subject.c: whose event it is.
 */

/* Return true if what a word says is another company's.  names_company: the term asks for the name. */
extern bool brim_intent_subject_is_other(const BrimSentence *sentence, BrimSpan word,
										 BrimSpan evidence, bool names_company);

/*
 * judge.c: the terms that a sentence fulfils, one a class.
 */

typedef struct BrimHit
{
	const BrimTerm *term;
	BrimCertainty   certainty;
	bool            is_other;
	int             word;     /* first token of the term's word */
	BrimSpan        evidence; /* the word, and what stands near it */
} BrimHit;

typedef struct BrimHits
{
	int      count;
	BrimHit *at;       /* in the order in which they were found */
	int     *of_class; /* of each class: the place of its hit, or -1 */
} BrimHits;

/* False: memory is short. */
extern bool brim_intent_judge_init(BrimHits *hits, const BrimLexicon *lexicon, BrimMem *mem);
extern void brim_intent_judge_free(BrimHits *hits, BrimMem *mem);
extern void
brim_intent_judge(BrimHits *hits, const BrimLexicon *lexicon, const BrimSentence *sentence);

/*
 * signal.c: from a hit to what the caller gets.
 */

extern void
brim_intent_signal_make(BrimIntentSignal *signal, const BrimSentence *sentence, const BrimHit *hit);

#endif /* BRIM_CORE_INTENT_INTERNAL_H */
