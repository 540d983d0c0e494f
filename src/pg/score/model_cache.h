/*-------------------------------------------------------------------------
 *
 * model_cache.h
 *	  Scoring models of this database, compiled, in backend memory.
 *
 * Rules are read like catalogs: by the newest committed state and without
 * need of privileges, on a standby and in a parallel worker too.  A compiled
 * model is kept until the relation cache says that one of the tables changed.
 *
 * A handle is a compiled model with a count of its holders; it stays valid
 * until released, even where the cache has dropped it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_MODEL_CACHE_H
#define BRIM_PG_SCORE_MODEL_CACHE_H

#include "postgres.h"

#include "core/score/score.h"
#include "pg/intent/intent.h"

typedef struct BrimModelHandle
{
	BrimModel         *model;
	MemoryContext      cxt;     /* holds the handle and the model */
	BrimLexiconHandle *lexicon; /* that it looks for events with; NULL: for none */
	int                holders;
	bool               is_stale; /* the tables changed since it was read */
	uint64             serial;   /* no two handles of a process have the same */
} BrimModelHandle;

/* Once a process: have the cache dropped when a scoring table changes. */
extern void brim_model_cache_init(void);

/*
 * The published version of a model, or the one that is named (name@version), or
 * the default model where name is NULL.
 * Raises an error for an unknown model or rules that cannot be compiled.  The
 * caller holds the handle until it calls brim_model_cache_release().
 */
extern BrimModelHandle *brim_model_cache_acquire(const char *name);
extern void             brim_model_cache_release(BrimModelHandle *handle);

/*
 * A plan may be carried out by another model than it was made for, should the
 * rules change in between.  Remember one that a plan is made for, and get it
 * back by its serial; NULL if evicted, or planned by another process.  What
 * has changed is forgotten at the end of the transaction.
 */
extern void             brim_model_cache_remember(BrimModelHandle *handle);
extern BrimModelHandle *brim_model_cache_recall(uint64 serial);

/* Compile one version, published or not, to raise what is wrong with it; a draft may lack rules. */
extern void brim_model_cache_try(const char *name, int version, bool is_draft);

/* Compile a definition in a context of its own below parent; errors as sqlerrcode. */
extern BrimModel *brim_model_cache_compile_in(MemoryContext parent, BrimModelDef *def,
											  int sqlerrcode, MemoryContext *cxt);

/* Where the scoring tables are. */
typedef struct BrimModelTables
{
	Oid model;
	Oid rule;
	Oid signal;
	Oid published;
	Oid intent_class;
	Oid intent_term;
	Oid intent_cue;
} BrimModelTables;

extern BrimModelTables brim_model_cache_tables(void);

#endif /* BRIM_PG_SCORE_MODEL_CACHE_H */
