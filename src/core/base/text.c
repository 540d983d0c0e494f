/*-------------------------------------------------------------------------
 *
 * text.c
 *	  UTF-8 characters; see text.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/text.h"

#include <string.h>

#include "core/base/unicode_words.h"
#include "core/base/utf8.h"

/* Letters of scripts that leave no gap between words, in rising order. */
static const uint32_t alone_ranges[][2] = {
	{0x0E00, 0x0EFF},   /* Thai, Lao */
	{0x1000, 0x109F},   /* Burmese */
	{0x1780, 0x17FF},   /* Khmer */
	{0x3005, 0x3007},   /* ideographic iteration mark, closing mark, zero */
	{0x3031, 0x31FF},   /* Hiragana, Katakana, Bopomofo */
	{0x3400, 0x9FFF},   /* Han */
	{0xA9E0, 0xA9FF},   /* Burmese, extended */
	{0xAA60, 0xAA7F},   /* Burmese, extended */
	{0xF900, 0xFAFF},   /* Han, compatibility */
	{0xFF66, 0xFF9F},   /* Katakana, half width */
	{0x1AFF0, 0x1B16F}, /* Kana, extended */
	{0x20000, 0x3FFFF}, /* Han, extensions */
};

const unsigned char brim_text_ascii_class[256] = {
	['\t'] = BRIM_CHAR_SPACE,       ['\n'] = BRIM_CHAR_SPACE,       ['\v'] = BRIM_CHAR_SPACE,
	['\f'] = BRIM_CHAR_SPACE,       ['\r'] = BRIM_CHAR_SPACE,       [' '] = BRIM_CHAR_SPACE,
	['0' ... '9'] = BRIM_CHAR_WORD, ['A' ... 'Z'] = BRIM_CHAR_WORD, ['a' ... 'z'] = BRIM_CHAR_WORD,
};

int
brim_text_decode(const char *data, size_t len, uint32_t *codepoint)
{
	const unsigned char *p = (const unsigned char *) data;
	size_t               n = brim_utf8_length(data, len);

	if (n == 0)
		return 0;
	*codepoint = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++)
		*codepoint = (*codepoint << 6) | (p[i] & 0x3F);
	return (int) n;
}

/* Return true if the code point is in one of the ranges, which are in rising order. */
static bool
in_ranges(uint32_t codepoint, const uint32_t (*ranges)[2], size_t count)
{
	size_t low = 0;
	size_t high = count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (codepoint > ranges[middle][1])
			low = middle + 1;
		else if (codepoint < ranges[middle][0])
			high = middle;
		else
			return true;
	}
	return false;
}

/* The class of a character above ASCII or in it. */
static BrimCharClass
class_of(uint32_t codepoint)
{
	if (codepoint < 0x80)
		return (BrimCharClass) brim_text_ascii_class[codepoint];
	switch (codepoint)
	{
		case 0x0085:
		case 0x00A0:
		case 0x1680:
		case 0x2028:
		case 0x2029:
		case 0x202F:
		case 0x205F:
		case 0x3000:
			return BRIM_CHAR_SPACE;
		default:
			break;
	}
	if (codepoint >= 0x2000 && codepoint <= 0x200A)
		return BRIM_CHAR_SPACE;
	if (!in_ranges(codepoint, unicode_words, sizeof(unicode_words) / sizeof(unicode_words[0])))
		return BRIM_CHAR_OTHER;
	if (in_ranges(codepoint, alone_ranges, sizeof(alone_ranges) / sizeof(alone_ranges[0])))
		return BRIM_CHAR_ALONE;
	return BRIM_CHAR_WORD;
}

BrimCharClass
brim_text_next(const char *data, size_t len, size_t *char_len)
{
	uint32_t codepoint;
	int      n;

	if ((unsigned char) data[0] < 0x80)
	{
		*char_len = 1;
		return (BrimCharClass) brim_text_ascii_class[(unsigned char) data[0]];
	}
	n = brim_text_decode(data, len, &codepoint);
	*char_len = n > 0 ? (size_t) n : 1;
	return n > 0 ? class_of(codepoint) : BRIM_CHAR_OTHER;
}

void
brim_text_lower_ascii(char *to, const char *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (char) brim_text_lower_byte((unsigned char) from[i]);
}
