/*-------------------------------------------------------------------------
 *
 * fold.c
 *	  Bring texts into the form they are compared in; see fold.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/match/fold.h"

#include "core/base/base.h"

bool
brim_fold(const BrimFold *fold, BrimStr text, BrimBuf *out)
{
	BrimStr folded;

	brim_buf_clear(out);
	if (!brim_buf_append_str(out, text))
		return false;
	brim_text_lower_ascii(out->data, out->data, out->len);
	if (fold == NULL || brim_text_is_ascii(text))
		return true;
	if (!fold->fold(fold->state, brim_buf_str(out), &folded))
		return false;
	brim_buf_clear(out);
	return brim_buf_append_str(out, folded);
}

bool
brim_fold_stems(const BrimFold *fold, BrimStr language, BrimStr text, BrimBuf *work, BrimBuf *out)
{
	size_t at = 0;

	brim_buf_clear(out);
	if (!brim_fold(fold, text, work))
		return false;
	while (at < work->len)
	{
		BrimStr word = {work->data + at, 0};
		BrimStr stem;
		size_t  n = 0;

		while (at < work->len &&
			   brim_text_next(work->data + at, work->len - at, &n) == BRIM_CHAR_WORD)
			at += n;
		word.len = (size_t) (work->data + at - word.data);
		if (word.len == 0)
		{
			brim_buf_append(out, work->data + at, n);
			at += n;
			continue;
		}
		stem = word;
		if (fold != NULL && fold->stem != NULL && !fold->stem(fold->state, language, word, &stem))
			return false;
		brim_buf_append_str(out, stem);
	}
	return !out->failed;
}
