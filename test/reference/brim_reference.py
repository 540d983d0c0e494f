"""The score of a lead, worked out a second time from docs/scoring.md alone.

    score(spec, lead) -> Result      spec: the jsonb form of a model, as a dict
                                     lead: column -> value, as a dict

It shares nothing with src/: texts are cut into tokens whose sequences are
compared, points are integers and fractions, there are no floats except
columns that are of a floating type.

Words:
    lead    None is NULL; str, int, Decimal, float, bool, date are what they
            are; a list is an array; Json(x) is a jsonb value
    units   points and weights are whole numbers of 1/10000
    World   what is not in the spec: the stemmer, the events in a text, which
            characters are letters to a regular expression, the classes of
            events, today.  The server is asked for the first three
"""
import collections
import datetime
import functools
import math
import re
from decimal import Decimal
from fractions import Fraction

import brim_regex
from brim_texts import UNIT, date_of, decay, first_bytes, lower, sequence

FACTS = ("company_name", "employee_count", "industry", "funding_stage", "tech_stack", "recent_job_posts", "news_mentions")


class Json:
    """A jsonb value, so that JSON null is not NULL and an array is not an array."""
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class World:
    """What scoring needs beside spec and lead."""

    def __init__(self, stem=None, events=None, classes=None, today=None, members=None):
        self.stem = stem or (lambda language, word: word)
        self.events = events or (lambda text, source, company: ())      # -> [(class, is_hedged, is_company_itself)]
        self.classes = classes or {}                    # class -> (weight in units, half-life in days or None)
        self.today = today                              # a date, or None: nothing decays
        self.members = members                          # what is a letter, a digit ...: see brim_regex.py
        self.company = None                             # the name in the lead that is being scored


class SignalResult:
    """What became of a signal.  state: scored, left_out, missing, assumed; matched: rule, points, what it read, value, what it found."""
    __slots__ = ("dimension", "signal", "attribute", "combine", "state", "points", "weight", "rule_no", "matched", "share")

    def __init__(self, signal, state, points=None, weight=None, rule_no=None, matched=()):
        self.dimension, self.signal, self.attribute = signal.dimension, signal.name, ".".join([signal.attribute, *(signal.path or ())])
        self.combine = signal.combine
        self.state, self.points, self.weight, self.rule_no, self.matched = state, points, weight, rule_no, matched
        self.share = Fraction(0)


Result = collections.namedtuple(
    "Result", "fit intent total disqualified confidence action qualified missing positive negative signals")


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


_number = re.compile(r"[ \t\n\v\f\r]*[-+]?[0-9]+")


def at_path(value, path):
    """The JSON value at the path, as the operator #> finds it; None where there is nothing."""
    for key in path:
        if isinstance(value, dict):
            if key not in value:
                return None
            value = value[key]
        elif isinstance(value, list) and _number.fullmatch(key) and -len(value) <= int(key) < len(value):
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
            self.regex = brim_regex.compile(rule["pattern"], world.members)

    def find(self, text):
        """What of a text or entry matches: numbers of keywords, or the part that a pattern found; kept, since texts come again."""
        found = self.memo.get(text)
        if found is None:
            if self.kind == "words":
                whole = sequence(text, self.stem)
                found = tuple(i for i, s in enumerate(self.sequences) if s in whole)
            elif self.kind == "regex":
                part = self.regex.search(first_bytes(text))
                found = () if part is None else (part,)
            else:
                whole = lower(text)
                found = tuple(i for i, k in enumerate(self.whole) if k == whole)
            self.memo[text] = found
        return found

    def factor(self, entries):
        """How much the most telling event among the texts counts, in units, and which classes were mentioned."""
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
        """(factor in units, numbers of the keywords that matched, or the part that the pattern found); the factor is 0 if the rule does not match."""
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
        if kind == "regex":
            part = next((part for entry in entries for part in self.find(entry)), None)
            return (0 if part is None else UNIT), part
        found = set()
        for entry in entries:
            found.update(self.find(entry))
        if kind == "all_of":
            return (UNIT if len(found) == len(self.keywords) else 0), sorted(found)
        return (UNIT if found else 0), sorted(found)

    def matched(self, found):
        """What a reason calls {matched}."""
        if self.kind == "regex":
            return found
        # Keywords that are the same in lower case are one, as it is written first
        same = self.sequences if self.kind == "words" else [lower(k) for k in self.keywords]
        return ", ".join(self.keywords[i] for i in found if same.index(same[i]) == i)

    def shown(self, what, value, found):
        """What a reason calls {value}."""
        if what == "list":
            return self.matched(found)
        if what == "text":
            return value
        if isinstance(value, bool):
            return "t" if value else "f"
        if what == "number":
            return format(double(value), ".15g")
        return str(value) if isinstance(value, datetime.date) else ""

    def evidence(self, what, value, found):
        """What the rule found; of an event the documents leave open how much of the text that is."""
        return None if self.kind == "event" else self.matched(found) if self.keywords or self.kind == "regex" else self.shown(what, value, found)

    def words_of_reason(self, what, value, found):
        """The reason with {value} and {matched} filled in."""
        return self.reason and re.sub(r"\{(value|matched)\}", lambda m: (self.shown(what, value, found) if m.group(1) == "value" else self.matched(found)), self.reason)


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
            world = World(world.stem, world.events, world.classes, datetime.date.fromisoformat(spec["as_of"]), world.members)
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
            matched.append((rule, rule.points * factor, what, value, keywords))
            if rule.reason is not None:
                reasons.append((rule.reason_kind, rule, what, value, keywords))
            if not add:
                break
        if not matched:
            return SignalResult(signal, "left_out")
        points = signal.clamp(sum(match[1] for match in matched))
        return SignalResult(signal, "scored", points, matched[0][0].weight, matched[0][0].rule_no, matched)

    def missing(self, signal):
        if self.policy == "ignore" or signal.dimension == "disqualifier":
            return SignalResult(signal, "missing")
        points = 0 if self.policy == "zero" else signal.prior
        if points is None:
            return SignalResult(signal, "missing")
        return SignalResult(signal, "assumed", points, signal.rules[0].weight)

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

    def score(self, lead):
        reasons, results = [], []
        self.world.company = lead.get("company_name") or None
        for signal in self.signals:
            results.append(self.evaluate(signal, lead, reasons))
        fit = self.dimension([r for r in results if r.dimension == "fit"], self.fit_weight)
        intent = self.dimension([r for r in results if r.dimension == "intent"], self.intent_weight)
        disqualified = any(r.dimension == "disqualifier" and r.matched for r in results)
        total = 0 if disqualified else (fit * self.fit_weight + intent * self.intent_weight) // UNIT
        given = sum(read_fact(lead, fact) for fact in FACTS)
        missing = []
        for r in results:
            if r.state in ("missing", "assumed") and r.dimension != "disqualifier" and r.attribute not in missing:
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
