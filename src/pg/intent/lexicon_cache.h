/*-------------------------------------------------------------------------
 *
 * lexicon_cache.h
 *	  The lexicon of events of this database, compiled, in backend memory.
 *
 * Read like the scoring models (pg/score/model_cache.h): by the newest committed state and
 * without need of privileges, kept until one of its tables changes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_INTENT_LEXICON_CACHE_H
#define BRIM_PG_INTENT_LEXICON_CACHE_H

#include "postgres.h"

#include "core/intent/intent.h"

typedef struct BrimLexiconHandle
{
	BrimLexicon  *lexicon;
	MemoryContext cxt; /* holds the handle and the lexicon */
	int           holders;
	bool          is_stale; /* the tables changed since it was read */
} BrimLexiconHandle;

/* Once a process: have the lexicon dropped when one of its tables changes. */
extern void brim_lexicon_cache_init(void);

/*
 * The lexicon.  Raises an error for rows that cannot be compiled.  The caller
 * holds the handle until it calls brim_lexicon_cache_release().
 */
extern BrimLexiconHandle *brim_lexicon_cache_acquire(void);
extern void               brim_lexicon_cache_release(BrimLexiconHandle *handle);

/* The sources that a name stands for (news, job_post, any), or 0. */
extern int brim_lexicon_cache_sources(BrimStr name);

#endif /* BRIM_PG_INTENT_LEXICON_CACHE_H */
