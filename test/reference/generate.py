"""Random models and random leads, on the edges of everything that a rule can be.

Models and leads draw on the same words, numbers and paths, so that rules match
often and miss narrowly.  All is made from a random.Random that the caller seeds.

    Generator(random, features).model(name)     a spec as a dict
    Generator(random, features).lead()          column -> value, as brim_reference wants it
    COLUMNS                                     what type each column has

features is a set of the names in FULL: what the server knows beyond OLD, the
rules that there were first.  resolve() reads what --features says.
"""
import datetime
from decimal import Decimal

import patterns
from brim_reference import FACTS, Json

OLD = frozenset()
FULL = frozenset({
    "negative",         # points below 0
    "signals",          # settings of signals: combine, caps, prior_points
    "policy",           # missing_policy
    "disqualifier",     # rules of that dimension
    "all_of", "regex", "stem",
    "path",             # values out of jsonb by path
    "event",            # rules of kind event, as_of, half-lives
    "version",          # models named as name@version
    "explain",          # brim_explain has matched rules, contributions and adjustments
})


def resolve(text, known):
    """--features: auto (what the server knows), old, full, or names, such as full,-event."""
    features = set()
    for word in text.split(","):
        if word == "auto":
            features |= known
        elif word == "full":
            features |= FULL
        elif word.lstrip("-+") in FULL:
            (features.discard if word.startswith("-") else features.add)(word.lstrip("-+"))
        elif word != "old":
            raise SystemExit(f"there is no feature {word}; there are: auto old full {' '.join(sorted(FULL))}")
    return frozenset(features)


# Those of brim.lead that rules may read, then some of one's own.  The type decides what kinds of rules can read a column.
LEAD_COLUMNS = {
    "company_name": "text", "employee_count": "integer", "industry": "text", "funding_stage": "text",
    "tech_stack": "text[]", "recent_job_posts": "text[]", "news_mentions": "text[]",
    "country": "text", "timezone": "text", "attributes": "jsonb"}
OWN_COLUMNS = {
    "region": "text", "notes": "text", "annual_revenue": "numeric", "visits": "bigint", "growth": "double precision",
    "tags": "text[]", "labels": "jsonb", "asked_on": "date", "is_partner": "boolean"}
COLUMNS = {**LEAD_COLUMNS, **OWN_COLUMNS}

WORDS = """ops operations devops revops operation laptops shops opsec co-op coop automation engineer engineering engineers
    make zapier workato hubspot slack jira cloud data sales growth hiring hires hired cutting raises partner partners expand expands
    c c++ c# f# .net net asp.net node.js r&d 24/7 b2b 5g ops2 2ops a an the of and saas fintech ai technology e-commerce ecommerce
    biotech education mining retail seed logistics freight
    zürich größe straße STRASSE ångström éclair e\u0301clair ops\u0301 naïve ÖL öl αθηνα ΣΊΣΥΦΟΣ σίσυφος москва İstanbul istanbul
    上海 运营 运 工程师 北京 クラウド エンジニア 営業 ひらがな กรุงเทพ ขาย ລາວ ភាសា မြန်မာ 서울 채용 １２ ⅷ Ⅷ ½ x² 🚀 ops🚀 ﬁnance
    -- ++ # @ops ops@ (ops) [ops] 'ops' „ops“ ops. .ops ops, ops; ops: _ops ops_ ops- -ops""".split()
POPULAR = ["ops", "saas", "SaaS", "zapier", "Make", "Zürich", "automation engineer", "c++", "上海", "fintech"]
PHRASES = ["automation engineer", "head of operations", "automation  engineer", "cloud data", "c++ engineer", "r&d", "sankt gallen",
           "opens new office", " ops", "ops ", "\tcloud\u00a0", "automation\u3000engineer", "c #", "运营 工程师", "クラウド ops", ".net engineer", "vp, operations", "the of", "a", "make", "head\tof\noperations"]
EVENT_TEXTS = ["{} raises $12 million in Series A", "{} cuts 120 jobs", "{} opens a new office in Berlin", "{} may open a plant in Texas",
               "{} has no plans to expand", "Partner of {} raises money", "{} files for chapter 11", "{} appoints new chief executive",
               "{} and Acme announce a partnership", "{} reportedly in talks to acquire Acme", "{} recalls products", "{} reports record revenue"]
EVENT_CLASSES = ["funding", "ipo", "expansion", "new_market", "acquisition", "partnership", "product_launch", "customer_win", "revenue_growth",
                 "leadership_hire", "mass_hiring", "acquired", "layoffs", "cost_cutting", "restructuring", "office_closure", "legal_trouble",
                 "data_breach", "bankruptcy", "delisting", "leadership_departure", "revenue_decline", "product_recall", "hiring_operations",
                 "hiring_automation", "hiring_sales", "hiring_engineering", "hiring_finance", "hiring_marketing"]
GAPS = [" "] * 12 + ["  ", "\t", "\n", " \n ", ", ", ". ", "/", "-", "_", "", "", " (", ") ", "'", "’", "·", "+", "#", ".",
                       "\u00a0", "\u3000", "\u2009\t", "\u200b", "\x1c", "\u0085", "\r\n", "\u2028"]
INTEGERS = [-2147483648, -100, -3, -1, 0, 1, 2, 10, 14, 15, 16, 29, 30, 31, 50, 99, 100, 101, 299, 300, 301, 499, 500, 501, 1000, 65536, 2147483647]
BIG = INTEGERS + [2147483648, -2147483649, 4294967296, 9007199254740991, 9007199254740992, 9007199254740993, 9223372036854775807, -9223372036854775808]
DECIMALS = [Decimal(t) for t in "0 0.1 0.2 0.3 -0.1 0.01 0.1000000000000000055511151231257827 9.9900000000000000001 9.99 9.990001 9.989999 0.5 1.5 99.9999 100.0001 1000000 1e15 1e-9 123456789.125".split()]
FLOATS = [0.1, 0.2, 0.30000000000000004, 9.99, -0.0, 0.0, 1e-300, 1e300, 0.5, 99.5, float("inf"), float("-inf"), float("nan"), -1.5, 1e15]
PATHS = [["crm", "tier"], ["crm", "score"], ["crm"], ["revenue"], ["tags"], ["none"], ["crm", "deep", "er"], ["a b", "ключ"], ["tags", "0"],
         ["tags", "-1"], ["tags", "1"], ["tags", "01"], ["tags", "+0"], ["tags", " 0"], ["tags", "0 "], ["tags", "-0"], ["tags", "x"], ["tags", "99999999999"], ["tags", "00000000000"], ["crm", "0"]]
REASONS = [("Good.", "positive"), ("Has {matched}.", "positive"), ("Bad.", "negative"), ("Value {value}: {matched}!", "negative"), ("Größe {value}", "positive")]
WEIGHTS = [Decimal(t) for t in "1 1 1 1 2 0.5 0.0001 999.9999 0.3333 0.6667 3 12.3456 0.1".split()]
SHARES = [0, 10000, 5000, 6000, 3333, 6667, 1, 9999, 7000]
LANGUAGES = ["english", "english", "german", "french", "spanish"]


class Generator:
    def __init__(self, random, features, texts=2500):
        self.random = random
        self.features = features
        self.has_events = "event" in features       # of the model that is being made
        self.long_texts = [self.long_text() for _ in range(max(4, texts // 100))]
        self.texts = [self.text() for _ in range(texts)]
        self.short = [self.dress(w) for w in WORDS + PHRASES for _ in range(3)] + [" saas", "saas ", " ", "\t"]

    # -- words ------------------------------------------------------------

    def chance(self, p):
        return self.random.random() < p

    def dress(self, text):
        """The same in other letters."""
        return self.random.choice([str, str, str.lower, str.upper, str.title, str.swapcase])(text)

    def text(self):
        """Words and phrases with all sorts of things between them."""
        r = self.random
        if self.chance(0.03):
            return r.choice(["", "", " ", "a", "\u00e9", "运", "-"])
        parts = []
        for _ in range(r.choice([1, 1, 2, 3, 5, 8, 13])):
            parts.append(self.dress(r.choice(PHRASES if self.chance(0.2) else WORDS)))
            parts.append(r.choice(GAPS))
        if self.chance(0.7):
            parts.pop()
        text = "".join(parts)
        if self.chance(0.25):
            text = r.choice(EVENT_TEXTS).format("Initech" if self.chance(0.7) else text)
        if self.chance(0.25):
            text = self.dated(text)
        return text

    def dated(self, text):
        date = self.date().isoformat() if self.chance(0.9) else self.random.choice(["2026-02-30", "2026-13-01", "2026-1-02", "0000-01-01"])
        return self.random.choice(["{d} {t}", "({d}) {t}", "[{d}] {t}", "{t} ({d})", "{t} {d}", "{t} [{d}]", "{d}: {t}", " {d} {t}",
                                   "{d}", "{d} {t} (2020-01-01)", "{t} {d} {t}"]).format(d=date, t=text)

    def date(self):
        return datetime.date(2026, 6, 1) + datetime.timedelta(days=self.random.choice([0, 0, -1, -7, -30, -31, -60, -90, -180, -365, -2000, 1, 30]))

    def long_text(self):
        """Some thousand words; a few are longer than what a regular expression looks at."""
        r = self.random
        words = [w for w in WORDS if "ops" not in w]
        text = " ".join(r.choices(words, k=r.choice([500, 1000, 8000])))
        return text + " " + r.choice(WORDS + PHRASES)

    def entry(self):
        r = self.random
        if self.chance(0.6):
            return r.choice(self.texts)
        if self.chance(0.004):
            return r.choice(self.long_texts)
        return self.short_text()

    def short_text(self):
        """What a whole entry of a list, or a whole text, is often."""
        r = self.random
        return self.dress(r.choice(POPULAR)) if self.chance(0.5) else r.choice(self.short)

    # -- leads ------------------------------------------------------------

    def array(self):
        r = self.random
        kind = r.random()
        if kind < 0.12:
            return []
        if kind < 0.2:
            return r.choice([[None], [""], [None, ""], [[None], [""]]])
        entries = [None if self.chance(0.08) else "" if self.chance(0.05) else self.entry() for _ in range(r.choice([1, 1, 2, 2, 3, 4, 12]))]
        if kind < 0.25 and len(entries) % 2 == 0:
            half = len(entries) // 2
            return [entries[:half], entries[half:]]
        return entries

    def number(self, numbers):
        r = self.random
        if self.chance(0.3):
            return r.randint(-5, 600)
        return r.choice(numbers)

    def json(self, depth=0):
        """A JSON value of any type."""
        r = self.random
        kind = r.randrange(12)
        if kind < 3:
            return self.entry()
        if kind < 5:
            return self.number(BIG + DECIMALS)
        if kind < 7:
            return [self.entry() for _ in range(r.randrange(4))]
        return r.choice([None, True, False, "", "120", [], [""], [None], [None, "ops"], [1, 2], ["ops", 1], ["ops", ["ops"]], [[]], {}, {"ops": 1},
                         Decimal("12.50"), Decimal("1E+400"), [None, ""], [False]])

    def attributes(self):
        if self.chance(0.2):
            return {}
        made = {}
        for key in ("revenue", "tags", "none", "a b", "", "0"):
            if self.chance(0.6):
                made[key] = self.json()
        if self.chance(0.5):
            made["tags"] = [self.short_text() if self.chance(0.8) else self.json() for _ in range(self.random.choice([1, 2, 2, 3]))]
        if self.chance(0.7):
            made["crm"] = self.json() if self.chance(0.3) else {k: self.json() for k in ("tier", "score", "deep") if self.chance(0.8)}
        if isinstance(made.get("crm"), dict) and self.chance(0.3):
            made["crm"]["deep"] = {"er": self.json()}
        if self.chance(0.4):
            made["a b"] = {"ключ": self.json()}
        return made

    def value(self, column):
        r = self.random
        kind = COLUMNS[column]
        if column == "attributes":
            return Json(self.attributes())
        if self.chance(0.15):
            return None
        if column == "labels":
            return Json(None if self.chance(0.1) else [e for e in flat(self.array())])
        if kind == "text[]":
            return self.array()
        if kind == "text":
            if column in ("notes", "company_name") or self.chance(0.15):
                return self.entry()
            return "" if self.chance(0.05) else self.short_text()
        return {"integer": lambda: self.number(INTEGERS), "bigint": lambda: self.number(BIG),
                "numeric": lambda: Decimal(self.number(DECIMALS + BIG)), "double precision": lambda: float(self.number(FLOATS)),
                "boolean": lambda: self.chance(0.5), "date": self.date}[kind]()

    def lead(self):
        return {column: self.value(column) for column in COLUMNS}

    # -- models -----------------------------------------------------------

    def keywords(self):
        r = self.random
        found = []
        for _ in range(r.choice([1, 1, 2, 3, 5, 5, 20])):
            kind = r.random()
            found.append(self.dress(r.choice(POPULAR)) if kind < 0.3 else self.dress(r.choice(WORDS)) if kind < 0.75
                         else self.dress(r.choice(PHRASES)) if kind < 0.95 else r.choice(self.short))
        return list(dict.fromkeys(k for k in found if k))

    def kinds(self, column, path):
        """Kinds of rules that can read it."""
        kind = COLUMNS[column]
        if path:
            kinds = ["range", "one_of", "any_of", "words"]
        elif kind in ("text[]", "jsonb"):
            kinds = ["any_of", "words", "words"]
        elif kind == "text":
            kinds = ["one_of", "words"]
        elif kind in ("date", "boolean"):
            return ["present"]
        else:
            return ["range", "range", "range", "present"]
        if "all_of" in self.features and (path or kind in ("text[]", "jsonb")):
            kinds.append("all_of")
        if "regex" in self.features:
            kinds.append("regex")
        if self.has_events and (path or kind in ("text", "text[]")):
            kinds += ["event", "event"] if column == "news_mentions" else ["event"]
        return kinds * 3 + ["present"]

    def rule(self, dimension, signal, column, path, kind):
        r = self.random
        rule = {"dimension": dimension, "signal": signal, "attribute": column, "kind": kind}
        if path:
            rule["path"] = path
        if kind == "range":
            numbers = {"integer": INTEGERS, "bigint": BIG, "numeric": DECIMALS + BIG, "jsonb": DECIMALS + BIG,
                       "double precision": DECIMALS}[COLUMNS[column]]
            ends = sorted(self.number(numbers) for _ in range(2))
            if self.chance(0.15):
                ends[1] = ends[0]
            which = r.random()
            if which < 0.8:
                rule["low"] = ends[0]
            if which > 0.2:
                rule["high"] = ends[1]
        elif kind in ("one_of", "any_of", "words"):
            rule["keywords"] = [k for k in self.keywords() if kind != "words" or not k.isspace()] or ["ops"]
            if kind == "words" and "stem" in self.features and self.chance(0.4):
                rule["stem"] = True
        elif kind == "all_of":
            rule["keywords"] = self.keywords()[:r.choice([1, 1, 2])]
        elif kind == "event":
            rule["keywords"] = r.sample(EVENT_CLASSES, r.choice([1, 3, 8, 20]))
        elif kind == "regex":
            rule["pattern"] = patterns.pattern(r)
        if dimension == "disqualifier":
            rule["points"] = 0
        else:
            low = -100 if "negative" in self.features and self.chance(0.3) else 0
            rule["points"] = r.choice([0, 1, 33, 50, 99, 100, r.randint(low, 100), r.randint(low, 100), low])
        if self.chance(0.3):
            reasons = [r for r in REASONS if (kind == "regex" or "keywords" in rule and kind != "event" or "{matched}" not in r[0]) and ("{value}" not in r[0] or kind not in ("any_of", "all_of"))]
            rule["reason"], rule["reason_kind"] = r.choice(reasons)
            if dimension == "disqualifier":
                rule["reason_kind"] = "negative"
        return rule

    def signal(self, spec, dimension, name):
        """The rules of a signal, and its settings where it has some."""
        r = self.random
        path = None
        readable = [c for c in COLUMNS if c != "attributes"]
        if "path" in self.features and self.chance(0.25):
            column, path = "attributes", r.choice(PATHS[:7] if self.chance(0.8) else PATHS)
        else:
            column = r.choice(FACTS) if self.chance(0.6) else r.choice(readable)
        kinds = self.kinds(column, path)
        rules = [self.rule(dimension, name, column, path, r.choice(kinds)) for _ in range(r.choice([1, 1, 2, 3, 4]))]
        if dimension == "disqualifier":
            rules = [rule for rule in rules if rule["kind"] != "present" or self.chance(0.1)] or rules[:1]
        elif self.chance(0.4):
            place = len(rules) if self.chance(0.8) else r.randrange(len(rules) + 1)
            rules.insert(place, self.rule(dimension, name, column, path, "otherwise"))
        setting = {"dimension": dimension, "signal": name, "combine": "average"}
        if "signals" in self.features and dimension != "disqualifier" and self.chance(0.5):
            setting["combine"] = r.choice(["add", "average"])
            if self.chance(0.6):
                setting["min_points"], setting["max_points"] = sorted(r.choice([-100, -50, -1, 0, 10, 40, 60, 99, 100]) for _ in range(2))
            if self.chance(0.5):
                setting["prior_points"] = r.randint(max(-100, setting.get("min_points", -100)), min(100, setting.get("max_points", 100)))
            spec["signals"].append(setting)
        if setting["combine"] == "average" and dimension != "disqualifier":
            for rule in rules:
                if self.chance(0.5):
                    rule["weight"] = r.choice(WEIGHTS)
        return rules

    def model(self, name, version=1):
        r = self.random
        fit = r.choice(SHARES) if self.chance(0.7) else r.randint(0, 10000)
        self.has_events = "event" in self.features and self.chance(0.5)
        spec = {"name": name, "version": version, "fit_weight": Decimal(fit) / 10000, "intent_weight": Decimal(10000 - fit) / 10000}
        if self.chance(0.5):
            spec["medium_above"], spec["high_above"] = sorted(r.choice([0, 1, 30, 50, 60, 80, 99, 100]) for _ in range(2))
            spec["qualified_above"] = r.randint(0, 100)
        if "policy" in self.features and self.chance(0.7):
            spec["missing_policy"] = r.choice(["ignore", "zero", "prior"])
        if "stem" in self.features and self.chance(0.5):
            spec["language"] = r.choice(LANGUAGES)
        if self.has_events and self.chance(0.8):
            spec["as_of"] = (datetime.date(2026, 6, 1) + datetime.timedelta(days=r.choice([0, 0, 1, 100, -10]))).isoformat()
        spec["signals"] = []
        signals = []
        while not signals:
            for dimension, most in (("fit", 5), ("intent", 5), ("disqualifier", 2)):
                if dimension == "disqualifier" and ("disqualifier" not in self.features or self.chance(0.5)):
                    continue
                # Names come again in the other dimension
                signals += [self.signal(spec, dimension, f"signal {i}") for i in range(r.randint(0, most))]
        limit_regex(signals)
        spec["rules"] = self.number_rules(signals)
        if not spec["signals"]:
            del spec["signals"]
        return spec

    def number_rules(self, signals):
        """Rules in rising order; those of a signal keep theirs, but other signals' rules may stand between them."""
        r = self.random
        if self.chance(0.3):
            rules = []
            queues = [list(s) for s in signals]
            while queues:
                queue = r.choice(queues)
                rules.append(queue.pop(0))
                queues = [q for q in queues if q]
        else:
            rules = [rule for signal in signals for rule in signal]
        number = 0
        for rule in rules:
            number += r.choice([1, 1, 10, r.randint(1, 1000)])
            rule["rule_no"] = number
        if self.chance(0.2):
            r.shuffle(rules)
        elif self.chance(0.2):
            for rule in rules:          # without numbers the order counts
                del rule["rule_no"]
        return rules


def flat(values):
    for value in values:
        if isinstance(value, list):
            yield from flat(value)
        else:
            yield value


def limit_regex(signals, most=16):
    """No more rules of kind regex than a model may have."""
    found = 0
    for rule in [rule for signal in signals for rule in signal]:
        if rule["kind"] == "regex":
            found += 1
            if found > most:
                del rule["pattern"]
                rule["kind"] = "present"
