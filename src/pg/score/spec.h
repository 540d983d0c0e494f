/*-------------------------------------------------------------------------
 *
 * spec.h
 *	  What the parts of reading a spec share: spec.c, spec_lexicon.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_SPEC_H
#define BRIM_PG_SCORE_SPEC_H

#include "postgres.h"
#include "utils/jsonb.h"

#include "pg/score/call_cache.h"

/* Where in the spec we are, for errors. */
typedef struct BrimSpecPosition
{
	int         number; /* of the thing, counted from 1; 0: in none */
	const char *what;   /* rule, signal, ... */
	const char *field;
} BrimSpecPosition;

/* Refuse the field we are at. */
pg_noreturn extern void brim_spec_refuse(const BrimSpecPosition *place, const char *why);

/* A value of a type, or an error. */
extern BrimStr         brim_spec_text(const BrimSpecPosition *place, const JsonbValue *value);
extern int             brim_spec_integer(const BrimSpecPosition *place, const JsonbValue *value);
extern int64           brim_spec_weight(const BrimSpecPosition *place, const JsonbValue *value);
extern JsonbContainer *brim_spec_object(const BrimSpecPosition *place, const JsonbValue *value);
extern BrimStr *
brim_spec_texts(const BrimSpecPosition *place, const JsonbValue *value, int limit, int *count);

/* Next key and value of an object; false at its end.  Nested values stay unread. */
extern bool brim_spec_next(JsonbIterator **it, char **key, JsonbValue *value);

/* Read one field of a thing. */
typedef void (*BrimSpecField)(const BrimSpecPosition *place, const JsonbValue *value, void *thing);

/* Read an array of objects into an array of things of a size, zero to begin with. */
extern void *brim_spec_rows(const BrimSpecPosition *place, const JsonbValue *value,
							const char *what, int limit, Size size, BrimSpecField read, int *count);

/* Compile the lexicon of a spec into the current memory context. */
extern BrimLexicon *brim_spec_lexicon(const BrimSpecPosition *place, const JsonbValue *value);

#endif /* BRIM_PG_SCORE_SPEC_H */
