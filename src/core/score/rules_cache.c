/*-------------------------------------------------------------------------
 *
 * rules_cache.c
 *	  What values of an attribute are worth, kept; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOUNDS_MAX 32        /* of ranges; an attribute with more is looked at each time */
#define MEMOS_MAX 8          /* attributes that have one: 1 MiB in all */
#define MEMO_SETS 256        /* a power of two */
#define MEMO_WAYS 2          /* places for a value in its set */
#define MEMO_BYTES_MAX 176   /* of a value: an entry takes 256 bytes */
#define MEMO_BEGINS_AFTER 32 /* values, so that a single row needs no memory */
#define MEMO_TRIAL 512       /* values after which it must have been of use */
#define MEMO_USE 4           /* one value in so many must have been known ... */
#define MEMO_PAUSE 16384     /* ... or for so many none is looked for */

/* Texts and lists seen last: two of each set of hashed values. */
typedef struct MemoEntry
{
	uint64_t  hash;
	BrimWorth worth;
	uint16_t  len;
	uint8_t   kind;
	char      bytes[MEMO_BYTES_MAX];
} MemoEntry;

/* Worths that are not those of texts and lists. */
enum
{
	PLAIN_SCRATCH, /* of a value that is not kept */
	PLAIN_MISSING,
	PLAIN_OTHER,
	PLAIN_STEPS /* of numbers: 2 * nbounds + 1 of them */
};

typedef struct AttributeCache
{
	bool       zero_is_missing;
	bool       is_kept; /* texts and lists? */
	int        nbounds; /* -1: numbers are not kept */
	double    *bounds;  /* in rising order */
	BrimWorth *plain;

	/* Texts and lists */
	MemoEntry *memo; /* NULL: none yet */
	int        pause;
	int        nlooks;
	int        nknown;
} AttributeCache;

struct BrimRulesCache
{
	BrimMem        *mem;
	int             nattributes;
	int             nmemos;
	AttributeCache *attributes;
};

static int
compare_numbers(const void *left, const void *right)
{
	double a = *(const double *) left;
	double b = *(const double *) right;

	return (a > b) - (a < b);
}

static void
add_bound(AttributeCache *cache, double bound)
{
	if (isinf(bound) || cache->nbounds < 0)
		return;
	if (cache->nbounds == BOUNDS_MAX)
		cache->nbounds = -1;
	else
		cache->bounds[cache->nbounds++] = bound;
}

/* Collect the bounds of the ranges of an attribute, each once. */
static void
collect_bounds(AttributeCache *cache, const BrimRulesModel *model,
			   const BrimRulesAttribute *attribute)
{
	int kept = 0;

	for (int s = 0; s < attribute->nsignals; s++)
	{
		const BrimSignal *signal = &model->signals[attribute->signals[s]];

		for (int r = signal->first_rule; r < signal->first_rule + signal->nrules; r++)
		{
			if (model->rules[r].kind != BRIM_RULE_RANGE)
				continue;
			add_bound(cache, model->rules[r].low);
			add_bound(cache, model->rules[r].high);
		}
	}
	if (cache->nbounds <= 0)
		return;
	qsort(cache->bounds, (size_t) cache->nbounds, sizeof(double), compare_numbers);
	for (int i = 0; i < cache->nbounds; i++)
	{
		if (i == 0 || cache->bounds[i] > cache->bounds[kept - 1])
			cache->bounds[kept++] = cache->bounds[i];
	}
	cache->nbounds = kept;
}

static bool
init_attribute(AttributeCache *cache, const BrimRulesModel *model,
			   const BrimRulesAttribute *attribute, BrimMem *mem)
{
	size_t nplain;

	cache->zero_is_missing = attribute->feature->zero_is_missing;
	cache->is_kept = attribute->nevents == 0;
	cache->bounds = brim_mem_alloc(mem, BOUNDS_MAX * sizeof(double));
	if (cache->bounds == NULL)
		return false;
	collect_bounds(cache, model, attribute);
	nplain = PLAIN_STEPS + (cache->nbounds < 0 ? 0 : 2 * (size_t) cache->nbounds + 1);
	cache->plain = brim_mem_alloc(mem, nplain * sizeof(BrimWorth));
	if (cache->plain == NULL)
		return false;
	memset(cache->plain, 0, nplain * sizeof(BrimWorth));
	return true;
}

BrimRulesCache *
brim_rules_cache_create(const BrimRulesModel *model, BrimMem *mem)
{
	BrimRulesCache *cache = brim_mem_alloc(mem, sizeof(BrimRulesCache));
	size_t          size = (size_t) model->head.features.count * sizeof(AttributeCache);

	if (cache == NULL)
		return NULL;
	memset(cache, 0, sizeof(*cache));
	cache->mem = mem;
	cache->attributes = brim_mem_alloc(mem, size);
	if (cache->attributes != NULL)
	{
		memset(cache->attributes, 0, size);
		while (cache->nattributes < model->head.features.count)
		{
			int a = cache->nattributes++;

			if (!init_attribute(&cache->attributes[a], model, &model->attributes[a], mem))
				break;
		}
	}
	if (cache->attributes == NULL || cache->nattributes < model->head.features.count ||
		cache->attributes[cache->nattributes - 1].plain == NULL)
	{
		brim_rules_cache_free(cache);
		return NULL;
	}
	return cache;
}

void
brim_rules_cache_free(BrimRulesCache *cache)
{
	if (cache == NULL)
		return;
	for (int a = 0; a < cache->nattributes; a++)
	{
		brim_mem_free(cache->mem, cache->attributes[a].bounds);
		brim_mem_free(cache->mem, cache->attributes[a].plain);
		brim_mem_free(cache->mem, cache->attributes[a].memo);
	}
	brim_mem_free(cache->mem, cache->attributes);
	brim_mem_free(cache->mem, cache);
}

static inline BrimWorth *
scratch(AttributeCache *self)
{
	self->plain[PLAIN_SCRATCH].is_known = false;
	return &self->plain[PLAIN_SCRATCH];
}

BrimWorth *
brim_rules_cache_scratch(BrimRulesCache *cache, int attribute)
{
	return scratch(&cache->attributes[attribute]);
}

static inline uint64_t
mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

static inline uint64_t
load(const char *data)
{
	uint64_t bytes;

	memcpy(&bytes, data, sizeof(bytes));
	return bytes;
}

/* Hash the bytes of a value: collisions cost time, never correctness. */
static inline uint64_t
hash_bytes(const char *data, size_t len)
{
	const uint64_t a = UINT64_C(0x9E3779B97F4A7C15);
	const uint64_t b = UINT64_C(0xD1B54A32D192ED03);
	uint64_t       hash = len;
	char           rest[16] = {0};

	if (len < sizeof(rest))
	{
		if (len >= 8)
			return mix(load(data) ^ a, load(data + len - 8) ^ b ^ hash);
		for (size_t i = 0; i < len; i++)
			rest[i] = data[i];
		return mix(load(rest) ^ a, b ^ hash);
	}
	for (size_t at = 0; at + sizeof(rest) <= len; at += sizeof(rest))
		hash = mix(load(data + at) ^ a, load(data + at + 8) ^ b ^ hash);
	return mix(load(data + len - 16) ^ a, load(data + len - 8) ^ b ^ hash);
}

/* Let a memo that has been of little use rest for a while. */
static void
judge_memo(AttributeCache *self)
{
	if (self->nknown < self->nlooks / MEMO_USE)
		self->pause = MEMO_PAUSE;
	self->nlooks = 0;
	self->nknown = 0;
}

/* Make the memo; false where there is none yet, or no memory for it. */
static bool
has_memo(BrimRulesCache *cache, AttributeCache *self)
{
	size_t size = (size_t) MEMO_SETS * MEMO_WAYS * sizeof(MemoEntry);

	if (self->memo != NULL)
		return true;
	if (self->nlooks < MEMO_BEGINS_AFTER || cache->nmemos == MEMOS_MAX)
		return false;
	self->memo = brim_mem_alloc(cache->mem, size);
	if (self->memo == NULL)
		return false;
	memset(self->memo, 0, size);
	cache->nmemos++;
	return true;
}

/* Find a text or a list among those seen before, or give it the place of another. */
static BrimWorth *
find_bytes(BrimRulesCache *cache, AttributeCache *self, BrimValueKind kind, BrimStr bytes)
{
	MemoEntry *set;
	MemoEntry *entry;
	uint64_t   hash;

	if (!self->is_kept || bytes.len == 0 || bytes.len > MEMO_BYTES_MAX)
		return scratch(self);
	if (self->pause > 0)
	{
		self->pause--;
		return scratch(self);
	}
	if (++self->nlooks > MEMO_TRIAL)
		judge_memo(self);
	if (!has_memo(cache, self))
		return scratch(self);
	hash = hash_bytes(bytes.data, bytes.len);
	set = &self->memo[(hash & (MEMO_SETS - 1)) * MEMO_WAYS];
	for (int i = 0; i < MEMO_WAYS; i++)
	{
		entry = &set[i];
		if (entry->hash == hash && entry->len == bytes.len && entry->kind == kind &&
			entry->worth.is_known && memcmp(entry->bytes, bytes.data, bytes.len) == 0)
		{
			self->nknown++;
			return &entry->worth;
		}
	}
	entry = &set[(hash >> 32) & (MEMO_WAYS - 1)];
	entry->hash = hash;
	entry->len = (uint16_t) bytes.len;
	entry->kind = (uint8_t) kind;
	entry->worth.is_known = false;
	memcpy(entry->bytes, bytes.data, bytes.len);
	return &entry->worth;
}

/*
 * A number matters by the bounds it lies between, or on: the n bounds make
 * 2 n + 1 steps, and two numbers of a step match the same rules.
 */
static BrimWorth *
find_number(AttributeCache *self, double number)
{
	int step = 0;

	if (isnan(number) || (number == 0 && self->zero_is_missing))
		return &self->plain[PLAIN_MISSING];
	if (self->nbounds < 0)
		return scratch(self);
	for (int i = 0; i < self->nbounds; i++)
		step += (number >= self->bounds[i]) + (number > self->bounds[i]);
	return &self->plain[PLAIN_STEPS + step];
}

BrimWorth *
brim_rules_cache_find(BrimRulesCache *cache, int attribute, const BrimValue *value)
{
	AttributeCache *self = &cache->attributes[attribute];

	switch (value->kind)
	{
		case BRIM_VALUE_MISSING:
			return &self->plain[PLAIN_MISSING];
		case BRIM_VALUE_NUMBER:
			return find_number(self, value->number);
		case BRIM_VALUE_TEXT:
			return find_bytes(cache, self, value->kind, value->text);
		case BRIM_VALUE_LIST:
			if (value->bytes.data == NULL)
				return scratch(self);
			return find_bytes(cache, self, value->kind, value->bytes);
		case BRIM_VALUE_OTHER:
			return &self->plain[PLAIN_OTHER];
	}
	return scratch(self);
}
