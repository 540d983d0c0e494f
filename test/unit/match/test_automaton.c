/*-------------------------------------------------------------------------
 *
 * test_automaton.c
 *	  Promises of core/automaton and core/keywords: whole words and phrases
 *	  are found, each, and nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <stdlib.h>

#include "core/match/automaton.h"
#include "core/match/keywords.h"

#define WORDS_MAX 4000

typedef struct Finder
{
	BrimArena      arena;
	BrimKeywordSet set;
	BrimAutomaton *automaton;
	bool           found[WORDS_MAX];
	int            stop_after;
} Finder;

/* Build a finder; the order of the words numbers them. */
static void
build(Finder *finder, const char *const *words, int count)
{
	BrimMem     *mem = brim_mem_malloc();
	BrimKeyword *keywords;
	BrimBuf      buf;

	memset(finder, 0, sizeof(*finder));
	brim_arena_init(&finder->arena, mem);
	keywords = brim_arena_alloc(&finder->arena, (size_t) count, sizeof(BrimKeyword));
	brim_buf_init(&buf, mem, 1000000);
	for (int i = 0; i < count; i++)
	{
		brim_buf_clear(&buf);
		if (!brim_automaton_pattern(brim_str(words[i]), &buf))
			abort();
		keywords[i].pattern = brim_arena_copy(&finder->arena, brim_buf_str(&buf));
		keywords[i].target.rule = i;
		keywords[i].target.keyword = i;
	}
	brim_buf_free(&buf);
	if (!brim_keywords_build(&finder->set, keywords, count, &finder->arena))
		abort();
	finder->automaton =
		brim_automaton_build(finder->set.patterns, finder->set.npatterns, &finder->arena);
	if (finder->automaton == NULL)
		abort();
}

static bool
note(void *state, int pattern)
{
	Finder *finder = state;

	for (int t = finder->set.first[pattern]; t < finder->set.first[pattern + 1]; t++)
		finder->found[finder->set.targets[t].rule] = true;
	return --finder->stop_after != 0;
}

/* The numbers of the words found, as a text such as "0,2". */
static const char *
found_in(Finder *finder, int count, const char *text)
{
	static char result[256];
	size_t      at = 0;

	memset(finder->found, 0, sizeof(finder->found));
	finder->stop_after = -1;
	brim_automaton_walk(finder->automaton, brim_str(text), note, finder);
	result[0] = '\0';
	for (int i = 0; i < count && at < sizeof(result) - 16; i++)
	{
		if (finder->found[i])
			at += (size_t) snprintf(result + at, sizeof(result) - at, "%s%d", at > 0 ? "," : "", i);
	}
	return result;
}

static void
check_ops(void)
{
	static const char *const words[] = {"operations", "ops", "revops", "devops",
										"automation engineer"};
	static const struct
	{
		const char *text;
		const char *found;
	} cases[] = {
		{"Head of Operations", "0"},
		{"ops", "1"},
		{"OPS!", "1"},
		{"(ops)", "1"},
		{"sales-ops", "1"},
		{"RevOps lead", "2"},
		{"DevOps", "3"},
		{"laptops", ""},
		{"shops and ops", "1"},
		{"opsy", ""},
		{"ops2", ""},
		{"\xC3\xA4ops", ""},
		{"ops\xCC\x81", ""},
		{"Automation Engineer", "4"},
		{"automation \t\n  engineer", "4"},
		{"automation\xC2\xA0\xE3\x80\x80"
		 "engineer",
		 "4"},
		{"automation-engineer", ""},
		{"automationengineer", ""},
		{"automation engineers", ""},
		{"automation automation engineer", "4"},
		{"test automation engineer, operations", "0,4"},
		{"", ""},
		{"\xFF\xFF"
		 "ops\xFF",
		 "1"},
		{"revops devops ops operations", "0,1,2,3"},
	};
	Finder finder;

	build(&finder, words, 5);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		unit_is_text(found_in(&finder, 5, cases[i].text), cases[i].found, "words in text %zu", i);
	brim_arena_free(&finder.arena);
}

static void
check_odd_words(void)
{
	static const char *const words[] = {
		"c++", ".net", "a", "a b", "b", " x  y ", "\xE9\x81\x8B\xE5\x96\xB6", "ops ops", "A"};
	Finder finder;

	build(&finder, words, 9);
	unit_is_text(found_in(&finder, 9, "C++17 developer"), "0",
				 "a word that ends in signs ends there");
	unit_is_text(found_in(&finder, 9, "asp.net"), "1",
				 "a word that begins with a sign begins there");
	unit_is_text(found_in(&finder, 9, "abc++"), "", "but its letters are whole words");
	unit_is_text(found_in(&finder, 9, "a  b"), "2,3,4,8",
				 "words inside a phrase are found with it");
	unit_is_text(found_in(&finder, 9, "x y"), "5", "white space around a keyword does not count");
	unit_is_text(
		found_in(&finder, 9, "\xE5\x95\x86\xE5\x93\x81\xE9\x81\x8B\xE5\x96\xB6\xE9\x83\xA8"), "6",
		"a word is found in a script without gaps");
	unit_is_text(found_in(&finder, 9, "ops ops ops"), "7",
				 "a phrase that overlaps itself is found");
	finder.stop_after = 1;
	memset(finder.found, 0, sizeof(finder.found));
	unit_ok(!brim_automaton_walk(finder.automaton, brim_str("a b x y"), note, &finder) &&
				!finder.found[4],
			"a hit can end the pass");
	brim_arena_free(&finder.arena);
}

/* Many words, more than full rows are kept for, against a search one by one. */
static void
check_many(void)
{
	static char        text[WORDS_MAX * 40];
	static char        storage[WORDS_MAX][40];
	static const char *words[WORDS_MAX];
	static bool        in_text[WORDS_MAX];
	Finder            *finder = malloc(sizeof(Finder));
	unsigned           seed = 1;
	size_t             at = 0;
	int                wrong = 0;

	for (int i = 0; i < WORDS_MAX; i++)
	{
		int len = 0;

		for (int k = 0; k < 24; k++)
		{
			seed = seed * 1103515245u + 12345u;
			storage[i][len++] = (char) ('a' + (seed >> 16) % 26);
		}
		len += snprintf(storage[i] + len, sizeof(storage[i]) - (size_t) len, "%d", i);
		words[i] = storage[i];
		in_text[i] = i % 3 == 0;
		if (in_text[i])
			at += (size_t) snprintf(text + at, sizeof(text) - at, "%s ", words[i]);
		else
			at += (size_t) snprintf(text + at, sizeof(text) - at, "%sx ", words[i]);
	}
	build(finder, words, WORDS_MAX);
	finder->stop_after = -1;
	brim_automaton_walk(finder->automaton, brim_str(text), note, finder);
	for (int i = 0; i < WORDS_MAX; i++)
		wrong += finder->found[i] != in_text[i];
	unit_is_int(wrong, 0, "of %d words exactly those in the text are found", WORDS_MAX);
	brim_arena_free(&finder->arena);
	free(finder);
}

static void
check_keywords(void)
{
	BrimArena      arena;
	BrimKeywordSet set;
	BrimKeyword    keywords[] = {
		   {brim_str("saas"), {{0}, 0}}, {brim_str("ai"), {{0}, 1}},  {brim_str("saas"), {{1}, 2}},
		   {brim_str("saas"), {{0}, 3}}, {brim_str("aim"), {{1}, 4}},
    };
	int     place;
	BrimBuf buf;

	brim_arena_init(&arena, brim_mem_malloc());
	unit_ok(brim_keywords_build(&set, keywords, 5, &arena), "a set is built");
	unit_is_int(set.npatterns, 3, "a keyword named twice is one pattern");
	place = brim_keywords_find(&set, brim_str("saas"));
	unit_ok(place >= 0 && set.first[place + 1] - set.first[place] == 2,
			"of two rules that share it, each has one target");
	unit_is_int(brim_keywords_find(&set, brim_str("sa")), -1, "a part of a keyword is not it");
	unit_is_int(brim_keywords_find(&set, brim_str("saas ")), -1, "nor is more than a keyword");
	unit_is_int(brim_keywords_find(&set, brim_str("")), -1, "nor is nothing");
	brim_arena_free(&arena);

	brim_buf_init(&buf, brim_mem_malloc(), 100);
	unit_ok(!brim_automaton_pattern(brim_str(" \t"), &buf) && !buf.failed,
			"white space alone is no keyword");
	brim_buf_free(&buf);
}

int
main(void)
{
	check_ops();
	check_odd_words();
	check_many();
	check_keywords();
	return unit_done();
}
