#!/usr/bin/python3
"""What the documents promise, in numbers that a person can follow: does the reference say so?"""
import datetime
import sys
from decimal import Decimal

import brim_regex
from brim_reference import Json, World, score
from brim_texts import UNIT, date_of, decay


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
    for value, state in (("GOLD", "scored"), ("tin", "left_out"), ("", "missing"), (None, "missing"), (5, "missing"), (["gold"], "missing"), ({}, "missing")):
        yield f"path to {value!r}", score(spec(tier), {"attributes": Json({"crm": {"tier": value}})}).signals["fit", "t"].state, state
    yield "path to nothing", score(spec(tier), {"attributes": Json({"crm": "gold"})}).signals["fit", "t"].state, "missing"
    yield "all_of", [fit(spec(rule("l", "l", "all_of", keywords=["a", "B"])), l=entries) for entries in (["A", "b", None], ["a", "a b"])], [100, 0]
    yield "regex", [fit(spec(rule("r", "l", "regex", pattern="^c[+]{2} (dev|eng)")), l=entries) for entries in (["x", "C++ Engineer"], ["xc++ dev"])], [100, 0]

    for pattern, text, expected in (
            ("a|ab|abc", "xabcd", "abc"), ("a+?b*", "aab", "a"), ("(a|ab)(c|bcd)", "abcd", "abcd"), ("^ops$", "DevOps", None), (r"\mbio(tech)?\M", "a BioTech", "BioTech"),
            (".*", "a\nb", "a\nb"), ("x{2,3}", "axxxxb", "xxx"), ("[^a-z ]", "ab 9", "9"), ("x*", "ax", ""), (r"\w+\W\w+$", "a b c", "b c"), ("[à-ö]", "É", "É")):
        members = {**brim_regex.ASCII, "word": brim_regex.ASCII["word"] | {"é"}}
        yield f"{pattern} in {text!r}", brim_regex.compile(pattern, members).search(text), expected
    found = score(spec(rule("r", "l", "regex", pattern="op.", reason="{matched} {value}", reason_kind="positive")), {"l": ["x", "OPS op", "opt"]})
    yield "what a pattern found", found.positive, ["OPS OPS"]
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
