/*-------------------------------------------------------------------------
 *
 * test_lexicon.c
 *	  Promises of core/lexicon: what is wrong is named, what compiles is kept.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <stdlib.h>

#include "core/intent/lexicon.h"
#include "intent/lexicon.h"

/* An allocator that fails after a number of allocations. */
typedef struct ShortMem
{
	BrimMem mem;
	int     left;
} ShortMem;

static void *
short_resize(BrimMem *mem, void *block, size_t size)
{
	ShortMem *self = (ShortMem *) mem;

	if (size > 0 && self->left-- <= 0)
		return NULL;
	return brim_mem_malloc()->resize(brim_mem_malloc(), block, size);
}

/* Compile one term of one class; the message, or "" where it compiles. */
static const char *
compile_term(const char *words, const char *near, const char *unless)
{
	static BrimError error;
	BrimStr          phrases[3][20];
	BrimClassDef class = {brim_str("funding"), 1, 10000, 0};
	BrimTermDef    term = {brim_str("funding"), 7, BRIM_INTENT_ANY, 0, phrases[0], 0,
						   phrases[1],          0, phrases[2]};
	BrimLexiconDef def = {1, &class, 1, &term, 0, NULL};
	BrimLexicon   *lexicon;

	term.nwords = split_phrases(words, phrases[0]);
	term.nnear = split_phrases(near, phrases[1]);
	term.nunless = split_phrases(unless, phrases[2]);
	lexicon = brim_lexicon_compile(&def, NULL, brim_mem_malloc(), &error);
	if (lexicon == NULL)
		return error.message;
	brim_lexicon_free(lexicon);
	return "";
}

static void
test_phrases(void)
{
	unit_is_text(compile_term("raises|rais*|=Make|into {company}", "", ""), "",
				 "words may have an ending left open, a case, a name behind them");
	unit_is_text(compile_term("a", ">3b|<c|~0d|^e|{money}|>2{people}|at {money}", "<1{name}"), "",
				 "near and unless may have a direction, a distance, a placeholder");
	unit_is_text(compile_term("", "", ""), "term 7 of class \"funding\": has no words",
				 "a term must have words");
	unit_is_text(compile_term("!", "", ""),
				 "term 7 of class \"funding\", field words, phrase \"!\": must begin with a letter "
				 "or digit",
				 "a phrase must begin with a letter or digit");
	unit_is_text(compile_term("c+*", "", ""),
				 "term 7 of class \"funding\", field words, phrase \"c+*\": \"*\" must follow a "
				 "letter or digit",
				 "an ending is left open behind a letter or digit only");
	unit_is_text(
		compile_term("a", ">41b", ""),
		"term 7 of class \"funding\", field near, phrase \">41b\": the distance must be at "
		"most 40 words",
		"distances have a limit");
	unit_is_text(compile_term("a", "", "{cats}"),
				 "term 7 of class \"funding\", field unless, phrase \"{cats}\": there is no such "
				 "{placeholder}, or it does not stand at the end",
				 "a placeholder must be one of those there are");
	unit_is_text(compile_term("{money}", "", ""),
				 "term 7 of class \"funding\", field words, phrase \"{money}\": nothing but white "
				 "space",
				 "a word must not be a placeholder alone");
	unit_is_text(compile_term("a b c d e f g h i j k l m", "", ""),
				 "term 7 of class \"funding\", field words, phrase \"a b c d e f g h i j k l m\": "
				 "has too many words",
				 "a phrase has a limit of words");
}

static void
test_definitions(void)
{
	BrimClassDef   classes[] = {{brim_str("b"), 1, 10000, 0}, {brim_str("a"), -1, 1, 7}};
	BrimCueDef     cue = {brim_str("hedge"), brim_str("may")};
	BrimLexiconDef def = {2, classes, 0, NULL, 1, &cue};
	BrimError      error;
	BrimLexicon   *lexicon = brim_lexicon_compile(&def, NULL, brim_mem_malloc(), &error);

	if (!unit_ok(lexicon != NULL, "a lexicon without terms compiles"))
		return;
	unit_is_int(brim_lexicon_class(lexicon, brim_str("a")), 0, "classes are in order of names");
	unit_is_int(lexicon->classes[0].half_life_days, 7, "and keep what belongs to them");
	unit_is_int(brim_lexicon_class(lexicon, brim_str("c")), -1, "another class is not found");
	brim_lexicon_free(lexicon);

	cue.kind = brim_str("doubt");
	unit_ok(brim_lexicon_compile(&def, NULL, brim_mem_malloc(), &error) == NULL &&
				strcmp(error.message, "cue \"may\": there is no kind \"doubt\"") == 0,
			"an unknown kind of cue is refused: %s", error.message);
	cue.kind = brim_str("hedge");
	classes[1].name = brim_str("b");
	unit_ok(brim_lexicon_compile(&def, NULL, brim_mem_malloc(), &error) == NULL &&
				strcmp(error.message, "class \"b\": is there twice") == 0,
			"a class that is there twice is refused: %s", error.message);
	classes[1].name = brim_str("a");
	classes[1].weight = 0;
	unit_ok(brim_lexicon_compile(&def, NULL, brim_mem_malloc(), &error) == NULL,
			"a weight of nothing is refused: %s", error.message);
}

static void
test_memory(void)
{
	BrimError error;
	int       refused = 0;
	bool      done = false;

	for (int allowed = 0; allowed < 200 && !done; allowed++)
	{
		ShortMem        mem = {{short_resize}, allowed};
		BrimLexicon    *lexicon = lexicon_for_tests(NULL, &mem.mem, &error);
		BrimIntentScan *scan;

		if (lexicon == NULL)
		{
			refused += strcmp(error.message, "out of memory") == 0;
			continue;
		}
		scan = brim_intent_create(lexicon, NULL, &mem.mem);
		if (scan != NULL)
		{
			done = brim_intent_run(scan, brim_str("Acme\xE2\x80\x99s rival raises $5M"),
								   brim_str("Acme"), BRIM_INTENT_ANY);
			brim_intent_free(scan);
		}
		brim_lexicon_free(lexicon);
	}
	unit_ok(refused > 3, "short memory is said (%d times)", refused);
	unit_ok(done, "and nothing is lost or left behind until there is enough");
}

int
main(void)
{
	test_phrases();
	test_definitions();
	test_memory();
	return unit_done();
}
