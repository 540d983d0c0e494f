/*-------------------------------------------------------------------------
 *
 * spec_value.h
 *	  Values of a scoring model that is given as jsonb: each of a type, or an
 *	  error that says where it stands.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_SPEC_VALUE_H
#define BRIM_PG_SCORE_SPEC_VALUE_H

#include "postgres.h"
#include "utils/jsonb.h"

#include "core/base/base.h"

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

#endif /* BRIM_PG_SCORE_SPEC_VALUE_H */
