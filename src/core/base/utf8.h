/*-------------------------------------------------------------------------
 *
 * utf8.h
 *	  Is this UTF-8, and may it be shown?
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_BASE_UTF8_H
#define BRIM_CORE_BASE_UTF8_H

#include "core/base/buf.h"

/*
 * Bytes of the character that data begins with, 1..4, or 0 when that is no
 * valid UTF-8 (cut short, overlong, a surrogate, above U+10FFFF).
 */
extern size_t brim_utf8_length(const char *data, size_t len);

/*
 * Return true if this valid character of len bytes is a control character (C0, DEL, C1) or
 * one of Unicode's line and paragraph separators?
 */
extern bool brim_utf8_is_control(const char *data, size_t len);

/* Return true if the whole text is valid UTF-8. */
extern bool brim_utf8_valid(BrimStr text);

#endif /* BRIM_CORE_BASE_UTF8_H */
