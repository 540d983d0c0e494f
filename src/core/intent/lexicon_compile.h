/*-------------------------------------------------------------------------
 *
 * lexicon_compile.h
 *	  What the files of the lexicon's compiler share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_INTENT_LEXICON_COMPILE_H
#define BRIM_CORE_INTENT_LEXICON_COMPILE_H

#include "core/intent/text.h"
#include "core/intent/lexicon.h"

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

/*
 * Compile a phrase into the item that comes next (lexicon_phrase.c).  owner:
 * the term's number, or the kind of cue.
 */
extern bool brim_lexicon_phrase_add(BrimLexiconCompiler *compiler, const BrimLexiconPlace *place,
									BrimItemRole role, int owner, BrimStr phrase);

/* Say that memory is short; always false. */
static inline bool
brim_lexicon_no_memory(BrimLexiconCompiler *compiler)
{
	brim_error_set(compiler->error, "out of memory");
	return false;
}

#endif /* BRIM_CORE_INTENT_LEXICON_COMPILE_H */
