/*-------------------------------------------------------------------------
 *
 * text.h
 *	  UTF-8 characters: decode, tell words from what lies between.
 *
 * A word is a run of letters, digits and marks.  Scripts that write words
 * without a gap (Chinese, Japanese, Thai, Lao, Khmer, Burmese) have no such
 * runs; there every character counts as a word of its own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_TEXT_H
#define BRIM_CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/buf.h"

typedef enum BrimCharClass
{
	BRIM_CHAR_OTHER = 0, /* punctuation, symbols, controls */
	BRIM_CHAR_SPACE,     /* white space, line ends among it */
	BRIM_CHAR_WORD,      /* part of a word */
	BRIM_CHAR_ALONE      /* a word of its own */
} BrimCharClass;

/* Decode the character at data[0]; its length 1..4, or 0 where it is not valid UTF-8. */
extern int brim_text_decode(const char *data, size_t len, uint32_t *codepoint);

/* The BrimCharClass of each ASCII character; of any other byte BRIM_CHAR_OTHER. */
extern const unsigned char brim_text_ascii_class[256];

/* The class of the character at data[0] and its length; an invalid byte is OTHER, length 1. */
extern BrimCharClass brim_text_next(const char *data, size_t len, size_t *char_len);

static inline bool
brim_text_is_ascii(BrimStr text)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t       bits = 0;
	uint64_t       bytes;

	if (text.len < sizeof(bytes))
	{
		for (size_t i = 0; i < text.len; i++)
			bits |= (unsigned char) text.data[i];
		return (bits & 0x80) == 0;
	}
	for (size_t at = 0; at < text.len - sizeof(bytes); at += sizeof(bytes))
	{
		memcpy(&bytes, text.data + at, sizeof(bytes));
		bits |= bytes;
		if (at % 64 == 0 && (bits & high) != 0)
			return false;
	}
	/* the last eight bytes, some of which may have been read before */
	memcpy(&bytes, text.data + text.len - sizeof(bytes), sizeof(bytes));
	return ((bits | bytes) & high) == 0;
}

static inline unsigned char
brim_text_lower_byte(unsigned char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (unsigned char) (byte + ('a' - 'A')) : byte;
}

/* Copy len bytes, ASCII capitals lowered. */
extern void brim_text_lower_ascii(char *to, const char *from, size_t len);

#endif /* BRIM_CORE_BASE_TEXT_H */
