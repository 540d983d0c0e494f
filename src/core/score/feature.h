/*-------------------------------------------------------------------------
 *
 * feature.h
 *	  What a model reads of a lead, and what it finds there.
 *
 * attribute	a fact about a lead, found by the name of its column, or by a
 *				path into a column of jsonb
 * features		the attributes that a model reads, in an order; the values of a
 *				lead come in the same one.  Scoring and training read the same
 *				way, so that a model sees what it was trained with
 *
 * Nothing counts as given that is null, an empty text, a list of only such, a
 * number that is not one (NaN), or a 0 where 0 means missing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_SCORE_FEATURE_H
#define BRIM_CORE_SCORE_FEATURE_H

#include "core/base/base.h"

/* What an attribute may be; bits. */
#define BRIM_ACCEPTS_NUMBER 1
#define BRIM_ACCEPTS_TEXT 2
#define BRIM_ACCEPTS_LIST 4
#define BRIM_ACCEPTS_OTHER 8 /* anything: only whether it is given counts */
#define BRIM_ACCEPTS_ANY 15

/* The seven facts that confidence counts: the first features of each model. */
#define BRIM_FACTS 7

typedef struct BrimAttribute
{
	BrimStr  name;  /* of the column */
	int      npath; /* 0: the column itself */
	BrimStr *path;  /* steps into a jsonb */
	BrimStr  label; /* name and path for people: attributes.crm.tier */
	int      accepts;
	bool     is_fact;
	bool     zero_is_missing;
} BrimAttribute;

typedef struct BrimFeatures
{
	int            count;
	BrimAttribute *attributes;
} BrimFeatures;

/* A list that is walked where it lies. */
typedef struct BrimList BrimList;
struct BrimList
{
	/* Begin to walk it. */
	void (*start)(BrimList *list);

	/* Set *entry to the next entry that is not null; false at the end. */
	bool (*next)(BrimList *list, BrimStr *entry);
};

typedef enum BrimValueKind
{
	BRIM_VALUE_MISSING = 0,
	BRIM_VALUE_NUMBER,
	BRIM_VALUE_TEXT,
	BRIM_VALUE_LIST,
	BRIM_VALUE_OTHER /* given, of some other type; text is for reasons only */
} BrimValueKind;

typedef struct BrimValue
{
	BrimValueKind kind;
	double        number;
	BrimStr       text; /* as the lead writes it */
	BrimList     *list;
	BrimStr bytes; /* of a list, where the same bytes are the same list; data NULL: not known */
} BrimValue;

/* The facts: names and what they accept. */
extern BrimStr brim_feature_fact_name(int fact);
extern int     brim_feature_fact_accepts(int fact);

#endif /* BRIM_CORE_SCORE_FEATURE_H */
