/*-------------------------------------------------------------------------
 *
 * matcher.c
 *	  Which of many keywords does a text have?  See matcher.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/match/matcher.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/base.h"

#define KEY_BYTES 8
#define BITS_A_KEY 32 /* of the filter: one word in 32 passes it by chance, at most */
#define CHUNK 64      /* bytes of text that are looked at together */
#define LOWER UINT64_C(0x2020202020202020)
#define WORD_EDGE 0xFF /* see automaton.h */
#define SMALL_TEXT 256

/*
 * The first eight bytes, or what there is, with a bit set that makes small
 * letters and capitals equal (other characters may become equal, too, as a
 * filter allows).
 */
static inline uint64_t
text_key(const char *data, size_t len)
{
	uint64_t key = 0;

	memcpy(&key, data, len < KEY_BYTES ? len : KEY_BYTES);
	return key | LOWER;
}

static inline uint64_t
hash_key(uint64_t key, int shift)
{
	return (key * UINT64_C(0x9E3779B97F4A7C15)) >> shift;
}

static inline bool
filter_has(const BrimFilter *filter, uint64_t key)
{
	uint64_t bit = hash_key(key, filter->shift);

	return (filter->bits[bit >> 6] >> (bit & 63)) & 1;
}

static bool
filter_init(BrimFilter *filter, int nkeys, BrimArena *arena)
{
	int log = 10;

	while (log < 30 && (INT64_C(1) << log) < (int64_t) nkeys * BITS_A_KEY)
		log++;
	filter->shift = 64 - log;
	filter->bits = brim_arena_alloc(arena, (size_t) 1 << (log - 6), sizeof(uint64_t));
	return filter->bits != NULL;
}

static void
filter_add(BrimFilter *filter, uint64_t key)
{
	uint64_t bit = hash_key(key, filter->shift);

	filter->bits[bit >> 6] |= UINT64_C(1) << (bit & 63);
}

/* The same for a text that lies in a longer one, which makes it a matter of one load. */
static inline uint64_t
inner_key(const char *data, size_t len, size_t before, size_t available)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (available >= KEY_BYTES || before >= KEY_BYTES)
	{
		uint64_t key;

		if (available >= KEY_BYTES)
			memcpy(&key, data, KEY_BYTES);
		else
		{
			memcpy(&key, data + available - KEY_BYTES, KEY_BYTES);
			key >>= 8 * (KEY_BYTES - available);
		}
		if (len < KEY_BYTES)
			key &= (UINT64_C(1) << (8 * len)) - 1;
		return key | LOWER;
	}
#endif
	return text_key(data, len);
}

/* Return true if a text of ASCII only may contain the pattern of a stream. */
static bool
is_ascii_stream(BrimStr stream)
{
	for (size_t i = 0; i < stream.len; i++)
	{
		unsigned char byte = (unsigned char) stream.data[i];

		if (byte >= 0x80 && byte != WORD_EDGE)
			return false;
	}
	return true;
}

/* The length of the word that an ASCII stream begins with, after its edge; 0 if it begins otherwise. */
static size_t
first_word(BrimStr stream)
{
	size_t end = 1;

	if ((unsigned char) stream.data[0] != WORD_EDGE)
		return 0;
	while (end < stream.len &&
		   brim_text_ascii_class[(unsigned char) stream.data[end]] == BRIM_CHAR_WORD)
		end++;
	return end - 1;
}

/* The place of a key among the first words, or an empty one. */
static inline BrimFirstWord *
find_first(const BrimMatcher *matcher, uint64_t key)
{
	uint64_t last = ~UINT64_C(0) >> matcher->first_shift;
	uint64_t at = hash_key(key, matcher->first_shift);

	/* At least half of the places are empty */
	while (matcher->first[at].key != key && matcher->first[at].key != 0)
		at = (at + 1) & last;
	return &matcher->first[at];
}

static bool
first_init(BrimMatcher *matcher, BrimArena *arena)
{
	int log = 1;

	while ((INT64_C(1) << log) < (int64_t) matcher->set.npatterns * 2)
		log++;
	matcher->first_shift = 64 - log;
	matcher->first = brim_arena_alloc(arena, (size_t) 1 << log, sizeof(BrimFirstWord));
	return matcher->first != NULL;
}

/* Note the first word, of some length, of a pattern. */
static void
add_first(BrimMatcher *matcher, int pattern, size_t len)
{
	BrimStr        stream = matcher->set.patterns[pattern];
	uint64_t       key = text_key(stream.data + 1, len);
	BrimFirstWord *first = find_first(matcher, key);

	filter_add(&matcher->filter, key);
	/* alone, with a mark at either end */
	first->pattern = first->key == 0 && stream.len == len + 2 ? pattern : -1;
	first->key = key;
}

/* Put the first words into the filter, and what begins otherwise into an automaton. */
static bool
index_words(BrimMatcher *matcher, BrimArena *arena)
{
	const BrimKeywordSet *set = &matcher->set;
	BrimStr              *others;
	int                   nothers = 0;

	matcher->automaton = brim_automaton_build(set->patterns, set->npatterns, arena);
	others = brim_arena_alloc(arena, (size_t) set->npatterns, sizeof(BrimStr));
	matcher->other = brim_arena_alloc(arena, (size_t) set->npatterns, sizeof(int));
	if (matcher->automaton == NULL || others == NULL || matcher->other == NULL ||
		!first_init(matcher, arena))
		return false;
	for (int i = 0; i < set->npatterns; i++)
	{
		size_t len = first_word(set->patterns[i]);

		if (!is_ascii_stream(set->patterns[i]))
			continue;
		if (len > 0)
		{
			add_first(matcher, i, len);
			continue;
		}
		matcher->other[nothers] = i;
		others[nothers++] = set->patterns[i];
	}
	if (nothers > 0)
		matcher->others = brim_automaton_build(others, nothers, arena);
	return nothers == 0 || matcher->others != NULL;
}

BrimMatcher *
brim_matcher_build(BrimKeyword *keywords, int count, bool words, BrimArena *arena)
{
	BrimMatcher *matcher = brim_arena_alloc(arena, 1, sizeof(BrimMatcher));

	if (matcher == NULL || !brim_keywords_build(&matcher->set, keywords, count, arena) ||
		!filter_init(&matcher->filter, matcher->set.npatterns, arena))
		return NULL;
	if (words)
		return index_words(matcher, arena) ? matcher : NULL;
	for (int i = 0; i < matcher->set.npatterns; i++)
		filter_add(&matcher->filter,
				   text_key(matcher->set.patterns[i].data, matcher->set.patterns[i].len));
	return matcher;
}

int
brim_matcher_whole(const BrimMatcher *matcher, BrimStr text)
{
	char    lower[SMALL_TEXT];
	BrimStr whole = {lower, text.len};

	if (text.len > matcher->set.longest ||
		!filter_has(&matcher->filter, text_key(text.data, text.len)))
		return -1;
	if (text.len > SMALL_TEXT)
		return brim_keywords_find_lowered(&matcher->set, text);
	brim_text_lower_ascii(lower, text.data, text.len);
	return brim_keywords_find(&matcher->set, whole);
}

#ifdef __SSE2__
/* Sixteen bytes of a text, or what is left of it and zeros. */
static inline __m128i
load_16(const char *data, size_t left)
{
	uint64_t low = 0;
	uint64_t high = 0;

	if (left >= 16)
		return _mm_loadu_si128((const __m128i *) (const void *) data);
	/* two loads of eight bytes would do, but they reach before the text where it is shorter */
	if (left >= 8)
	{
		memcpy(&low, data, 8);
		memcpy(&high, data + left - 8, 8);
		high = left == 8 ? 0 : high >> (8 * (16 - left));
	}
	else
	{
		for (size_t i = 0; i < left; i++)
			low |= (uint64_t) (unsigned char) data[i] << (8 * i);
	}
	return _mm_set_epi64x((int64_t) high, (int64_t) low);
}
#endif

/* A bit for each of 64 bytes, or of those there are, that is an ASCII letter or digit. */
static inline uint64_t
word_bits(const char *data, size_t len)
{
	uint64_t bits = 0;
#ifdef __SSE2__
	const __m128i lower = _mm_set1_epi8(0x20);
	const __m128i letters = _mm_set1_epi8((char) (128 - 'a'));
	const __m128i letters_end = _mm_set1_epi8(-128 + 26);
	const __m128i digits = _mm_set1_epi8((char) (128 - '0'));
	const __m128i digits_end = _mm_set1_epi8(-128 + 10);

	for (size_t at = 0; at < CHUNK && at < len; at += 16)
	{
		__m128i bytes;
		__m128i is_letter;
		__m128i is_digit;

		bytes = load_16(data + at, len - at);
		/* moved so that the range begins at the least signed byte */
		is_letter = _mm_cmplt_epi8(_mm_add_epi8(_mm_or_si128(bytes, lower), letters), letters_end);
		is_digit = _mm_cmplt_epi8(_mm_add_epi8(bytes, digits), digits_end);
		bits |= (uint64_t) (unsigned) _mm_movemask_epi8(_mm_or_si128(is_letter, is_digit)) << at;
	}
#else
	for (size_t at = 0; at < CHUNK && at < len; at++)
	{
		if (brim_text_ascii_class[(unsigned char) data[at]] == BRIM_CHAR_WORD)
			bits |= UINT64_C(1) << at;
	}
#endif
	return bits;
}

/* Return true if the word that a text begins with is that of a pattern, whose key it has. */
static bool
is_word(BrimStr text, BrimStr stream)
{
	size_t len = stream.len - 2;

	if (text.len < len)
		return false;
	for (size_t i = KEY_BYTES; i < len; i++)
	{
		if (brim_text_lower_byte((unsigned char) text.data[i]) !=
			(unsigned char) stream.data[i + 1])
			return false;
	}
	return text.len == len ||
		   brim_text_ascii_class[(unsigned char) text.data[len]] != BRIM_CHAR_WORD;
}

/* Look at a word of an ASCII text that may begin patterns. */
static inline bool
look_at_word(const BrimMatcher *matcher, BrimStr text, size_t start, size_t end,
			 BrimAutomatonHit hit, void *state)
{
	BrimStr              rest = {text.data + start, text.len - start};
	uint64_t             key = inner_key(rest.data, end - start, start, rest.len);
	const BrimFirstWord *first;

	if (!filter_has(&matcher->filter, key))
		return true;
	first = find_first(matcher, key);
	if (first->key == 0)
		return true;
	if (first->pattern >= 0)
		return !is_word(rest, matcher->set.patterns[first->pattern]) || hit(state, first->pattern);
	return brim_automaton_match(matcher->automaton, rest, hit, state);
}

/* Reports patterns under the numbers that another set has for them. */
typedef struct OtherHit
{
	const int       *other;
	BrimAutomatonHit hit;
	void            *state;
} OtherHit;

static bool
hit_other(void *state, int pattern)
{
	OtherHit *self = state;

	return self->hit(self->state, self->other[pattern]);
}

bool
brim_matcher_words(const BrimMatcher *matcher, BrimStr text, bool is_ascii, BrimAutomatonHit hit,
				   void *state)
{
	uint64_t before = 0; /* was the last byte of the chunk before part of a word? */

	if (!is_ascii)
		return brim_automaton_walk(matcher->automaton, text, hit, state);
	for (size_t at = 0; at < text.len; at += CHUNK)
	{
		uint64_t bits = word_bits(text.data + at, text.len - at);
		uint64_t starts = bits & ~((bits << 1) | before);

		before = bits >> (CHUNK - 1);
		while (starts != 0)
		{
			int      bit = __builtin_ctzll(starts);
			uint64_t behind = ~(bits >> bit);
			size_t   len = behind == 0 ? CHUNK : (size_t) __builtin_ctzll(behind);
			size_t   start = at + (size_t) bit;

			/* The key needs no more than eight bytes, which may lie in the next chunk */
			if ((size_t) bit + len >= CHUNK)
			{
				len = CHUNK - (size_t) bit;
				while (len < KEY_BYTES && start + len < text.len &&
					   brim_text_ascii_class[(unsigned char) text.data[start + len]] ==
						   BRIM_CHAR_WORD)
					len++;
			}
			if (!look_at_word(matcher, text, start, start + len, hit, state))
				return false;
			starts &= starts - 1;
		}
	}
	if (matcher->others != NULL)
	{
		OtherHit other = {matcher->other, hit, state};

		return brim_automaton_walk(matcher->others, text, hit_other, &other);
	}
	return true;
}
