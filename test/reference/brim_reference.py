"""The score of a lead, worked out a second time from docs/scoring.md alone.

    score(spec, lead) -> Result      spec: the jsonb form of a model, as a dict
                                     lead: column -> value, as a dict

It shares nothing with src/: texts are cut into tokens whose sequences are
compared, points are integers and fractions, there are no floats but for
columns that are of a floating type.

Words:
    lead    None is NULL; str, int, Decimal, float, bool, date are what they
            are; a list is an array; Json(x) is a jsonb value
    units   points and weights are whole numbers of 1/10000
    World   what is not in the spec: the stemmer, the events in a text, the
            classes of events, today.  The server is asked for the first two
"""
import bisect
import collections
import datetime
import functools
import math
import re
import sys
import unicodedata
from decimal import Decimal
from fractions import Fraction

UNIT = 10000
FACTS = ("company_name", "employee_count", "industry", "funding_stage", "tech_stack", "recent_job_posts", "news_mentions")
REGEX_BYTES = 32768


class Json:
    """A jsonb value, so that JSON null is not NULL and an array is not an array."""
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class World:
    """What scoring needs beside spec and lead."""

    def __init__(self, stem=None, events=None, classes=None, today=None):
        self.stem = stem or (lambda language, word: word)
        self.events = events or (lambda text, source, company: ())      # -> [(class, is_hedged, is_company_itself)]
        self.classes = classes or {}                    # class -> (weight in units, half-life in days or None)
        self.today = today                              # a date, or None: nothing decays
        self.company = None                             # the name in the lead that is being scored


class SignalResult:
    """What became of a signal.  state: counts, left out, missing, missing counts."""
    __slots__ = ("dimension", "signal", "attribute", "combine", "state", "points", "weight", "rule_no", "matched", "share")

    def __init__(self, signal, state, points=None, weight=None, rule_no=None, matched=()):
        self.dimension, self.signal, self.attribute = signal.dimension, signal.name, ".".join([signal.attribute, *(signal.path or ())])
        self.combine = signal.combine
        self.state, self.points, self.weight, self.rule_no, self.matched = state, points, weight, rule_no, matched
        self.share = Fraction(0)


Result = collections.namedtuple(
    "Result", "fit intent total disqualified confidence action qualified missing positive negative signals")


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


_regex_piece = re.compile(r"\\[.^$*+?()\[\]{}|\\/-]|\[\^?\]?[^\]]*\]|[^\W\d_]|.", re.DOTALL)


@functools.lru_cache(maxsize=None)
def regex(pattern):
    """An ARE of the subset that generate.py writes, for Python; the cases of letters are written out."""
    def letter(c):
        both = "".join(sorted({c, c.lower(), c.upper()}))
        return f"[{both}]" if len(both) > 1 else re.escape(c)

    def piece(match):
        text = match.group()
        if text == "^":
            return r"\A"
        if text == "$":
            return r"\Z"
        if text.startswith("["):
            body = text[1:-1]
            return "[" + body + body.swapcase() + "]" if not body.startswith("^") else "[" + body + body[1:].swapcase() + "]"
        if text.isalpha():
            return letter(text)
        return text

    return re.compile(_regex_piece.sub(piece, pattern), re.DOTALL)


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


# ---------------------------------------------------------------------------
# Reading the lead
# ---------------------------------------------------------------------------

READS = {"range": {"number"}, "one_of": {"text"}, "any_of": {"list"}, "all_of": {"list"}, "words": {"text", "list"},
         "regex": {"text", "list"}, "event": {"text", "list"}}
ANYTHING = {"number", "text", "list", "other"}


def flatten(values):
    for value in values:
        if isinstance(value, list):
            yield from flatten(value)
        elif value is not None and value != "":
            yield value


def classify(value):
    """(what it is, value) of something that is given, else None."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return "text", value
    if isinstance(value, bool):
        return "other", value
    if isinstance(value, (int, Decimal, float)):
        return None if value != value else ("number", value)
    if isinstance(value, list):
        entries = list(flatten(value))
        return ("list", entries) if entries else None
    return "other", value


def at_path(value, path):
    """The JSON value at the path, as the operator #> finds it; None where there is nothing."""
    for key in path:
        if isinstance(value, dict):
            if key not in value:
                return None
            value = value[key]
        elif isinstance(value, list) and re.fullmatch(r"-?[0-9]+", key) and -len(value) <= int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def classify_json(value):
    """The same for a JSON value: only an array of strings and nulls is a list that rules can read."""
    if isinstance(value, list):
        given = [e for e in value if e is not None and e != ""]
        if not given:
            return None
        return ("list", given) if all(isinstance(e, str) for e in given) else ("other", value)
    return ("other", value) if isinstance(value, dict) else classify(value)


def classify_at_path(value):
    """The same for a value at a path: of an array the strings are read, true and false are texts."""
    if isinstance(value, bool):
        return "text", "true" if value else "false"
    if isinstance(value, list):
        given = [e for e in value if isinstance(e, str) and e != ""]
        return ("list", given) if given else None
    if isinstance(value, dict):
        return ("other", value) if value else None
    return classify(value)


def read(lead, attribute, path=None):
    value = lead.get(attribute)
    if isinstance(value, Json) and path:
        return classify_at_path(at_path(value.value, path))
    if isinstance(value, Json):
        return classify_json(value.value)
    if path:
        return None
    found = classify(value)
    if attribute == "employee_count" and found is not None and found[1] == 0:
        return None
    return found


# ---------------------------------------------------------------------------
# A model
# ---------------------------------------------------------------------------

def units(number):
    value = Decimal(str(number)) * UNIT
    assert value == value.to_integral_value(), f"{number} has more than four digits"
    return int(value)


def double(number):
    """Numbers are compared as double precision has them."""
    try:
        return None if number is None else float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


SOURCES = {"news_mentions": "news", "recent_job_posts": "job_post"}


class Rule:
    def __init__(self, rule, place, language, world):
        self.rule_no = rule.get("rule_no", place)
        self.kind = rule["kind"]
        self.points = rule["points"]            # whole points; times a factor in units they are units
        self.weight = units(rule.get("weight", 1))
        self.low, self.high = double(rule.get("low")), double(rule.get("high"))
        self.keywords = rule.get("keywords") or []
        self.reason, self.reason_kind = rule.get("reason"), rule.get("reason_kind")
        self.reads = READS.get(self.kind, ANYTHING)
        self.source = None if rule.get("path") else SOURCES.get(rule["attribute"])     # of texts with events
        self.world = world
        self.memo = {}
        self.stem = None
        if self.kind in ("one_of", "any_of", "all_of"):
            self.whole = [lower(k) for k in self.keywords]
        elif self.kind == "words":
            self.stem = functools.lru_cache(maxsize=None)(functools.partial(world.stem, language)) if rule.get("stem") else None
            self.sequences = [sequence(k, self.stem, True) for k in self.keywords]
        elif self.kind == "regex":
            self.regex = regex(rule["pattern"])

    def find(self, text):
        """What of a text or entry matches: numbers of keywords; kept, since texts come again."""
        found = self.memo.get(text)
        if found is None:
            if self.kind == "words":
                whole = sequence(text, self.stem)
                found = tuple(i for i, s in enumerate(self.sequences) if s in whole)
            elif self.kind == "regex":
                found = (0,) if self.regex.search(first_bytes(text)) else ()
            else:
                whole = lower(text)
                found = tuple(i for i, k in enumerate(self.whole) if k == whole)
            self.memo[text] = found
        return found

    def factor(self, entries):
        """How much the most telling event among the texts counts, in units, and which classes were told of."""
        best, told = 0, set()
        for text in entries:
            date = date_of(text)
            for name, is_hedged, is_own in self.world.events(text, self.source, self.world.company):
                if not is_own or name not in self.keywords or name not in self.world.classes:
                    continue
                weight, half_life = self.world.classes[name]
                fresh = UNIT
                if date is not None and half_life is not None and self.world.today is not None:
                    fresh = decay(max(0, (self.world.today - date).days), half_life)
                counts = weight * (UNIT // 2 if is_hedged else UNIT) // UNIT * fresh // UNIT
                best = max(best, counts)
                if counts > 0:
                    told.add(self.keywords.index(name))
        return best, sorted(told)

    def match(self, what, value):
        """(factor in units, numbers of the keywords that matched); the factor is 0 if the rule does not match."""
        kind = self.kind
        if kind == "present":
            return UNIT, ()
        if what not in self.reads:
            return 0, ()
        if kind == "range":
            value = double(value)
            good = (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
            return (UNIT if good else 0), ()
        entries = [value] if what == "text" else value
        if kind == "event":
            return self.factor(entries)
        found = set()
        for entry in entries:
            found.update(self.find(entry))
        if kind == "all_of":
            return (UNIT if len(found) == len(self.keywords) else 0), sorted(found)
        return (UNIT if found else 0), (() if kind == "regex" else sorted(found))

    def words_of_reason(self, what, value, found):
        """The reason with {value} and {matched} filled in."""
        # Keywords that are the same in lower case are one, as it is written first
        same = self.sequences if self.kind == "words" else [lower(k) for k in self.keywords]
        matched = ", ".join(self.keywords[i] for i in found if same.index(same[i]) == i)
        if what == "list":
            shown = matched
        elif what == "text":
            shown = value
        elif isinstance(value, bool):
            shown = "t" if value else "f"
        elif what == "number":
            shown = format(double(value), ".15g")
        else:
            shown = str(value)
        return re.sub(r"\{(value|matched)\}", lambda m: shown if m.group(1) == "value" else matched, self.reason)


class Signal:
    def __init__(self, dimension, name, attribute, path, setting):
        self.dimension, self.name, self.attribute, self.path = dimension, name, attribute, path
        self.combine = setting.get("combine", "average")
        self.low = UNIT * setting.get("min_points", -100)
        self.high = UNIT * setting.get("max_points", 100)
        prior = setting.get("prior_points")
        self.prior = None if prior is None else UNIT * prior
        self.rules = []

    def clamp(self, points):
        return max(self.low, min(self.high, points))


class Model:
    """A spec made ready; texts that were looked at are remembered."""

    def __init__(self, spec, world=None):
        world = world or World()
        if spec.get("as_of") is not None:
            world = World(world.stem, world.events, world.classes, datetime.date.fromisoformat(spec["as_of"]))
        self.world = world
        self.fit_weight, self.intent_weight = units(spec["fit_weight"]), units(spec["intent_weight"])
        self.high_above = spec.get("high_above", 80)
        self.medium_above = spec.get("medium_above", 60)
        self.qualified_above = spec.get("qualified_above", 75)
        self.policy = spec.get("missing_policy", "ignore")
        settings = {(s["dimension"], s["signal"]): s for s in spec.get("signals") or ()}
        signals = {}
        numbered = [(r.get("rule_no", place), place, r) for place, r in enumerate(spec["rules"], 1)]
        for _, place, rule in sorted(numbered, key=lambda r: r[:2]):
            key = rule["dimension"], rule["signal"]
            if key not in signals:
                signals[key] = Signal(*key, rule["attribute"], rule.get("path"), settings.get(key, {}))
            signals[key].rules.append(Rule(rule, place, spec.get("language", "english"), world))
        self.signals = list(signals.values())
        for signal in self.signals:
            signal.reads = set().union(*(r.reads for r in signal.rules))

    def evaluate(self, signal, lead, reasons):
        found = read(lead, signal.attribute, signal.path)
        if found is None or found[0] not in signal.reads:
            return self.missing(signal)
        what, value = found
        matched = []
        add = signal.combine == "add" or signal.dimension == "disqualifier"
        for rule in signal.rules:
            if rule.kind == "otherwise":
                factor, keywords = (0 if matched else UNIT), ()
            else:
                factor, keywords = rule.match(what, value)
            if factor == 0:
                continue
            matched.append((rule, rule.points * factor))
            if rule.reason is not None:
                reasons.append((rule.reason_kind, rule, what, value, keywords))
            if not add:
                break
        if not matched:
            return SignalResult(signal, "left out")
        points = signal.clamp(sum(points for _, points in matched))
        return SignalResult(signal, "counts", points, matched[0][0].weight, matched[0][0].rule_no, matched)

    def missing(self, signal):
        if self.policy == "ignore" or signal.dimension == "disqualifier":
            return SignalResult(signal, "missing")
        points = 0 if self.policy == "zero" else signal.prior
        if points is None:
            return SignalResult(signal, "missing")
        return SignalResult(signal, "missing counts", points, signal.rules[0].weight)

    @staticmethod
    def dimension(results, weight):
        """The score of a dimension; each signal gets its share of the total."""
        counting = [r for r in results if r.points is not None]
        average = [r for r in counting if r.combine == "average"]
        added = [r for r in counting if r.combine == "add"]
        den = sum(r.weight for r in average) or 1
        num = sum(r.points * r.weight for r in average) + den * sum(r.points for r in added)
        for r in average:
            r.share = Fraction(r.points * r.weight * weight, den * UNIT * UNIT)
        for r in added:
            r.share = Fraction(r.points * weight, UNIT * UNIT)
        return max(0, min(100, math.trunc(Fraction(num, den * UNIT))))

    def score(self, lead, explain=True):
        reasons, results = [], []
        self.world.company = lead.get("company_name") or None
        for signal in self.signals:
            results.append(self.evaluate(signal, lead, reasons))
        fit = self.dimension([r for r in results if r.dimension == "fit"], self.fit_weight)
        intent = self.dimension([r for r in results if r.dimension == "intent"], self.intent_weight)
        disqualified = any(r.dimension == "disqualifier" and r.matched for r in results)
        total = 0 if disqualified else (fit * self.fit_weight + intent * self.intent_weight) // UNIT
        if not explain:
            return fit, intent, total
        given = sum(read_fact(lead, fact) for fact in FACTS)
        missing = []
        for r in results:
            if r.state.startswith("missing") and r.dimension != "disqualifier" and r.attribute not in missing:
                missing.append(r.attribute)
        return Result(
            fit, intent, total, disqualified,
            Decimal(given * 1000 // len(FACTS) + 5) // 10 / 100,
            "high_priority_outreach" if total > self.high_above else
            "medium_priority_outreach" if total > self.medium_above else "low_priority_monitoring",
            total > self.qualified_above, missing,
            [r[1].words_of_reason(*r[2:]) for r in reasons if r[0] == "positive"],
            [r[1].words_of_reason(*r[2:]) for r in reasons if r[0] == "negative"],
            {(r.dimension, r.signal): r for r in results})


def read_fact(lead, fact):
    return read(lead, fact) is not None


def score(spec, lead, world=None):
    """Fit, intent, total and how they came about."""
    return Model(spec, world).score(lead)


# ---------------------------------------------------------------------------
# Worked by hand: python3 brim_reference.py
# ---------------------------------------------------------------------------

def examples():
    """What the documents promise, in numbers that a person can follow: (what, found, expected)."""
    def rule(signal, attribute, kind, points=100, dimension="fit", **more):
        return {"dimension": dimension, "signal": signal, "attribute": attribute, "kind": kind, "points": points, **more}

    def spec(*rules, fit=Decimal(1), **more):
        return {"fit_weight": fit, "intent_weight": 1 - fit, "rules": list(rules), **more}

    def fit(model, world=None, **lead):
        return score(model, lead, world).fit

    def setting(signal, **more):
        return {"dimension": "fit", "signal": signal, **more}

    def words(keyword, text, **more):
        world = World(stem=lambda language, word: word.rstrip("s") if language == "english" else word)
        return fit(spec(rule("w", "notes", "words", keywords=[keyword], **more)), world, notes=text)

    for keyword, text, expected in (
            ("ops", "sales/ops", 100), ("ops", "laptops", 0), ("ops", "ops2", 0), ("ops", "ops\u0301", 0), ("c++", "c++17", 100),
            (".net", "asp.net", 100), ("ops", "クラウド運営ops担当", 100), ("automation engineer", "Automation\t \nENGINEER", 100),
            ("automation engineer", "automation-engineer", 0), ("automation engineer", "automation engineers", 0), ("ΣΊΣΥΦΟΣ", "σίσυφοσ", 100)):
        yield f"{keyword} in {text!r}", words(keyword, text), expected
    yield "stem", words("engineer", "two engineers", stem=True), 100

    yield "exact weights", fit(spec(rule("a", "a", "present", 100, weight=Decimal("0.0001")), rule("b", "b", "present", 0, weight=Decimal("0.0001")),
                                    rule("c", "c", "present", 50, weight=Decimal("0.0002"))), a="x", b="x", c="x"), 50
    yield "truncation", fit(spec(*(rule(s, "a", "present", p) for s, p in (("a", 100), ("b", 100), ("c", 99)))), a="x"), 99
    size = [rule("s", "n", "range", 50, low=1, high=9), rule("s", "n", "range", 30, low=5), rule("s", "n", "otherwise", -70)]
    yield "the first that matches", fit(spec(*size), n=7), 50
    add = {"signals": [setting("s", combine="add", max_points=60)]}
    yield "add, clamped", fit(spec(*size, **add), n=7), 60
    yield "add, otherwise", score(spec(*size, **add), {"n": -1}).signals["fit", "s"].points, -70 * UNIT
    yield "add beside an average", fit(spec(*size, rule("t", "a", "present", 10), **add), n=11, a="x"), 40
    yield "below zero", fit(spec(rule("s", "a", "present", -5)), a="x"), 0
    for policy, prior, expected in (("ignore", 20, 100), ("zero", 20, 25), ("prior", 20, 40), ("prior", None, 100)):
        model = spec(rule("a", "a", "present"), rule("m", "m", "one_of", 7, keywords=["x"], weight=3), missing_policy=policy,
                     signals=[setting("m", **({} if prior is None else {"prior_points": prior}))])
        yield f"{policy} {prior}", fit(model, a="x"), expected
        yield f"{policy} {prior}, left out", fit(model, a="x", m="other"), 100
    out = score(spec(rule("a", "a", "present"), rule("d", "b", "one_of", 0, "disqualifier", keywords=["x"])), {"a": "x", "b": "X"})
    yield "disqualified", (out.fit, out.total, out.disqualified), (100, 0, True)

    tier = rule("t", "attributes", "one_of", path=["crm", "tier"], keywords=["gold"])
    for value, state in (("GOLD", "counts"), ("tin", "left out"), ("", "missing"), (None, "missing"), (5, "missing"), (["gold"], "missing"), ({}, "missing")):
        yield f"path to {value!r}", score(spec(tier), {"attributes": Json({"crm": {"tier": value}})}).signals["fit", "t"].state, state
    yield "path to nothing", score(spec(tier), {"attributes": Json({"crm": "gold"})}).signals["fit", "t"].state, "missing"
    yield "all_of", [fit(spec(rule("l", "l", "all_of", keywords=["a", "B"])), l=entries) for entries in (["A", "b", None], ["a", "a b"])], [100, 0]
    yield "regex", [fit(spec(rule("r", "l", "regex", pattern="^c[+]{2} (dev|eng)")), l=entries) for entries in (["x", "C++ Engineer"], ["xc++ dev"])], [100, 0]

    yield "decay", [decay(age, life) for age, life in ((0, 30), (30, 30), (60, 30), (15, 30), (1, 30), (30, Decimal("7.5")), (5000, 30))], \
        [10000, 5000, 2500, 7071, 9771, 625, 0]
    for text, expected in (("2026-01-02 x", True), ("(2026-01-02) x", True), ("[2026-01-02] x", True), ("x (2026-01-02)", True), ("x 2026-01-02", False),
                           ("x [2026-01-02]", False), (" 2026-01-02 x", False), ("2026-02-30 x", False), ("2026-01-021", False)):
        yield f"date of {text!r}", date_of(text), datetime.date(2026, 1, 2) if expected else None
    world = World(events=lambda text, source, company: [("funding", "may" in text, "partner" not in text)], classes={"funding": (8001, 30)})
    news = rule("n", "news_mentions", "event", keywords=["funding"])
    for text, as_of, expected in (("raises", None, 8001), ("may raise", None, 4000), ("partner raises", None, None), ("2026-01-01 may raise", "2026-01-31", 2000),
                                  ("2026-02-01 raises", "2026-01-01", 8001), ("2020-01-01 raises", "2026-01-01", None), ("2026-01-01 raises", None, 8001)):
        found = score(spec(news, as_of=as_of), {"news_mentions": [text]}, world).signals["fit", "n"].points
        yield f"event in {text!r} as of {as_of}", found, expected and expected * 100


if __name__ == "__main__":
    wrong = [f"{what}: {found}, not {expected}" for what, found, expected in examples() if found != expected]
    print("\n".join(wrong) or "the reference agrees with all examples")
    sys.exit(bool(wrong))
