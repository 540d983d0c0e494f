/*-------------------------------------------------------------------------
 *
 * lexicon.c
 *	  From the rows of a lexicon to a form that finds fast; see lexicon.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/lexicon.h"

#include <stdint.h>
#include <string.h>

#include "core/intent_text.h"
#include "core/text.h"

#define WORD_EDGE 0xFF /* of core/automaton: where a word begins or ends */

/* A phrase as written, and where it stands. */
typedef struct Place
{
	const BrimTermDef *term; /* NULL: a cue */
	const BrimCueDef  *cue;
	const char        *field;
} Place;

typedef struct Compiler
{
	const BrimLexiconDef *def;
	const BrimFold       *fold;
	BrimLexicon          *lexicon;
	BrimKeyword          *keywords;
	int                   nkeywords;
	size_t                bytes;
	BrimFoldedText        folded;
	BrimBuf               pattern;
	BrimError            *error;
} Compiler;

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

static BrimPlaceholder
placeholder_named(BrimStr text)
{
	static const char *const names[] = {"",         "{money}",   "{number}", "{percent}",
										"{people}", "{company}", "{name}"};

	for (int i = BRIM_PLACEHOLDER_MONEY; i <= BRIM_PLACEHOLDER_NAME; i++)
	{
		if (brim_str_equal(text, brim_str(names[i])))
			return (BrimPlaceholder) i;
	}
	return BRIM_PLACEHOLDER_NONE;
}

/* Cut the placeholder off a phrase that ends with one. */
static BrimStr
without_placeholder(BrimStr phrase, BrimPlaceholder *placeholder)
{
	BrimStr tail = phrase;

	if (phrase.data[phrase.len - 1] != '}')
		return phrase;
	while (tail.len > 0 && tail.data[0] != '{')
	{
		tail.data++;
		tail.len--;
	}
	*placeholder = placeholder_named(tail);
	if (*placeholder == BRIM_PLACEHOLDER_NONE)
		return phrase;
	phrase.len -= tail.len;
	while (phrase.len > 0 && phrase.data[phrase.len - 1] == ' ')
		phrase.len--;
	return phrase;
}

/* Say what is wrong with a phrase; always false. */
static bool
bad_phrase(Compiler *compiler, const Place *place, BrimStr phrase, const char *what)
{
	int shown = phrase.len < 60 ? (int) phrase.len : 60;

	while (shown > 0 && shown < (int) phrase.len &&
		   ((unsigned char) phrase.data[shown] & 0xC0) == 0x80)
		shown--;
	if (place->term != NULL)
		brim_error_set(compiler->error, "term %d of class \"%.*s\", field %s, phrase \"%.*s\": %s",
					   place->term->term_no, (int) place->term->class_name.len,
					   place->term->class_name.data, place->field, shown, phrase.data, what);
	else
		brim_error_set(compiler->error, "cue of kind \"%.*s\", phrase \"%.*s\": %s",
					   (int) place->cue->kind.len, place->cue->kind.data, shown, phrase.data, what);
	return false;
}

static bool
out_of_memory(Compiler *compiler)
{
	brim_error_set(compiler->error, "out of memory");
	return false;
}

/* Read the sign of direction and distance in front of a phrase; how many bytes it takes. */
static size_t
read_distance(BrimStr phrase, BrimItem *item, bool *is_wrong)
{
	char   sign = phrase.data[0];
	size_t n = 1;
	int    distance = -1;

	*is_wrong = false;
	item->before = item->after = BRIM_LEXICON_DISTANCE;
	if (sign == '^')
	{
		item->before = item->after = INT32_MAX / 2;
		return 1;
	}
	if (sign != '<' && sign != '>' && sign != '~')
		return 0;
	for (; n < phrase.len && phrase.data[n] >= '0' && phrase.data[n] <= '9' && n < 4; n++)
		distance = (distance < 0 ? 0 : distance * 10) + (phrase.data[n] - '0');
	if (distance > BRIM_LEXICON_DISTANCE_MAX)
		*is_wrong = true;
	if (distance < 0)
		distance = BRIM_LEXICON_DISTANCE;
	item->before = sign == '>' ? -1 : distance;
	item->after = sign == '<' ? -1 : distance;
	return n;
}

static int
count_words(BrimStr text)
{
	BrimCharClass before = BRIM_CHAR_OTHER;
	int           count = 0;

	for (size_t at = 0, n; at < text.len; at += n)
	{
		BrimCharClass class = brim_text_next(text.data + at, text.len - at, &n);

		if (class == BRIM_CHAR_ALONE || (class == BRIM_CHAR_WORD && before != BRIM_CHAR_WORD))
			count++;
		before = class;
	}
	return count;
}

/* Make the stream of a phrase in compiler->pattern. */
static bool
make_pattern(Compiler *compiler, const Place *place, BrimStr phrase, BrimItem *item, bool goes_on)
{
	BrimBuf *pattern = &compiler->pattern;

	if (!brim_intent_text_fold(&compiler->folded, compiler->fold, item->written))
		return out_of_memory(compiler);
	brim_buf_clear(pattern);
	if (!brim_automaton_pattern(compiler->folded.text, pattern))
		return pattern->failed ? out_of_memory(compiler)
							   : bad_phrase(compiler, place, phrase, "nothing but white space");
	if ((unsigned char) pattern->data[0] != WORD_EDGE)
		return bad_phrase(compiler, place, phrase, "must begin with a letter or digit");
	if (goes_on)
	{
		if ((unsigned char) pattern->data[pattern->len - 1] != WORD_EDGE)
			return bad_phrase(compiler, place, phrase, "\"*\" must follow a letter or digit");
		pattern->len--;
	}
	item->nwords = count_words(compiler->folded.text);
	if (item->nwords > BRIM_LEXICON_PHRASE_WORDS_MAX)
		return bad_phrase(compiler, place, phrase, "has too many words");
	return true;
}

/* Compile a phrase into the item that comes next. */
static bool
add_phrase(Compiler *compiler, const Place *place, BrimItemRole role, int owner, BrimStr phrase)
{
	BrimLexicon *lexicon = compiler->lexicon;
	BrimItem    *item = &lexicon->items[lexicon->nitems];
	BrimStr      rest = phrase;
	bool         goes_on = false;
	bool         is_wrong = false;

	item->role = role;
	item->term = owner;
	if (phrase.data == NULL || phrase.len == 0)
		return bad_phrase(compiler, place, brim_str(""), "is empty");
	if (phrase.len > BRIM_LEXICON_PHRASE_LEN_MAX)
		return bad_phrase(compiler, place, phrase, "is too long");
	compiler->bytes += phrase.len;
	if (compiler->bytes > BRIM_LEXICON_PHRASE_BYTES_MAX)
		return bad_phrase(compiler, place, phrase, "the phrases together are too long");
	if (role == BRIM_ITEM_NEAR || role == BRIM_ITEM_UNLESS)
	{
		size_t n = read_distance(rest, item, &is_wrong);

		if (is_wrong)
			return bad_phrase(compiler, place, phrase, "the distance must be at most 40 words");
		rest.data += n;
		rest.len -= n;
		if (rest.len == 0)
			return bad_phrase(compiler, place, phrase, "is nothing but a sign");
		item->placeholder = placeholder_named(rest);
		if (item->placeholder != BRIM_PLACEHOLDER_NONE)
		{
			BrimTerm *term = &lexicon->terms[owner];

			term->placeholders[term->nplaceholders++] = lexicon->nitems++;
			return true;
		}
	}
	if (role != BRIM_ITEM_CUE && rest.len > 0)
		rest = without_placeholder(rest, &item->placeholder);
	if (rest.len > 0 && rest.data[0] == '=')
	{
		item->is_exact = true;
		rest.data++;
		rest.len--;
	}
	if (rest.len > 0 && rest.data[rest.len - 1] == '*')
	{
		goes_on = true;
		rest.len--;
	}
	if (memchr(rest.data, '*', rest.len) != NULL)
		return bad_phrase(compiler, place, phrase, "\"*\" must stand at the end");
	if (memchr(rest.data, '{', rest.len) != NULL)
		return bad_phrase(compiler, place, phrase,
						  "there is no such {placeholder}, or it does not stand at the end");
	item->written = brim_arena_copy(&lexicon->arena, rest);
	if (item->written.data == NULL)
		return out_of_memory(compiler);
	if (!make_pattern(compiler, place, phrase, item, goes_on))
		return false;

	compiler->keywords[compiler->nkeywords].pattern =
		brim_arena_copy(&lexicon->arena, brim_buf_str(&compiler->pattern));
	if (compiler->keywords[compiler->nkeywords].pattern.data == NULL)
		return out_of_memory(compiler);
	compiler->keywords[compiler->nkeywords].target.rule = lexicon->nitems;
	compiler->keywords[compiler->nkeywords].target.keyword = 0;
	compiler->nkeywords++;
	lexicon->nitems++;
	return true;
}

static bool
add_phrases(Compiler *compiler, Place *place, BrimItemRole role, int owner, const BrimStr *phrases,
			int count)
{
	static const char *const fields[] = {"words", "near", "unless"};

	place->field = fields[role];
	for (int i = 0; i < count; i++)
	{
		if (!add_phrase(compiler, place, role, owner, phrases[i]))
			return false;
	}
	return true;
}

/* Copy the classes in the order of their names, and check them. */
static bool
compile_classes(Compiler *compiler)
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
			return out_of_memory(compiler);
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
compile_term(Compiler *compiler, const BrimTermDef *from)
{
	BrimLexicon *lexicon = compiler->lexicon;
	int          number = lexicon->nterms++;
	BrimTerm    *term = &lexicon->terms[number];
	Place        place = {from, NULL, NULL};

	term->class_no = brim_lexicon_class(lexicon, from->class_name);
	term->sources = from->sources;
	term->has_near = from->nnear > 0;
	term->placeholders =
		brim_arena_alloc(&lexicon->arena, (size_t) (from->nnear + from->nunless), sizeof(int));
	if (term->placeholders == NULL)
		return out_of_memory(compiler);
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
compile_cue(Compiler *compiler, const BrimCueDef *from)
{
	Place place = {NULL, from, NULL};
	int   kind = brim_lexicon_cue_kind(from->kind);

	if (kind < 0)
	{
		brim_error_set(compiler->error, "cue \"%.*s\": there is no kind \"%.*s\"",
					   (int) (from->phrase.len < 60 ? from->phrase.len : 60), from->phrase.data,
					   (int) from->kind.len, from->kind.data);
		return false;
	}
	return add_phrase(compiler, &place, BRIM_ITEM_CUE, kind, from->phrase);
}

/* Build the automaton over all phrases. */
static bool
compile_phrases(Compiler *compiler)
{
	BrimLexicon *lexicon = compiler->lexicon;

	if (!brim_keywords_build(&lexicon->phrases, compiler->keywords, compiler->nkeywords,
							 &lexicon->arena))
		return out_of_memory(compiler);
	lexicon->is_word =
		brim_arena_alloc(&lexicon->arena, (size_t) lexicon->phrases.npatterns + 1, 1);
	if (lexicon->is_word == NULL)
		return out_of_memory(compiler);
	for (int p = 0; p < lexicon->phrases.npatterns; p++)
	{
		for (int t = lexicon->phrases.first[p]; t < lexicon->phrases.first[p + 1]; t++)
		{
			const BrimItem *item = &lexicon->items[lexicon->phrases.targets[t].rule];

			if (item->role == BRIM_ITEM_WORD)
				lexicon->is_word[p] |= (unsigned char) lexicon->terms[item->term].sources;
		}
	}
	if (lexicon->phrases.npatterns == 0)
		return true;
	lexicon->automaton = brim_automaton_build(lexicon->phrases.patterns, lexicon->phrases.npatterns,
											  &lexicon->arena);
	return lexicon->automaton != NULL || out_of_memory(compiler);
}

/* Find room for all there is, having checked that it is not too much. */
static bool
allocate(Compiler *compiler)
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
		return out_of_memory(compiler);
	return true;
}

static bool
compile(Compiler *compiler)
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
	Compiler  compiler;
	BrimArena arena;
	bool      done = false;

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
		out_of_memory(&compiler);
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
