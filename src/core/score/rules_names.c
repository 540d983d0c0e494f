/*-------------------------------------------------------------------------
 *
 * rules_names.c
 *	  The words that rules are written in; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

typedef struct KindInfo
{
	const char *name;
	int         accepts;
	bool        has_keywords;
} KindInfo;

static const KindInfo kinds[] = {
	[BRIM_RULE_RANGE] = {"range", BRIM_ACCEPTS_NUMBER, false},
	[BRIM_RULE_ONE_OF] = {"one_of", BRIM_ACCEPTS_TEXT, true},
	[BRIM_RULE_ANY_OF] = {"any_of", BRIM_ACCEPTS_LIST, true},
	[BRIM_RULE_ALL_OF] = {"all_of", BRIM_ACCEPTS_LIST, true},
	[BRIM_RULE_WORDS] = {"words", BRIM_ACCEPTS_TEXT | BRIM_ACCEPTS_LIST, true},
	[BRIM_RULE_REGEX] = {"regex", BRIM_ACCEPTS_TEXT | BRIM_ACCEPTS_LIST, false},
	[BRIM_RULE_EVENT] = {"event", BRIM_ACCEPTS_TEXT | BRIM_ACCEPTS_LIST, true},
	[BRIM_RULE_PRESENT] = {"present", BRIM_ACCEPTS_ANY, false},
	[BRIM_RULE_OTHERWISE] = {"otherwise", BRIM_ACCEPTS_ANY, false},
};

static const char *const dimensions[] = {
	[BRIM_FIT] = "fit",
	[BRIM_INTENT] = "intent",
	[BRIM_DISQUALIFIER] = "disqualifier",
};

static const char *const combines[] = {
	[BRIM_AVERAGE] = "average",
	[BRIM_ADD] = "add",
};

static const char *const policies[] = {
	[BRIM_MISSING_IGNORE] = "ignore",
	[BRIM_MISSING_ZERO] = "zero",
	[BRIM_MISSING_PRIOR] = "prior",
};

#define LENGTH(names) ((int) (sizeof(names) / sizeof((names)[0])))

/* The place of a name among names, or what else to say. */
static int
find_name(const char *const *names, int count, BrimStr name, int otherwise)
{
	for (int i = 0; i < count; i++)
	{
		if (brim_str_equal(name, brim_str(names[i])))
			return i;
	}
	return otherwise;
}

int
brim_rules_names_kind(BrimStr name, int otherwise)
{
	for (int i = 0; i < LENGTH(kinds); i++)
	{
		if (brim_str_equal(name, brim_str(kinds[i].name)))
			return i;
	}
	return otherwise;
}

int
brim_rules_names_dimension(BrimStr name, int otherwise)
{
	return find_name(dimensions, LENGTH(dimensions), name, otherwise);
}

int
brim_rules_names_combine(BrimStr name, int otherwise)
{
	return find_name(combines, LENGTH(combines), name, otherwise);
}

int
brim_rules_names_policy(BrimStr name, int otherwise)
{
	return find_name(policies, LENGTH(policies), name, otherwise);
}

const char *
brim_rules_names_dimension_name(BrimDimension dimension)
{
	return dimensions[dimension];
}

bool
brim_rules_names_kind_has_keywords(BrimRuleKind kind)
{
	return kinds[kind].has_keywords;
}

int
brim_rules_names_kind_accepts(BrimRuleKind kind)
{
	return kinds[kind].accepts;
}
