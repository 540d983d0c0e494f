/*-------------------------------------------------------------------------
 *
 * lexicon.c
 *	  From the rows of a lexicon to a form that finds fast; see lexicon.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <stdint.h>
#include <string.h>

static const char *const cue_names[BRIM_CUE_KINDS] = {
	[BRIM_CUE_NEGATION] = "negation",
	[BRIM_CUE_NEGATION_AFTER] = "negation_after",
	[BRIM_CUE_HEDGE] = "hedge",
	[BRIM_CUE_HEDGE_AFTER] = "hedge_after",
	[BRIM_CUE_HEDGE_SENTENCE] = "hedge_sentence",
	[BRIM_CUE_BREAK] = "break",
	[BRIM_CUE_IGNORE] = "ignore",
	[BRIM_CUE_OTHER] = "other",
	[BRIM_CUE_OWN] = "own",
	[BRIM_CUE_JOB_POST] = "job_post",
};

int
brim_lexicon_cue_kind(BrimStr name)
{
	for (int kind = 0; kind < BRIM_CUE_KINDS; kind++)
	{
		if (brim_str_equal(name, brim_str(cue_names[kind])))
			return kind;
	}
	return -1;
}

static bool
add_phrases(BrimLexiconCompiler *compiler, BrimLexiconPlace *place, BrimItemRole role, int owner,
			const BrimStr *phrases, int count)
{
	static const char *const fields[] = {"words", "near", "unless"};

	place->field = fields[role];
	for (int i = 0; i < count; i++)
	{
		if (!brim_lexicon_phrase_add(compiler, place, role, owner, phrases[i]))
			return false;
	}
	return true;
}

/* Copy the classes in the order of their names, and check them. */
static bool
compile_classes(BrimLexiconCompiler *compiler)
{
	const BrimLexiconDef *def = compiler->def;
	BrimLexicon          *lexicon = compiler->lexicon;

	for (int i = 0; i < def->nclasses; i++)
	{
		const BrimClassDef *from = &def->classes[i];
		BrimClass class = {{NULL, 0}, 0, 0, 0};
		int at = lexicon->nclasses;

		if (from->name.data == NULL || from->name.len == 0 ||
			from->name.len > BRIM_LEXICON_NAME_MAX)
		{
			brim_error_set(compiler->error, "the name of a class must have 1 to %d bytes",
						   BRIM_LEXICON_NAME_MAX);
			return false;
		}
		if (brim_lexicon_class(lexicon, from->name) >= 0 || from->polarity < -1 ||
			from->polarity > 1 || from->weight < 1 || from->weight > BRIM_LEXICON_WEIGHT_MAX ||
			from->half_life_days < 0)
		{
			brim_error_set(compiler->error, "class \"%.*s\": %s", (int) from->name.len,
						   from->name.data,
						   brim_lexicon_class(lexicon, from->name) >= 0 ? "is there twice"
						   : from->half_life_days < 0 ? "the half life must not be negative"
						   : from->weight < 1 || from->weight > BRIM_LEXICON_WEIGHT_MAX
							   ? "the weight must be above 0 and at most 1"
							   : "the polarity must be -1, 0 or 1");
			return false;
		}
		class.name = brim_arena_copy(&lexicon->arena, from->name);
		if (class.name.data == NULL)
			return brim_lexicon_no_memory(compiler);
		class.polarity = from->polarity;
		class.weight = from->weight;
		class.half_life_days = from->half_life_days;
		while (at > 0 && strcmp(lexicon->classes[at - 1].name.data, class.name.data) > 0)
		{
			lexicon->classes[at] = lexicon->classes[at - 1];
			at--;
		}
		lexicon->classes[at] = class;
		lexicon->nclasses++;
	}
	return true;
}

static bool
compile_term(BrimLexiconCompiler *compiler, const BrimTermDef *from)
{
	BrimLexicon     *lexicon = compiler->lexicon;
	int              number = lexicon->nterms++;
	BrimTerm        *term = &lexicon->terms[number];
	BrimLexiconPlace place = {from, NULL, NULL};

	term->class_no = brim_lexicon_class(lexicon, from->class_name);
	term->sources = from->sources;
	term->has_near = from->nnear > 0;
	term->placeholders =
		brim_arena_alloc(&lexicon->arena, (size_t) (from->nnear + from->nunless), sizeof(int));
	if (term->placeholders == NULL)
		return brim_lexicon_no_memory(compiler);
	if (term->class_no < 0 || from->nwords <= 0 || from->sources < 1 ||
		from->sources > BRIM_INTENT_ANY)
	{
		brim_error_set(compiler->error, "term %d of class \"%.*s\": %s", from->term_no,
					   (int) from->class_name.len, from->class_name.data,
					   term->class_no < 0  ? "there is no such class"
					   : from->nwords <= 0 ? "has no words"
										   : "the source must be news, job_post or any");
		return false;
	}
	return add_phrases(compiler, &place, BRIM_ITEM_WORD, number, from->words, from->nwords) &&
		   add_phrases(compiler, &place, BRIM_ITEM_NEAR, number, from->near, from->nnear) &&
		   add_phrases(compiler, &place, BRIM_ITEM_UNLESS, number, from->unless, from->nunless);
}

static bool
compile_cue(BrimLexiconCompiler *compiler, const BrimCueDef *from)
{
	BrimLexiconPlace place = {NULL, from, NULL};
	int              kind = brim_lexicon_cue_kind(from->kind);

	if (kind < 0)
	{
		brim_error_set(compiler->error, "cue \"%.*s\": there is no kind \"%.*s\"",
					   (int) (from->phrase.len < 60 ? from->phrase.len : 60), from->phrase.data,
					   (int) from->kind.len, from->kind.data);
		return false;
	}
	return brim_lexicon_phrase_add(compiler, &place, BRIM_ITEM_CUE, kind, from->phrase);
}

/* Build the automaton over all phrases. */
static bool
compile_phrases(BrimLexiconCompiler *compiler)
{
	BrimLexicon *lexicon = compiler->lexicon;

	if (!brim_keywords_build(&lexicon->phrases, compiler->keywords, compiler->nkeywords,
							 &lexicon->arena))
		return brim_lexicon_no_memory(compiler);
	lexicon->is_word =
		brim_arena_alloc(&lexicon->arena, (size_t) lexicon->phrases.npatterns + 1, 1);
	if (lexicon->is_word == NULL)
		return brim_lexicon_no_memory(compiler);
	for (int p = 0; p < lexicon->phrases.npatterns; p++)
	{
		for (int t = lexicon->phrases.first[p]; t < lexicon->phrases.first[p + 1]; t++)
		{
			const BrimItem *item = &lexicon->items[lexicon->phrases.targets[t].item];

			if (item->role == BRIM_ITEM_WORD)
				lexicon->is_word[p] |= (unsigned char) lexicon->terms[item->term].sources;
		}
	}
	if (lexicon->phrases.npatterns == 0)
		return true;
	lexicon->automaton = brim_automaton_build(lexicon->phrases.patterns, lexicon->phrases.npatterns,
											  &lexicon->arena);
	return lexicon->automaton != NULL || brim_lexicon_no_memory(compiler);
}

/* Find room for all there is, having checked that it is not too much. */
static bool
allocate(BrimLexiconCompiler *compiler)
{
	const BrimLexiconDef *def = compiler->def;
	BrimLexicon          *lexicon = compiler->lexicon;
	int64_t               phrases = def->ncues;

	for (int i = 0; i < def->nterms; i++)
		phrases += (int64_t) def->terms[i].nwords + def->terms[i].nnear + def->terms[i].nunless;
	if (def->nclasses > BRIM_LEXICON_CLASSES_MAX || def->nterms > BRIM_LEXICON_TERMS_MAX ||
		phrases > BRIM_LEXICON_PHRASES_MAX)
	{
		brim_error_set(compiler->error,
					   "a lexicon may have at most %d classes, %d terms and %d phrases",
					   BRIM_LEXICON_CLASSES_MAX, BRIM_LEXICON_TERMS_MAX, BRIM_LEXICON_PHRASES_MAX);
		return false;
	}
	lexicon->classes = brim_arena_alloc(&lexicon->arena, (size_t) def->nclasses, sizeof(BrimClass));
	lexicon->terms = brim_arena_alloc(&lexicon->arena, (size_t) def->nterms, sizeof(BrimTerm));
	lexicon->items = brim_arena_alloc(&lexicon->arena, (size_t) phrases, sizeof(BrimItem));
	compiler->keywords =
		brim_mem_alloc(lexicon->arena.mem, ((size_t) phrases + 1) * sizeof(BrimKeyword));
	if (lexicon->classes == NULL || lexicon->terms == NULL || lexicon->items == NULL ||
		compiler->keywords == NULL)
		return brim_lexicon_no_memory(compiler);
	return true;
}

static bool
compile(BrimLexiconCompiler *compiler)
{
	if (!allocate(compiler) || !compile_classes(compiler))
		return false;
	for (int i = 0; i < compiler->def->nterms; i++)
	{
		if (!compile_term(compiler, &compiler->def->terms[i]))
			return false;
	}
	for (int i = 0; i < compiler->def->ncues; i++)
	{
		if (!compile_cue(compiler, &compiler->def->cues[i]))
			return false;
	}
	return compile_phrases(compiler);
}

BrimLexicon *
brim_lexicon_compile(const BrimLexiconDef *def, const BrimFold *fold, BrimMem *mem,
					 BrimError *error)
{
	BrimLexiconCompiler compiler;
	BrimArena           arena;
	bool                done = false;

	memset(&compiler, 0, sizeof(compiler));
	compiler.def = def;
	compiler.fold = fold;
	compiler.error = error;
	brim_arena_init(&arena, mem);
	brim_intent_text_init(&compiler.folded, mem);
	brim_buf_init(&compiler.pattern, mem, 16 * BRIM_LEXICON_PHRASE_LEN_MAX);
	compiler.lexicon = brim_arena_alloc(&arena, 1, sizeof(BrimLexicon));
	if (compiler.lexicon != NULL)
	{
		compiler.lexicon->arena = arena;
		done = compile(&compiler);
		arena = compiler.lexicon->arena;
	}
	else
		brim_lexicon_no_memory(&compiler);
	brim_mem_free(mem, compiler.keywords);
	brim_buf_free(&compiler.pattern);
	brim_intent_text_free(&compiler.folded);
	if (!done)
		brim_arena_free(&arena);
	return done ? compiler.lexicon : NULL;
}

void
brim_lexicon_free(BrimLexicon *lexicon)
{
	if (lexicon != NULL)
	{
		BrimArena arena = lexicon->arena; /* the lexicon lives in it */

		brim_arena_free(&arena);
	}
}

int
brim_lexicon_class(const BrimLexicon *lexicon, BrimStr name)
{
	for (int i = 0; i < lexicon->nclasses; i++)
	{
		if (brim_str_equal(lexicon->classes[i].name, name))
			return i;
	}
	return -1;
}
