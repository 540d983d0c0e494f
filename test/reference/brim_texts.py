"""Texts as docs/scoring.md compares them: words, and what a date in a text says.

Words:
    token   a word, a character that is a word by itself, a sign, or one blank
            for white space; lower case
    units   whole numbers of 1/10000
"""
import bisect
import datetime
import functools
import re
import sys
import unicodedata
from decimal import Decimal
from fractions import Fraction

UNIT = 10000
REGEX_BYTES = 32768


# ---------------------------------------------------------------------------
# Texts
# ---------------------------------------------------------------------------

def lower(text):
    """Lower case, a character for a character."""
    if "\u0130" in text or "\u03a3" in text:
        return "".join("i" if c == "\u0130" else "\u03c3" if c == "\u03a3" else c.lower() for c in text)
    return text.lower()


# Scripts written without gaps, by the names of their letters
GAPLESS = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC ITERATION", "IDEOGRAPHIC NUMBER", "IDEOGRAPHIC CLOSING",
           "HANGZHOU NUMERAL", "BOPOMOFO", "HIRAGANA", "HENTAIGANA", "KATAKANA", "HALFWIDTH KATAKANA", "COMBINING KATAKANA-HIRAGANA",
           "VERTICAL KANA", "VERTICAL IDEOGRAPHIC", "MASU MARK", "THAI ", "LAO ", "KHMER ", "MYANMAR ")
WHITE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"      # Unicode's White_Space


def _classes():
    """Regular expression classes of word characters and of those that are words by themselves."""
    word, alone = [], []
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        category = unicodedata.category(char)
        if category[0] not in "LM" and category not in ("Nd", "Nl"):
            continue
        ranges = alone if unicodedata.name(char, "").startswith(GAPLESS) else word
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return ["".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in ranges) for ranges in (word, alone)]


_word, _alone = _classes()
_token = re.compile(f"[{_word}]+|[{_alone}]|([{WHITE}]+)|.", re.DOTALL)
_is_word = re.compile(f"[{_word}]+|[{_alone}]")


@functools.lru_cache(maxsize=None)
def tokens(text):
    """Lower-case tokens: words, characters that are words, signs, and one blank for white space."""
    return tuple(" " if m.group(1) else m.group() for m in _token.finditer(lower(text)))


def is_word(token):
    return _is_word.fullmatch(token) is not None


@functools.lru_cache(maxsize=None)
def sequence(text, stem=None, is_keyword=False):
    """The tokens as one string, so that a part of the sequence is a part of the string; around a keyword blanks do not count."""
    parts = list(tokens(text))
    while is_keyword and parts[0] == " ":
        del parts[0]
    while is_keyword and parts[-1] == " ":
        del parts[-1]
    if stem is not None:
        parts = [stem(t) if is_word(t) else t for t in parts]
    return "\0" + "\0".join(parts) + "\0"


def first_bytes(text, limit=REGEX_BYTES):
    """The longest beginning of whole characters within so many bytes."""
    if len(text) * 4 <= limit:
        return text
    return text.encode()[:limit].decode(errors="ignore")


# ---------------------------------------------------------------------------
# Dates and decay
# ---------------------------------------------------------------------------

_iso = r"(\d{4})-(\d{2})-(\d{2})"
_date_first = re.compile(rf"(?:\({_iso}\)|\[{_iso}\]|{_iso}(?!\d))", re.ASCII)
_date_last = re.compile(rf"\({_iso}\)\Z", re.ASCII)


@functools.lru_cache(maxsize=None)
def date_of(text):
    """The date a text bears: at its beginning, or in brackets at its end."""
    for match in (_date_first.match(text), _date_last.search(text)):
        if match:
            try:
                return datetime.date(*[int(part) for part in match.groups() if part is not None])
            except ValueError:
                pass
    return None


@functools.lru_cache(maxsize=None)
def decay(age, half_life):
    """trunc(10000 * 2^(-age / half_life)), exactly: the greatest D with D^p * 2^(age q) <= 10000^p, half_life = p / q."""
    half_life = Fraction(half_life)
    p, q = half_life.numerator, half_life.denominator
    if p > 4000:                    # the powers would be large; 50 digits do as well
        from decimal import localcontext
        with localcontext() as context:
            context.prec = 50
            return int(UNIT * Decimal(2) ** (-Decimal(age) * q / p))
    limit = UNIT ** p
    return bisect.bisect_right(range(UNIT + 1), limit, key=lambda d: d ** p << (age * q)) - 1
