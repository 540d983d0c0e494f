/*-------------------------------------------------------------------------
 *
 * utf8.c
 *	  Checks of UTF-8; see utf8.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/base/utf8.h"

size_t
brim_utf8_length(const char *data, size_t len)
{
	const unsigned char *s = (const unsigned char *) data;
	unsigned char        low = 0x80;
	unsigned char        high = 0xBF;
	size_t               n;

	if (len == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xC2 || s[0] > 0xF4)
		return 0;
	n = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
	if (s[0] == 0xE0)
		low = 0xA0; /* overlong below */
	else if (s[0] == 0xED)
		high = 0x9F; /* surrogates above */
	else if (s[0] == 0xF0)
		low = 0x90; /* overlong below */
	else if (s[0] == 0xF4)
		high = 0x8F; /* U+10FFFF */
	if (len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
	{
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	}
	return n;
}

bool
brim_utf8_is_control(const char *data, size_t len)
{
	const unsigned char *s = (const unsigned char *) data;

	if (len == 1)
		return s[0] < 0x20 || s[0] == 0x7F;
	if (len == 2)
		return s[0] == 0xC2 && s[1] < 0xA0;
	return len == 3 && s[0] == 0xE2 && s[1] == 0x80 && (s[2] == 0xA8 || s[2] == 0xA9);
}

bool
brim_utf8_valid(BrimStr text)
{
	size_t done = 0;

	while (done < text.len)
	{
		size_t len = brim_utf8_length(text.data + done, text.len - done);

		if (len == 0)
			return false;
		done += len;
	}
	return true;
}
