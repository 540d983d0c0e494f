/*-------------------------------------------------------------------------
 *
 * text.c
 *	  A text as it is searched for events; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/intent/internal.h"

#include <string.h>

#include "core/base/base.h"

#define RUNS_MAX (1 << 28)
#define FOLDED_MAX ((size_t) 3 << 30) /* a folded letter is at most three times as long */

void
brim_intent_text_init(BrimFoldedText *folded, BrimMem *mem)
{
	memset(folded, 0, sizeof(*folded));
	folded->mem = mem;
	brim_buf_init(&folded->buf, mem, FOLDED_MAX);
}

void
brim_intent_text_free(BrimFoldedText *folded)
{
	brim_buf_free(&folded->buf);
	brim_mem_free(folded->mem, folded->runs);
	folded->runs = NULL;
	folded->room = 0;
	folded->nruns = 0;
}

/* Append what stands for a run of the given text, and remember it where its length differs. */
static bool
append_run(BrimFoldedText *folded, size_t given_at, size_t given_len, BrimStr instead)
{
	BrimFoldedRun *run;

	if (instead.len != given_len)
	{
		if (!BRIM_GROW(folded->mem, folded->runs, folded->nruns, folded->room, RUNS_MAX))
			return false;
		run = &folded->runs[folded->nruns++];
		run->at = folded->buf.len;
		run->len = instead.len;
		run->given_at = given_at;
		run->given_len = given_len;
	}
	return brim_buf_append_str(&folded->buf, instead);
}

/* Fold a word and append it. */
static bool
append_word(BrimFoldedText *folded, const BrimFold *fold, size_t from, size_t to)
{
	BrimStr given = {folded->given.data + from, to - from};
	BrimStr word = given;
	char    small[256];

	if (fold == NULL)
		return brim_buf_append_str(&folded->buf, given);
	if (given.len <= sizeof(small))
	{
		brim_text_lower_ascii(small, given.data, given.len);
		word.data = small;
	}
	if (!fold->fold(fold->state, word, &word))
		return false;
	return append_run(folded, from, given.len, word);
}

/* What ASCII has for a sign of U+2000 .. U+203F; NULL: nothing. */
static const char *
ascii_sign(const char *sign)
{
	if ((unsigned char) sign[0] != 0xE2 || (unsigned char) sign[1] != 0x80)
		return NULL;
	switch ((unsigned char) sign[2])
	{
		case 0x90:
		case 0x91:
			return "-";
		case 0x98:
		case 0x99:
			return "'";
		case 0x9C:
		case 0x9D:
			return "\"";
		default:
			return NULL;
	}
}

bool
brim_intent_text_fold(BrimFoldedText *folded, const BrimFold *fold, BrimStr text)
{
	size_t at = 0;

	folded->given = text;
	folded->text = text;
	folded->nruns = 0;
	if (brim_text_is_ascii(text))
		return true;
	brim_buf_clear(&folded->buf);
	while (at < text.len)
	{
		size_t start = at;
		size_t n = 1;
		bool   has_high = false;

		/* A word, bytes that are no UTF-8 among it */
		for (; at < text.len; at += n)
		{
			BrimCharClass class = brim_text_next(text.data + at, text.len - at, &n);
			bool is_high = (unsigned char) text.data[at] >= 0x80;

			if (class != BRIM_CHAR_WORD && class != BRIM_CHAR_ALONE && !(is_high && n == 1))
				break;
			has_high |= is_high;
		}
		if (has_high && !append_word(folded, fold, start, at))
			return false;
		if (!has_high && !brim_buf_append(&folded->buf, text.data + start, at - start))
			return false;
		if (at < text.len)
		{
			const char *sign = n == 3 ? ascii_sign(text.data + at) : NULL;

			if (sign != NULL && !append_run(folded, at, n, brim_str(sign)))
				return false;
			if (sign == NULL && !brim_buf_append(&folded->buf, text.data + at, n))
				return false;
			at += n;
		}
	}
	folded->text = brim_buf_str(&folded->buf);
	return true;
}

/* The last run that begins before a place, or at it; NULL: none. */
static const BrimFoldedRun *
run_before(const BrimFoldedText *folded, size_t at)
{
	int low = 0;
	int high = folded->nruns;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (folded->runs[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &folded->runs[low - 1] : NULL;
}

size_t
brim_intent_text_start(const BrimFoldedText *folded, size_t at)
{
	const BrimFoldedRun *run = run_before(folded, at);

	if (run == NULL)
		return at;
	if (at < run->at + run->len)
		return run->given_at;
	return run->given_at + run->given_len + (at - run->at - run->len);
}

size_t
brim_intent_text_end(const BrimFoldedText *folded, size_t at)
{
	const BrimFoldedRun *run = at > 0 ? run_before(folded, at - 1) : NULL;

	if (run == NULL)
		return at;
	if (at <= run->at + run->len)
		return run->given_at + run->given_len;
	return run->given_at + run->given_len + (at - run->at - run->len);
}
