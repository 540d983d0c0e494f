#!/usr/bin/env python3
"""Write src/core/base/unicode_words.h: which characters belong to words.

A word is made of letters, marks and digits (general categories L*, M*, Nd,
Nl).  The Unicode version is that of Python's unicodedata.

    python3 test/lib/make_unicode_words.py > src/core/base/unicode_words.h
"""
import sys
import unicodedata


def is_word(codepoint):
    category = unicodedata.category(chr(codepoint))
    return category[0] in "LM" or category in ("Nd", "Nl")


def ranges():
    start = None
    for codepoint in range(0x80, sys.maxunicode + 2):
        inside = codepoint <= sys.maxunicode and is_word(codepoint)
        if inside and start is None:
            start = codepoint
        elif not inside and start is not None:
            yield start, codepoint - 1
            start = None


found = list(ranges())
print(f"""/*-------------------------------------------------------------------------
 *
 * unicode_words.h
 *	  The characters above ASCII that belong to words: letters, marks, digits
 *	  (general categories L*, M*, Nd, Nl of Unicode {unicodedata.unidata_version}).
 *
 * Made by test/lib/make_unicode_words.py; do not edit.  Ranges are inclusive
 * and in rising order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_CORE_UNICODE_WORDS_H
#define BRIM_CORE_UNICODE_WORDS_H

#include <stdint.h>

/* clang-format off */
static const uint32_t unicode_words[][2] = {{""")
for i in range(0, len(found), 4):
    print("\t" + " ".join(f"{{0x{a:04X}, 0x{b:04X}}}," for a, b in found[i:i + 4]))
print("""};
/* clang-format on */

#endif							/* BRIM_CORE_UNICODE_WORDS_H */""")
