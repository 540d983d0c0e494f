"""PostgreSQL's regular expressions, worked out a second time from its manual: those of docs/scoring.md.

    compile(pattern, members).search(text) -> what matched, or None

A small part of the advanced ones: characters, escaped signs, ".", brackets
with ranges and classes, \\d \\s \\w \\D \\S \\W, groups, "|", * + ? {m} {m,} {m,n}
and these with "?" behind, ^ $ \\m \\M \\y \\Y.  Cases do not count, "." and
[^...] match the end of a line too, ^ and $ are the ends of the text.  A match
is the first there is; how long it is, the manual's rules of greediness say.

Nothing backtracks.  A set of places in the text is a number with a bit for
each place, a part of the expression is a function from the places where it may
begin to those where it may end.  Where a match may begin is found by the
mirrored expression in the mirrored text.

Words:
    members     name of a class of characters -> its members: which characters
                are letters the server has to say
    place       0 is before the first character
"""
import functools
import re

_piece = re.compile(r"\\.|\[\^?(?:\[:\w+:\]|[^\]])+\]|[*+?](\?)?|\{(\d+)(,(\d*))?\}(\?)?|\(\?:|.", re.DOTALL)
_bracket = re.compile(r"\[:(\w+):\]|(.)-(.)|(.)", re.DOTALL)
CLASSES = {r"\d": "digit", r"\s": "space", r"\w": "word"}
NAMES = ("alnum", "alpha", "digit", "space", "word")


def cases(char):
    """The character in both cases, where that is one character."""
    return {c for c in (char, char.lower(), char.upper()) if len(c) == 1}


class Text:
    """A text, or a mirrored one, and which characters of it belong to a set."""

    def __init__(self, text):
        self.text = text
        self.size = len(text)
        self.all = (1 << self.size) - 1
        self.masks = {}

    def mask(self, chars):
        """The places of the characters of a set (the set and whether its members are meant)."""
        found = self.masks.get(chars)
        if found is None:
            members, positive = chars
            digits = "".join(["1" if (c in members) == positive else "0" for c in reversed(self.text)])
            found = self.masks[chars] = int(digits or "0", 2)
        return found


class Chars:
    """One character of a set."""
    greedy = None

    def __init__(self, members, positive=True):
        self.chars = frozenset(members), positive

    def ends(self, text, begins):
        return (begins & text.mask(self.chars)) << 1

    def mirrored(self):
        return self


class Place:
    """Something about the place itself: "begin", "end", or by the letters beside it."""
    greedy = None

    def __init__(self, kind, members=None):
        self.kind, self.chars = kind, (members, True)

    def ends(self, text, begins):
        if self.kind == "begin":
            return begins & 1
        if self.kind == "end":
            return begins & (1 << text.size)
        behind = text.mask(self.chars)          # a letter comes
        before = behind << 1                    # a letter was
        if self.kind == "word begins":
            return begins & behind & ~before
        if self.kind == "word ends":
            return begins & before & ~behind
        return begins & (behind ^ before) if self.kind == "edge" else begins & ~(behind ^ before)

    def mirrored(self):
        other = {"begin": "end", "end": "begin", "word begins": "word ends", "word ends": "word begins"}
        return Place(other.get(self.kind, self.kind), self.chars[0])


class Sequence:
    def __init__(self, parts):
        self.parts = parts
        # that of the first part that has one
        self.greedy = next((p.greedy for p in parts if p.greedy is not None), None)

    def ends(self, text, begins):
        for part in self.parts:
            if not begins:
                break
            begins = part.ends(text, begins)
        return begins

    def mirrored(self):
        return Sequence([p.mirrored() for p in reversed(self.parts)])


class Choice:
    greedy = True

    def __init__(self, branches):
        self.branches = branches

    def ends(self, text, begins):
        found = 0
        for branch in self.branches:
            found |= branch.ends(text, begins)
        return found

    def mirrored(self):
        return Choice([b.mirrored() for b in self.branches])


class Repeat:
    def __init__(self, part, least, most, greedy):
        self.part, self.least, self.most = part, least, most
        self.greedy = part.greedy if least == most else greedy

    def ends(self, text, begins):
        for _ in range(self.least):
            begins = self.part.ends(text, begins)
        if self.most is None and isinstance(self.part, Chars):
            mask = text.mask(self.part.chars)   # a carry runs to the end of each run
            return begins | (((begins & mask) + mask) ^ mask)
        found = fresh = begins
        times = self.least
        while fresh and (self.most is None or times < self.most):
            fresh = self.part.ends(text, fresh) & ~found
            found |= fresh
            times += 1
        return found

    def mirrored(self):
        return Repeat(self.part.mirrored(), self.least, self.most, self.greedy)


class Parser:
    def __init__(self, pattern, members):
        self.pieces = list(_piece.finditer(pattern))
        self.at = 0
        self.members = members

    def peek(self):
        return self.pieces[self.at].group() if self.at < len(self.pieces) else ""

    def take(self):
        self.at += 1
        return self.pieces[self.at - 1]

    def expression(self):
        branches = [self.branch()]
        while self.peek() == "|":
            self.take()
            branches.append(self.branch())
        return branches[0] if len(branches) == 1 else Choice(branches)

    def branch(self):
        parts = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.quantified(self.atom()))
        return Sequence(parts)

    def quantified(self, atom):
        text = self.peek()
        if text[:1] not in ("*", "+", "?") and not re.fullmatch(r"\{\d.*\}\??", text):
            return atom
        match = self.take()
        greedy = not (match.group(1) or match.group(5))
        if text[0] == "{":
            least = int(match.group(2))
            most = least if match.group(3) is None else int(match.group(4)) if match.group(4) else None
        else:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[text[0]]
        return Repeat(atom, least, most, greedy)

    def atom(self):
        text = self.take().group()
        if text in ("(", "(?:"):
            inner = self.expression()
            assert self.take().group() == ")"
            return inner
        if text == ".":
            return Chars((), False)
        if len(text) > 1 and text[0] == "[":
            return self.bracket(text)
        if text in ("^", "$"):
            return Place("begin" if text == "^" else "end")
        if text[0] != "\\":
            return Chars(cases(text))
        if text.lower() in CLASSES:
            return Chars(self.members[CLASSES[text.lower()]], text.islower())
        kind = {"\\m": "word begins", "\\M": "word ends", "\\y": "edge", "\\Y": "no edge"}.get(text)
        assert kind or not text[1].isalnum(), text
        return Place(kind, self.members["word"]) if kind else Chars(text[1])

    def bracket(self, text):
        positive = text[1] != "^"
        chars = set()
        for name, low, high, char in _bracket.findall(text[1 if positive else 2:-1]):
            if name:
                chars |= self.members[name]
            else:
                for code in range(ord(low or char), ord(high or char) + 1):
                    chars |= cases(chr(code))
        return Chars(chars, positive)


class Regex:
    def __init__(self, pattern, members):
        parser = Parser(pattern, members)
        self.tree = parser.expression()
        assert parser.peek() == "", pattern
        self.mirror = self.tree.mirrored()
        self.greedy = self.tree.greedy is not False

    def search(self, text):
        """What matched first, or None."""
        size = len(text)
        begins = self.mirror.ends(Text(text[::-1]), (1 << (size + 1)) - 1)
        if not begins:
            return None
        begin = size - (begins.bit_length() - 1)        # the mirror's last is our first
        ends = self.tree.ends(Text(text), 1 << begin)
        end = ends.bit_length() - 1 if self.greedy else (ends & -ends).bit_length() - 1
        return text[begin:end]


# What the classes are among ASCII; of other characters the server has to be asked
ASCII = {"digit": frozenset("0123456789"), "space": frozenset(" \t\n\v\f\r")}
ASCII["alpha"] = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
ASCII["alnum"] = ASCII["alpha"] | ASCII["digit"]
ASCII["word"] = ASCII["alnum"] | {"_"}


@functools.lru_cache(maxsize=None)
def _compiled(pattern, key):
    return Regex(pattern, dict(key))


def compile(pattern, members=None):
    return _compiled(pattern, tuple((members or ASCII).items()))
