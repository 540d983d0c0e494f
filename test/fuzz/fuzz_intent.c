/*-------------------------------------------------------------------------
 *
 * fuzz_intent.c
 *	  Any text gives events that lie in it; any phrase compiles or is refused.
 *
 * Input: a phrase, a company and the source, a line each; the text.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/intent/intent.h"
#include "intent/lexicon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static BrimLexicon    *lexicon;
static BrimIntentScan *scan;

/* Not a real fold: what it does to lengths is what matters. */
static bool
fold_oddly(void *state, BrimStr text, BrimStr *folded)
{
	static char out[4096];
	size_t      n = 0;

	(void) state;
	for (size_t i = 0; i < text.len && n + 2 < sizeof(out); i++)
	{
		if ((unsigned char) text.data[i] % 5 == 0)
			out[n++] = text.data[i];
		if ((unsigned char) text.data[i] % 7 != 0)
			out[n++] = text.data[i];
	}
	folded->data = out;
	folded->len = n;
	return true;
}

static const BrimFold fold = {.fold = fold_oddly};

/* Take a line off the input. */
static BrimStr
next_line(BrimStr *input)
{
	const char *newline = input->len > 0 ? memchr(input->data, '\n', input->len) : NULL;
	BrimStr line = {input->data, newline == NULL ? input->len : (size_t) (newline - input->data)};
	size_t  taken = line.len + (newline != NULL);

	input->data += taken;
	input->len -= taken;
	return line;
}

/* A phrase in each field of a term compiles, or is refused with a reason. */
static void
try_phrase(BrimStr phrase)
{
	BrimClassDef class = {brim_str("c"), 0, 1, 0};
	BrimStr        word = brim_str("word");
	BrimTermDef    term = {brim_str("c"), 1, BRIM_INTENT_ANY, 1, &word, 1, &phrase, 1, &phrase};
	BrimCueDef     cue = {brim_str("hedge"), phrase};
	BrimLexiconDef def = {1, &class, 1, &term, 0, &cue};
	BrimError      error = {""};
	BrimLexicon   *tried;

	for (int i = 0; i < 3; i++)
	{
		tried = brim_lexicon_compile(&def, &fold, brim_mem_malloc(), &error);
		if (tried == NULL && error.message[0] == '\0')
			abort();
		brim_lexicon_free(tried);
		if (i == 0)
			term.words = &phrase;
		else
			def.ncues = 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BrimStr   input = {(const char *) data, size};
	BrimStr   company;
	BrimStr   source;
	BrimError error;
	size_t    before = 0;
	int       day;

	if (lexicon == NULL)
	{
		lexicon = lexicon_for_tests(NULL, brim_mem_malloc(), &error);
		scan = lexicon == NULL ? NULL : brim_intent_create(lexicon, &fold, brim_mem_malloc());
		if (scan == NULL)
			abort();
	}
	try_phrase(next_line(&input));
	company = next_line(&input);
	source = next_line(&input);
	(void) brim_intent_date(input, &day);
	if (!brim_intent_run(scan, input, company, source.len % 4))
		abort();
	for (int i = 0; i < scan->nsignals; i++)
	{
		const BrimIntentSignal *hit = &scan->signals[i];

		if (hit->start < before || hit->len == 0 || hit->start + hit->len > input.len ||
			hit->class_no < 0 || hit->class_no >= lexicon->nclasses || hit->people < 0 ||
			(hit->has_amount && (hit->amount < 0 || hit->currency.data == NULL)))
			abort();
		before = hit->start;
	}
	return 0;
}
