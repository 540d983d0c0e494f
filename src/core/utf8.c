/*-------------------------------------------------------------------------
 *
 * utf8.c
 *	  What may be shown; see utf8.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/utf8.h"

#include "core/text.h"

size_t
brim_utf8_length(const char *data, size_t len)
{
	uint32_t	codepoint;

	return (size_t) brim_text_decode(data, len, &codepoint);
}

bool
brim_utf8_is_control(const char *data, size_t len)
{
	uint32_t	codepoint;

	if (brim_text_decode(data, len, &codepoint) == 0)
		return false;
	return codepoint < 0x20 || (codepoint >= 0x7F && codepoint < 0xA0) ||
		codepoint == 0x2028 || codepoint == 0x2029;
}
