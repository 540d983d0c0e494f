/*-------------------------------------------------------------------------
 *
 * test_text.c
 *	  Promises of core/text: characters and their classes.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "core/base/text.h"

/* The class of a character, by way of UTF-8. */
static BrimCharClass
class_of(uint32_t codepoint)
{
	char   utf8[4];
	size_t len = codepoint < 0x80 ? 1 : codepoint < 0x800 ? 2 : codepoint < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; codepoint >>= 6)
		utf8[i] = (char) (0x80 | (codepoint & 0x3F));
	utf8[0] = (char) (len == 1 ? codepoint : (0xF00u >> len & 0xFF) | codepoint);
	return brim_text_next(utf8, len, &len);
}

static void
check_decode(const char *bytes, int len, uint32_t codepoint, const char *what)
{
	uint32_t got = 0;
	int      n = brim_text_decode(bytes, strlen(bytes), &got);

	unit_ok(n == len && (n == 0 || got == codepoint), "%s: length %d, U+%04X", what, n, got);
}

int
main(void)
{
	char   lower[8] = {0};
	size_t n;

	check_decode("A", 1, 'A', "an ASCII letter");
	check_decode("\xC3\xA4", 2, 0xE4, "two bytes");
	check_decode("\xE9\x81\x8B", 3, 0x904B, "three bytes");
	check_decode("\xF0\x9F\x9A\x80", 4, 0x1F680, "four bytes");
	check_decode("\xC3", 0, 0, "cut short");
	check_decode("\xC0\x80", 0, 0, "overlong, two bytes");
	check_decode("\xE0\x80\x80", 0, 0, "overlong, three bytes");
	check_decode("\xED\xA0\x80", 0, 0, "a surrogate");
	check_decode("\xF4\x90\x80\x80", 0, 0, "above U+10FFFF");
	check_decode("\x80", 0, 0, "a tail alone");

	unit_is_int(class_of('z'), BRIM_CHAR_WORD, "letters belong to words");
	unit_is_int(class_of('7'), BRIM_CHAR_WORD, "digits belong to words");
	unit_is_int(class_of('_'), BRIM_CHAR_OTHER, "the underscore lies between words");
	unit_is_int(class_of('-'), BRIM_CHAR_OTHER, "the hyphen lies between words");
	unit_is_int(class_of('\n'), BRIM_CHAR_SPACE, "a line end is white space");
	unit_is_int(class_of(0xA0), BRIM_CHAR_SPACE, "a no-break space is white space");
	unit_is_int(class_of(0x3000), BRIM_CHAR_SPACE, "an ideographic space is white space");
	unit_is_int(class_of(0xE4), BRIM_CHAR_WORD, "an umlaut is a letter");
	unit_is_int(class_of(0x0301), BRIM_CHAR_WORD, "a combining accent belongs to the word");
	unit_is_int(class_of(0x0416), BRIM_CHAR_WORD, "Cyrillic letters are letters");
	unit_is_int(class_of(0x0661), BRIM_CHAR_WORD, "Arabic digits are digits");
	unit_is_int(class_of(0x00D7), BRIM_CHAR_OTHER, "the multiplication sign is no letter");
	unit_is_int(class_of(0x2014), BRIM_CHAR_OTHER, "a dash is no letter");
	unit_is_int(class_of(0x904B), BRIM_CHAR_ALONE, "a Han character is a word of its own");
	unit_is_int(class_of(0x3042), BRIM_CHAR_ALONE, "so is a Kana");
	unit_is_int(class_of(0x3001), BRIM_CHAR_OTHER, "an ideographic comma is not");
	unit_is_int(class_of(0xAC00), BRIM_CHAR_WORD, "Korean is written with gaps");
	unit_is_int(brim_text_next("\xFFz", 2, &n), BRIM_CHAR_OTHER, "an invalid byte is no letter");
	unit_is_int(n, 1, "and one byte long");

	unit_ok(brim_text_is_ascii(brim_str("just plain words, more than eight")), "ASCII is seen");
	unit_ok(!brim_text_is_ascii(brim_str("eight by\xC3\xA4")),
			"non-ASCII behind eight bytes is seen");
	unit_ok(!brim_text_is_ascii(brim_str("\xC3\xA4 and eight more bytes")), "and within them");
	unit_ok(brim_text_is_ascii(brim_str("")), "nothing is ASCII");
	brim_text_lower_ascii(lower, "aI@[Z\xC3\x84", 7);
	unit_is_text(lower, "ai@[z\xC3\x84", "ASCII capitals are lowered, nothing else");
	return unit_done();
}
