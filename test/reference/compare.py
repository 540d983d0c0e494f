"""One lead by one model: is what the server says what the reference says?  If not, how it is seen with as little as possible.

Words:
    spec, lead      as brim_reference has them
    fault           a sentence: what the server says, and what the reference
"""
import re
from decimal import Decimal

import generate
from brim_reference import Json, Model
from server import ServerError, copied, copy_out, from_json, literal, plain, run, to_json

# What is known of the lexicon stands here, and nowhere else.
#   events      of a text: class, is it hedged, is it about the company itself
#   classes     name, weight, half-life in days
#   lexicon     what goes into a spec with rules of kind event
EVENTS = """SELECT t.no, e.class, e.certainty = 'hedged', e.subject = 'own'
  FROM reference.told AS t, LATERAL brim_intent_signals(t.text, t.company, t.source) AS e
 WHERE e.certainty IN ('stated', 'hedged')"""
CLASSES = "SELECT class, weight, half_life_days FROM brim.intent_class"
LEXICON = "coalesce((SELECT jsonb_build_object('lexicon', spec -> 'lexicon') FROM brim.model_spec WHERE spec ? 'lexicon' LIMIT 1), '{}')"
# A contribution may be rounded; what is lost must appear in the adjustments
CONTRIBUTION_SLACK = Decimal("0.01")


class Mismatch(Exception):
    def __init__(self, what, spec, lead, name=None):
        super().__init__(what)
        self.what, self.spec, self.lead, self.name = what, spec, lead, name


def has_events(spec):
    return any(rule["kind"] == "event" for rule in spec["rules"])


def spec_sql(spec):
    sql = literal(to_json(spec)) + "::jsonb"
    return f"({sql} || {LEXICON})" if has_events(spec) else sql


def lead_sql(lead):
    return "(SELECT " + ", ".join(("NULL" if value is None else literal(plain(value))) + "::" + generate.COLUMNS[column] + " AS " + column
                                  for column, value in lead.items()) + ")"


def scores(row, model):
    return f"concat_ws(',', brim_score({row}, {model}), brim_fit_score({row}, {model}), brim_intent_score({row}, {model}))"


# ---------------------------------------------------------------------------
# Faults
# ---------------------------------------------------------------------------

def decimal_of(points):
    return None if points is None else Decimal(points) / 10000


def faults_of_explanation(got, want, features):
    """What an explanation says that the reference does not."""
    faults = []

    def same(what, found, expected):
        if found != expected:
            faults.append(f"{what} is {plain_or_null(found)}, the reference says {plain_or_null(expected)}")

    for field, expected in (("fit_score", want.fit), ("intent_score", want.intent), ("total_score", want.total),
                            ("confidence", want.confidence), ("action", want.action), ("qualified", want.qualified)):
        same(field, got.get(field), expected)
    for field, expected in (("missing", want.missing), ("positive", want.positive), ("negative", want.negative)):
        same("reasoning." + field, got["reasoning"].get(field), expected)
    signals = {(s["dimension"], s["signal"]): s for s in got["signals"]}
    same("set of signals", sorted(signals), sorted(want.signals))
    full = "explain" in features
    for key, expected in want.signals.items():
        signal = signals.get(key)
        if signal is None:
            continue
        name = " ".join(key)
        same(f"attribute of {name}", signal["attribute"], expected.attribute)
        if key[0] != "disqualifier":
            same(f"points of {name}", signal["points"], decimal_of(expected.points))
            same(f"weight of {name}", signal["weight"], decimal_of(expected.weight))
        same(f"rule_no of {name}", signal["rule_no"], expected.rule_no)
        if full:
            same(f"state of {name}", signal["state"], expected.state)
            rules = [(r.get("rule_no"), r.get("points"), r.get("reason")) for r in signal.get("rules") or ()]
            same(f"rules of {name}", rules, [(rule.rule_no, decimal_of(points), rule.words_of_reason(*found)) for rule, points, *found in expected.matched])
            for got_rule, (rule, _, *found) in zip(signal.get("rules") or (), expected.matched):
                evidence = rule.evidence(*found)
                if evidence is not None:
                    same(f"evidence of rule {rule.rule_no}", got_rule.get("evidence") or "", evidence)
            share = Decimal(expected.share.numerator) / Decimal(expected.share.denominator)
            if abs((signal.get("contribution") or 0) - share) > CONTRIBUTION_SLACK:
                same(f"contribution of {name}", signal.get("contribution"), share)
    if full:
        same("disqualified", got.get("disqualified"), want.disqualified)
        total = sum(Decimal(x.get("contribution") or 0) for x in got["signals"] + (got.get("adjustments") or []))
        same("sum of all contributions", total, Decimal(want.total))
    return faults


def plain_or_null(value):
    return "null" if value is None else str(value)


def faults_of_spec(spec, lead, world, features):
    """Ask the server for one lead by one spec: what differs, or what it says instead."""
    try:
        fields = copied(run(copy_out(f"SELECT {scores('l', 'm.spec')}, brim_explain(l, m.spec) FROM {lead_sql(lead)} AS l, "
                                     f"(SELECT {spec_sql(spec)} AS spec) AS m"))[0])
    except ServerError as error:
        return [f"the server says: {error}"]
    want = Model(spec, world).score(lead)
    faults = [] if fields[0] == f"{want.total},{want.fit},{want.intent}" else [
        f"total,fit,intent are {fields[0]}, the reference says {want.total},{want.fit},{want.intent}"]
    return faults + faults_of_explanation(from_json(fields[1]), want, features)


# ---------------------------------------------------------------------------
# Making a difference small
# ---------------------------------------------------------------------------

def smaller_specs(spec):
    rules = spec["rules"]
    for i in range(len(rules)):
        if len(rules) > 1:
            yield {**spec, "rules": rules[:i] + rules[i + 1:]}
    for key in ("name", "version", "high_above", "medium_above", "qualified_above", "missing_policy", "language", "as_of", "signals"):
        if key in spec:
            yield {k: v for k, v in spec.items() if k != key}
    for i, rule in enumerate(rules):
        smaller = [{k: v for k, v in rule.items() if k != key} for key in ("weight", "stem", "rule_no") if key in rule]
        if "reason" in rule:
            smaller.append({k: v for k, v in rule.items() if k not in ("reason", "reason_kind")})
        keywords = rule.get("keywords", [])
        if len(keywords) > 1:
            smaller += [{**rule, "keywords": keywords[:j] + keywords[j + 1:]} for j in range(len(keywords))]
        for other in smaller:
            yield {**spec, "rules": rules[:i] + [other] + rules[i + 1:]}


def smaller_values(value):
    if isinstance(value, Json):
        for smaller in smaller_values(value.value):
            yield Json(smaller)
    elif isinstance(value, str) and len(value) > 1:
        for n in (len(value) // 2, 1):
            yield value[n:]
            yield value[:-n]
    elif isinstance(value, list):
        for i in range(len(value)):
            yield value[:i] + value[i + 1:]
        for i, entry in enumerate(value):
            for smaller in smaller_values(entry):
                yield value[:i] + [smaller] + value[i + 1:]
    elif isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
        for key, entry in value.items():
            for smaller in smaller_values(entry):
                yield {**value, key: smaller}


def smaller_leads(lead):
    for column in lead:
        if len(lead) > 1 and (column not in generate.FACTS or sum(c in generate.FACTS for c in lead) > 1):
            yield {c: v for c, v in lead.items() if c != column}
    for column, value in lead.items():
        for smaller in smaller_values(value):
            yield {**lead, column: smaller}


def shrink(spec, lead, is_bad, tries=600):
    """The smallest spec and lead that can be had by leaving things out."""
    progress = True
    while progress:
        progress = False
        for make, current in ((smaller_specs, 0), (smaller_leads, 1)):
            again = True
            while again:
                again = False
                for candidate in make((spec, lead)[current]):
                    tries -= 1
                    if tries < 0:
                        return spec, lead
                    pair = (candidate, lead) if current == 0 else (spec, candidate)
                    if is_bad(*pair):
                        spec, lead = pair
                        progress = again = True
                        break
    return spec, lead


def report(mismatch, world, features):
    """Print how to see it, as small as it gets."""
    print(f"\nDIFFERENT: {mismatch.what}")
    spec, lead = mismatch.spec, mismatch.lead
    faults = faults_of_spec(spec, lead, world, features)
    if faults:
        def kind(faults):
            # An error stays that error, a number stays a number
            return re.sub(r'"[^"]*"|[0-9]+', "", re.split(r" is | are | of ", faults[0])[0])[:90]

        def is_bad(spec, lead):
            found = faults_of_spec(spec, lead, world, features)
            return bool(found) and kind(found) == kind(faults)

        spec, lead = shrink(spec, lead, is_bad)
        for fault in faults_of_spec(spec, lead, world, features):
            print(f"-- {fault}")
    else:
        print(f"-- not seen by spec alone; it was {mismatch.name or 'a form of the row'}")
    if has_events(spec):
        print(f"-- today for the reference: {spec.get('as_of') or world.today}")
    print(f"SELECT brim_score(l, s.spec), brim_fit_score(l, s.spec), brim_intent_score(l, s.spec), jsonb_pretty(brim_explain(l, s.spec))\n"
          f"  FROM {lead_sql(lead)} AS l,\n       (SELECT {spec_sql(spec)} AS spec) AS s;")
