/*-------------------------------------------------------------------------
 *
 * internal.h
 *	  What the files of pg/score share among themselves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_INTERNAL_H
#define BRIM_PG_SCORE_INTERNAL_H

#include "postgres.h"

#include "access/skey.h"
#include "nodes/pathnodes.h"
#include "utils/jsonb.h"
#include "utils/rel.h"

#include "pg/score/score.h"

/*
 * spec_value.c: values of a model that is given as jsonb, each of a type, or an
 * error that says where it stands.
 */

/* Where in the spec we are, for errors. */
typedef struct BrimSpecPosition
{
	int         number; /* of the thing, counted from 1; 0: in none */
	const char *what;   /* rule, signal, ... */
	const char *field;
} BrimSpecPosition;

/* Refuse the field we are at. */
pg_noreturn extern void brim_spec_value_refuse(const BrimSpecPosition *place, const char *why);

/* A value of a type, or an error. */
extern BrimStr brim_spec_value_text(const BrimSpecPosition *place, const JsonbValue *value);
extern int     brim_spec_value_integer(const BrimSpecPosition *place, const JsonbValue *value);
extern int64   brim_spec_value_weight(const BrimSpecPosition *place, const JsonbValue *value);
extern double  brim_spec_value_number(const BrimSpecPosition *place, const JsonbValue *value);
extern bool    brim_spec_value_boolean(const BrimSpecPosition *place, const JsonbValue *value);

/* A day, as days since 2000-01-01. */
extern int brim_spec_value_day(const BrimSpecPosition *place, const JsonbValue *value);

/* The object at a place of an array of them; the array of a field, with at most so many entries. */
extern JsonbContainer *
brim_spec_value_object(const BrimSpecPosition *place, const JsonbValue *value);
extern JsonbContainer *brim_spec_value_array(const BrimSpecPosition *place, const JsonbValue *value,
											 int limit, int *count);
extern BrimStr        *brim_spec_value_texts(const BrimSpecPosition *place, const JsonbValue *value,
											 int limit, int *count);

/* Next key and value of an object; false at its end.  Nested values stay unread. */
extern bool brim_spec_value_next(JsonbIterator **it, char **key, JsonbValue *value);

/* Read one field of a thing. */
typedef void (*BrimSpecField)(const BrimSpecPosition *place, const JsonbValue *value, void *thing);

/* Read an array of objects into an array of things of a size, zero to begin with. */
extern void *
brim_spec_value_rows(const BrimSpecPosition *place, const JsonbValue *value, const char *what,
					 int limit, Size size, BrimSpecField read, int *count);

/*
 * spec_lexicon.c
 */

/* Compile the lexicon of a spec into the current memory context. */
extern BrimLexicon *brim_spec_lexicon_read(const BrimSpecPosition *place, const JsonbValue *value);

/*
 * model_key.c: rows of the tables of models.
 */

/* A key that compares a column with a name. */
extern void brim_model_key_name(ScanKey key, Relation rel, const char *column, const char *name);

/* Keys that find a version of a model. */
extern void brim_model_key_version(ScanKey keys, Relation rel, const char *name_column,
								   const char *name, int version);

/* A weight of a row in units of 1/10000; -1 where it is null or none. */
extern int64 brim_model_key_weight(Relation rel, HeapTuple row, const char *name);

/*
 * kind.c: what the server does for a kind of scorer.
 */

typedef struct BrimKind
{
	const BrimScorer *scorer;

	/* An empty definition, in the current context. */
	BrimModelDef *(*start)(void);

	/* Read what the kind needs beside the head, which is there; row is that of brim.scoring_model. */
	void (*load)(BrimModelDef *def, const BrimModelTables *tables, const char *name, Relation rel,
				 HeapTuple row);

	/* Read a field of a spec that is not of the head, or refuse it; then say what is missing. */
	void (*read_field)(const BrimSpecPosition *place, const JsonbValue *value, BrimModelDef *def);
	void (*finish_spec)(const BrimModelDef *def);

	/* Raise what only the server can find wrong. */
	void (*check)(const BrimModelDef *def);

	/* Return true if it looks for events. */
	bool (*needs_lexicon)(const BrimModelDef *def);

	/* Leave out what is written before what it belongs to; false where nothing is left to try. */
	bool (*trim_draft)(BrimModelDef *def);
} BrimKind;

/* The kind of a name (NULL: there is none), or that a definition is of. */
extern const BrimKind *brim_kind_find(BrimStr name);
extern const BrimKind *brim_kind_of(const BrimModelDef *def);

/*
 * rules_kind.c, and rules_load.c and rules_spec.c below it: models of rules.
 */

extern const BrimKind brim_rules_kind;

extern void brim_rules_load(BrimModelDef *def, const BrimModelTables *tables, const char *name,
							Relation rel, HeapTuple row);

extern BrimModelDef *brim_rules_spec_start(void);
extern void
brim_rules_spec_field(const BrimSpecPosition *place, const JsonbValue *value, BrimModelDef *def);
extern void brim_rules_spec_finish(const BrimModelDef *def);

/*
 * model_load.c
 */

/* A version of a model, 0: the published one, in the current context; name NULL: the default model. */
extern BrimModelDef *brim_model_load(const BrimModelTables *tables, const char *name, int version);

/*
 * support_row.c
 */

/*
 * The columns of a row: their names, as String nodes, and their values, NULL
 * for one that cannot be had except from the row.  False where the row has to
 * stay as it is.
 */
extern bool
brim_support_row(PlannerInfo *root, Node *row, bool has_spec, List **names, List **values);

/*
 * spec.c
 */

/* The definition that a spec describes, in the current context. */
extern BrimModelDef *brim_spec_read(Jsonb *spec);

#endif /* BRIM_PG_SCORE_INTERNAL_H */
