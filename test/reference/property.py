#!/usr/bin/python3
"""Compare brim with an independent implementation of its documents.

    python3 test/reference/property.py [--leads N] [--models M] [--each K] [--seed S] [--jobs J] [--features F]

Against the server that PGHOST, PGPORT, PGUSER and PGDATABASE name, through
psql.  It makes a schema "reference" there, which it drops at the end; what it
writes into brim's tables it rolls back.

    shipped     N random leads x all models of brim.model_spec: by name, by spec, as a row of a
                table, of a view, of a subquery, as a composite value
    random      M random models x K of the leads: by spec, by stored rows, by brim.model_spec of them
    explain     what brim_explain says of each of these: numbers, signals, reasons; the
                contributions add up to the total
    stored      the score columns of brim.lead after INSERT
    characters  each character of Unicode: does it end a word, is it white space, what is it in lower case

--features says what the models may use: auto (what the server knows), old,
full, or names with commas (generate.py has the list).  One line a property;
exit status 1 and a reproduction to paste at the first difference.
"""
import argparse
import collections
import datetime
import multiprocessing
import os
import random
import sys
import time
import unicodedata
from decimal import Decimal

import brim_reference
import brim_regex
import brim_texts
import generate
from brim_reference import Json, Model, World
from compare import CLASSES, EVENTS, LEXICON, Mismatch, faults_of_explanation, faults_of_spec, has_events, report, scores, spec_sql
from server import ServerError, copied, copy_in, copy_out, from_json, literal, psql, run, to_json

BATCH = 20              # random models a transaction
SLICE = 2500            # leads a query, of the shipped models
STORED_EACH = 20        # leads a random model that are stored, too

# Characters of which the documents do not say whether they are words by themselves: Suzhou numerals, Korean letters that stand alone
UNDECIDED = {*range(0x3021, 0x302A), *range(0x3038, 0x303B), *range(0x3131, 0x318F)}

# The same lead as rows of different make: of a table, of a view, of a subquery with other types, of one that the planner pulls up, a composite value
OTHER_TYPES = {"employee_count": "l.employee_count::numeric", "industry": "l.industry::varchar", "tech_stack": "l.tech_stack::varchar[]",
               "recent_job_posts": "to_jsonb(ARRAY(SELECT unnest(l.recent_job_posts)))", "visits": "l.visits::numeric"}
ROWS = """reference.pool AS l
  JOIN reference.pool_view AS v ON v.id = l.id
 CROSS JOIN LATERAL (SELECT {other} OFFSET 0) AS q
 CROSS JOIN LATERAL (SELECT {same}) AS p
 CROSS JOIN LATERAL (SELECT l AS r OFFSET 0) AS c""".format(
    other=", ".join(OTHER_TYPES.get(c, "l." + c) + " AS " + c for c in reversed(generate.COLUMNS)),
    same=", ".join("l." + c for c in sorted(generate.COLUMNS)))


# ---------------------------------------------------------------------------
# The run
# ---------------------------------------------------------------------------

def strings(value):
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Json):
        yield from strings(value.value)
    elif isinstance(value, (list, dict)):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from strings(entry)


class Run:
    def __init__(self, options):
        self.options = options
        self.counts = collections.Counter()
        self.ready = {}
        run("CREATE EXTENSION IF NOT EXISTS brim")
        self.features = generate.resolve(options.features, self.known_features())
        self.world = World()

    @staticmethod
    def known_features():
        """What this server can do beyond the rules that there were first."""
        known = set()
        if run("SELECT to_regclass('brim.scoring_signal') IS NOT NULL")[0] == "t":
            known |= generate.FULL - {"event"}
        if run("SELECT count(*) > 0 FROM pg_proc WHERE proname = 'brim_intent_signals'")[0] == "t":
            known |= {"event"}
        return known

    # -- preparing --------------------------------------------------------

    def prepare(self):
        run("DROP SCHEMA IF EXISTS reference CASCADE; CREATE SCHEMA reference;\n"
            "CREATE TABLE reference.pool (id integer PRIMARY KEY, " + ", ".join(f"{c} {t}" for c, t in generate.COLUMNS.items()) + ");\n"
            "CREATE VIEW reference.pool_view AS SELECT " + ", ".join(sorted(generate.COLUMNS)) + ", id FROM reference.pool;\n"
            "CREATE TABLE reference.model (n integer PRIMARY KEY, spec jsonb NOT NULL);\n"
            "CREATE TABLE reference.text (no integer PRIMARY KEY, text text NOT NULL);\n"
            "CREATE TABLE reference.told (no integer PRIMARY KEY, text text NOT NULL, source text, company text);\n")
        generator = generate.Generator(random.Random(self.options.seed + 1), self.features)
        self.leads = [generator.lead() for _ in range(self.options.leads)]
        run(copy_in("reference.pool", ((i, *lead.values()) for i, lead in enumerate(self.leads))))
        run("ANALYZE reference.pool")
        self.shipped = [(line[0], from_json(line[1]), line[2] == "t", line[3] == "t") for line in map(copied, run(copy_out(
            "SELECT name || '@' || version, spec, is_published, is_default FROM brim.model_spec ORDER BY name, version")))]
        generator = generate.Generator(random.Random(self.options.seed + 2), self.features)
        self.specs = [generator.model(f"reference_{n}") for n in range(self.options.models)]
        if "event" in self.features:
            self.learn_events()
        if "stem" in self.features:
            self.learn_stems()
        if "regex" in self.features:
            self.learn_letters()
        run(["BEGIN;\n", *copy_in("reference.model", ((n, Json(spec)) for n, spec in enumerate(self.specs))),
             f"UPDATE reference.model SET spec = spec || {LEXICON} WHERE spec @? '$.rules[*].kind ? (@ == \"event\")';\n"
             if "event" in self.features else "", "COMMIT; ANALYZE reference.model;\n"])

    def all_texts(self):
        """Every text that a rule may read."""
        # The stored form of a lead without a name is named after its number
        names = {"true", "false", *(f"c{number}" for number in range(len(self.leads) + 2))}
        return sorted(names.union(text for lead in self.leads for value in lead.values() for text in strings(value)))

    def learn_stems(self):
        """The stem of each word, as the server's stemmers give it; a stop word is its own stem."""
        words = {t for text in self.all_texts() for t in brim_texts.tokens(text)}
        words |= {t for spec in self.specs for rule in spec["rules"] for k in rule.get("keywords", ()) for t in brim_texts.tokens(k)}
        words = sorted(w for w in words if brim_texts.is_word(w))
        languages = sorted({spec.get("language", "english") for spec in self.specs})
        script = list(copy_in("reference.text", enumerate(words)))
        for language in languages:
            script.append(copy_out(f"SELECT '{language}', no, coalesce((ts_lexize('pg_catalog.{language}_stem', text))[1], text) FROM reference.text"))
        stems = {}
        for line in psql(script + ["TRUNCATE reference.text;\n"]):
            language, no, stem = copied(line)
            stems[language, words[int(no)]] = stem
        self.world.stem = lambda language, word: stems[language, word]

    def learn_letters(self):
        """Which characters of the texts the server's regular expressions take for letters, digits, white space."""
        chars = sorted({c for text in self.all_texts() for c in text})
        patterns = {name: rf"\{name[0]}" if name in ("word", "digit", "space") else f"[[:{name}:]]" for name in brim_regex.ASCII}
        script = [*copy_in("reference.text", enumerate(chars)),
                  *(copy_out(f"SELECT '{name}', no FROM reference.text WHERE text ~ '{pattern}'") for name, pattern in patterns.items()),
                  "TRUNCATE reference.text;\n"]
        members = {name: set(found) for name, found in brim_regex.ASCII.items()}
        for line in psql(script):
            name, no = copied(line)
            members[name].add(chars[int(no)])
        self.world.members = {name: frozenset(found) for name, found in members.items()}

    def learn_events(self):
        """The events in each text, as the server finds them, and what each class weighs."""
        told = {(text, brim_reference.SOURCES.get(column), company)
                for number, lead in enumerate(self.leads) for column, value in lead.items() for text in strings(value)
                for company in ([lead["company_name"]] if lead.get("company_name") else [None, f"c{number}", f"c{number + 1}"])}
        told |= {(f"c{number}", None, f"c{number}") for number in range(len(self.leads) + 2)}
        told = sorted(told, key=repr)
        script = [*copy_in("reference.told", ((no, *what) for no, what in enumerate(told))), copy_out(EVENTS), copy_out("SELECT 'today', current_date"),
                  copy_out("SELECT 'class', c.* FROM (" + CLASSES + ") AS c"), "TRUNCATE reference.told;\n"]
        events, classes = collections.defaultdict(set), {}
        for line in psql(script):
            fields = copied(line)
            if fields[0] == "today":
                self.world.today = datetime.date.fromisoformat(fields[1])
            elif fields[0] == "class":
                classes[fields[1]] = brim_reference.units(fields[2]), None if fields[3] is None else Decimal(fields[3])
            else:
                events[told[int(fields[0])]].add((fields[1], fields[2] == "t", fields[3] == "t"))
        self.world.events = lambda text, source, company: events.get((text, source, company), ())
        self.world.classes = classes

    def world_of_spec(self, spec):
        """A spec has its own day, or none."""
        return World(self.world.stem, self.world.events, self.world.classes, None, self.world.members)

    # -- characters -------------------------------------------------------

    def characters(self, first):
        """Every character: does a word end before it, is it white space, what is it in lower case?"""
        spec = from_json('{"fit_weight": 0.6, "intent_weight": 0.4, "rules": ['
                         '{"dimension": "fit", "signal": "s", "attribute": "notes", "kind": "words", "keywords": ["ops"], "points": 100},'
                         '{"dimension": "intent", "signal": "s", "attribute": "notes", "kind": "words", "keywords": ["ops x"], "points": 100}]}')
        words = [(weight, brim_texts.sequence(keyword, None, True)) for weight, keyword in ((60, "ops"), (40, "ops x"))]
        for line in psql(copy_out(f"SELECT no, brim_score(l, {spec_sql(spec)}), ascii(lower(chr(no)))"
                                  f" FROM (SELECT no, 'ops' || chr(no) || 'x' AS notes FROM generate_series({max(1, first)}, {first + 0x7FFF}) AS no WHERE no NOT BETWEEN 55296 AND 57343) AS l")):
            code, score, small = map(int, line.split("\t"))
            char = chr(code)
            if unicodedata.ucd_3_2_0.category(char) == "Cn" or code in UNDECIDED:
                continue            # versions of Unicode may differ in those
            lead = {"notes": "ops" + char + "x"}
            text = brim_texts.sequence.__wrapped__(lead["notes"])
            want = sum(weight for weight, word in words if word in text)
            if score != want:
                raise Mismatch(f"U+{code:04X} {unicodedata.name(char, '')}: score {score}, the reference says {want}", spec, lead)
            if chr(small) != brim_texts.lower(char):
                raise Mismatch(f"U+{code:04X} is U+{small:04X} in lower case, U+{ord(brim_texts.lower(char)):04X} for the reference", spec, lead)
            self.counts["characters"] += 1

    # -- comparing --------------------------------------------------------

    def compare(self, counter, spec, lead, want, forms, values):
        expected = f"{want.total},{want.fit},{want.intent}"
        for form, value in zip(forms, values):
            if value != expected:
                raise Mismatch(f"{spec.get('name')}, {form}: total,fit,intent are {value}, the reference says {expected}", spec, lead, form)
            self.counts[counter] += 3

    def compare_explanation(self, spec, lead, want, text):
        faults = faults_of_explanation(from_json(text), want, self.features)
        if faults:
            raise Mismatch(f"{spec.get('name')}, brim_explain: " + "; ".join(faults), spec, lead, "brim_explain")
        self.counts["explanations"] += 1
        self.counts["signals"] += len(want.signals)

    def shipped_slice(self, place, first, last):
        """Some leads x a model there is."""
        name, spec, is_published, is_default = self.shipped[place]
        text = literal(to_json(spec)) + "::jsonb"
        named = []
        if is_published:
            named.append(literal(name.split("@")[0]))
        if "version" in self.features:
            named.append(literal(name))
        rows = {"table row": "l", "view row": "v", "row of other types": "q", "subquery row": "p", "composite value": "c.r"}
        forms = {f"{row}, spec": (alias, text) for row, alias in rows.items()}
        for model in named:
            forms.update({f"{row}, {model}": (alias, model) for row, alias in rows.items()})
        if is_default:
            forms["table row, NULL"] = "l", "NULL::text"
        columns = [scores(*form) for form in forms.values()]
        if is_default:
            forms["table row, no model"] = None
            columns.append("concat_ws(',', brim_score(l), brim_fit_score(l), brim_intent_score(l))")
        dated = self.model(spec, self.world), self.model(spec, self.world_of_spec)
        ways = [dated[1] if form.endswith(", spec") else dated[0] for form in forms]
        explained = (named or [text])[0]
        forms = list(forms)
        query = f"SELECT l.id, {', '.join(columns)}, brim_explain(l, {explained}) FROM {ROWS} WHERE l.id BETWEEN {first} AND {last}"
        for line in psql(copy_out(query)):
            fields = copied(line)
            lead = self.leads[int(fields[0])]
            wants = [dated[0].score(lead)] * 2
            if has_events(spec):
                wants[1] = dated[1].score(lead)
            for want, way in zip(wants, dated):
                chosen = [i for i, form_way in enumerate(ways) if form_way is way]
                self.compare("shipped", spec, lead, want, [forms[i] for i in chosen], [fields[1 + i] for i in chosen])
            self.compare_explanation(spec, lead, wants[0 if named else 1], fields[-1])

    def model(self, spec, world):
        """A model made ready, which remembers texts from one slice of the leads to the next."""
        key = spec["name"], spec["version"], world is self.world
        if key not in self.ready:
            self.ready[key] = Model(spec, world if world is self.world else world(spec))
        return self.ready[key]

    def store_models(self, first, last):
        """SQL that writes the specs into the tables."""
        new = "signals" in self.features
        which = f"n BETWEEN {first} AND {last}"
        yield ("INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight, high_above, medium_above, qualified_above"
               + (", missing_policy, language" if new else "") + ")\n"
               "SELECT spec ->> 'name', (spec ->> 'version')::integer, (spec ->> 'fit_weight')::numeric, (spec ->> 'intent_weight')::numeric,\n"
               "       coalesce((spec ->> 'high_above')::integer, 80), coalesce((spec ->> 'medium_above')::integer, 60),\n"
               "       coalesce((spec ->> 'qualified_above')::integer, 75)"
               + (", coalesce(spec ->> 'missing_policy', 'ignore'), coalesce(spec ->> 'language', 'english')" if new else "")
               + f"\n  FROM reference.model WHERE {which};\n")
        if new:
            yield ("INSERT INTO brim.scoring_signal (model, version, dimension, signal, combine, min_points, max_points, prior_points)\n"
                   "SELECT spec ->> 'name', (spec ->> 'version')::integer, s ->> 'dimension', s ->> 'signal', coalesce(s ->> 'combine', 'average'),\n"
                   "       coalesce((s ->> 'min_points')::integer, -100), coalesce((s ->> 'max_points')::integer, 100), (s ->> 'prior_points')::integer\n"
                   f"  FROM reference.model, jsonb_array_elements(spec -> 'signals') AS s WHERE {which};\n")
        yield ("INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, high, keywords, points, weight, reason, reason_kind"
               + (", path, pattern, stem" if new else "") + ")\n"
               "SELECT spec ->> 'name', (spec ->> 'version')::integer, coalesce((r ->> 'rule_no')::integer, no), r ->> 'dimension', r ->> 'signal', r ->> 'attribute', r ->> 'kind',\n"
               "       (r ->> 'low')::numeric, (r ->> 'high')::numeric,\n"
               "       CASE WHEN r ? 'keywords' THEN ARRAY(SELECT jsonb_array_elements_text(r -> 'keywords')) END,\n"
               "       (r ->> 'points')::integer, coalesce((r ->> 'weight')::numeric, 1), r ->> 'reason', r ->> 'reason_kind'"
               + (",\n       CASE WHEN r ? 'path' THEN ARRAY(SELECT jsonb_array_elements_text(r -> 'path')) END, r ->> 'pattern', coalesce((r ->> 'stem')::boolean, false)"
                  if new else "")
               + f"\n  FROM reference.model, jsonb_array_elements(spec -> 'rules') WITH ORDINALITY AS e (r, no) WHERE {which};\n")

    def window(self, n):
        """The leads that random model n scores."""
        each = min(self.options.each, len(self.leads))
        start = random.Random(self.options.seed * 1000003 + n).randrange(len(self.leads) - each + 1)
        return start, start + each - 1

    def random_batch(self, first, last):
        """Some random models: as values, then by name, and leads stored with them; all in one transaction that is rolled back."""
        script = ["BEGIN;\n", *self.store_models(first, last)]
        by_value = {"table row, spec": ("l", "m.spec"), "row of other types, spec": ("q", "m.spec"), "composite value, spec": ("c.r", "m.spec"),
                    "table row, spec of brim.model_spec": ("l", "s.spec")}
        by_name = {"table row, name": "l", "row of other types, name": "q"}
        if "version" in self.features:
            by_name["table row, name@version"] = "l"
        for n in range(first, last + 1):
            # Materialized, a spec is unpacked once and not for each lead
            spec, (start, end) = self.specs[n], self.window(n)
            script.append(copy_out(
                f"WITH m AS MATERIALIZED (SELECT spec || '{{}}' AS spec FROM reference.model WHERE n = {n}), s AS MATERIALIZED (SELECT spec FROM brim.model_spec WHERE name = {literal(spec['name'])})"
                f" SELECT 'V{n}', l.id, {', '.join(scores(*form) for form in by_value.values())}, brim_explain(l, m.spec) FROM {ROWS} CROSS JOIN m CROSS JOIN s WHERE l.id BETWEEN {start} AND {end}"))
        script.append(f"DO $$ BEGIN PERFORM brim_publish_model(spec ->> 'name') FROM reference.model WHERE n BETWEEN {first} AND {last}; END $$;\n")
        for n in range(first, last + 1):
            spec, (start, end) = self.specs[n], self.window(n)
            name = literal(spec["name"])
            names = {form: (row, literal(f"{spec['name']}@{spec['version']}") if form.endswith("@version") else name) for form, row in by_name.items()}
            script.append(copy_out(
                f"SELECT 'N{n}', l.id, {', '.join(scores(*form) for form in names.values())}, brim_explain(l, {name}) FROM {ROWS} WHERE l.id BETWEEN {start} AND {end}"))
            script.append(self.store_leads(f"id BETWEEN {start} AND {min(end, start + STORED_EACH - 1)}", name))
            script.append(self.stored_query(f"S{n}", name))
        script.append("ROLLBACK;\n")
        current, models = None, ()
        for line in psql(script):
            kind, n, fields = line[0], int(line[1:line.index("\t")]), copied(line)
            spec = self.specs[n]
            if current != (kind, n):
                # By name a model has the day of the server, and so has what is stored; by spec its own, or none
                current, stored = (kind, n), {k: v for k, v in spec.items() if k != "as_of"}
                models = [Model(spec, self.world_of_spec(spec)), Model(stored, self.world_of_spec(spec))] if kind == "V" else [Model(stored, self.world)]
            if kind == "S":
                self.compare_stored(spec, models[0], fields[1:])
                continue
            lead = self.leads[int(fields[1])]
            wants = [model.score(lead) for model in (models if has_events(spec) else models[:1])]
            if kind == "V":
                forms = list(by_value)
                self.compare("random", spec, lead, wants[0], forms[:-1], fields[2:-2])
                self.compare("random", spec, lead, wants[-1], forms[-1:], fields[-2:-1])
            else:
                self.compare("random", spec, lead, wants[0], by_name, fields[2:-1])
            self.compare_explanation(spec, lead, wants[0], fields[-1])
        self.counts["models"] += last - first + 1

    @staticmethod
    def store_leads(which, model):
        columns = [c for c in generate.LEAD_COLUMNS if c != "company_name"]
        return (f"INSERT INTO brim.lead (company_id, company_name, {', '.join(columns)}, model)\n"
                f"SELECT 'reference ' || id || ' ' || {model}, coalesce(nullif(company_name, ''), 'c' || id), {', '.join(columns)}, {model}\n"
                f"  FROM reference.pool WHERE {which};\n")

    @staticmethod
    def stored_query(mark, model):
        return copy_out(f"SELECT '{mark}', split_part(l.company_id, ' ', 2), concat_ws(',', l.total_score, l.fit_score, l.intent_score), {scores('l', 'l.model')},"
                        f" concat_ws(',', l.confidence, l.action, l.model, l.model_version) FROM brim.lead AS l"
                        f" WHERE l.model = {model} AND l.company_id LIKE 'reference %'")

    def compare_stored(self, spec, model, fields):
        no, stored, computed, rest = fields
        lead = {c: v for c, v in self.leads[int(no)].items() if c in generate.LEAD_COLUMNS}
        lead["company_name"] = lead["company_name"] or "c" + no
        want = model.score(lead)
        self.compare("stored", spec, lead, want, ["stored columns", "row of brim.lead"], [stored, computed])
        expected = f"{want.confidence:.2f},{want.action},{spec['name']},{spec['version']}"
        if rest != expected:
            raise Mismatch(f"{spec['name']}: confidence, action, model, version are stored as {rest}, the reference says {expected}", spec, lead, "stored columns")
        self.counts["leads stored"] += 1

    def random_models(self, first, last):
        try:
            self.random_batch(first, last)
        except ServerError as error:
            self.find_error(first, last, error)

    def find_error(self, first, last, error):
        """Which of the models the server refuses, and for which lead."""
        for n in range(first, last + 1):
            spec, (start, end) = self.specs[n], self.window(n)
            try:
                run(copy_out(f"SELECT brim_explain(l, m.spec) FROM reference.pool AS l, reference.model AS m WHERE m.n = {n} AND l.id BETWEEN {start} AND {end}"))
            except ServerError:
                for lead in self.leads[start:end + 1]:
                    faults = faults_of_spec(spec, lead, self.world_of_spec(spec), self.features)
                    if faults and faults[0].startswith("the server says"):
                        raise Mismatch(f"{spec['name']}: {faults[0]}", spec, lead) from None
            try:
                self.random_batch(n, n)
            except ServerError as alone:
                raise Mismatch(f"{spec['name']}: the server says: {alone}", spec, self.leads[start], "by stored rows") from None
        raise error

    def stored_leads(self, place, models):
        """Leads stored with one of the shipped models, each of which gets its share of all."""
        name, spec, _, _ = self.shipped[models[place]]
        name = literal(name.split("@")[0])
        model = Model(spec, self.world)
        for line in psql(["BEGIN;\n", self.store_leads(f"id % {len(models)} = {place}", name), self.stored_query("S", name), "ROLLBACK;\n"]):
            self.compare_stored(spec, model, copied(line)[1:])

    # -- all of it --------------------------------------------------------

    def share_out(self, tasks):
        """Let several processes do (method, argument...)."""
        if self.options.jobs == 1:
            for name, *arguments in tasks:
                getattr(self, name)(*arguments)
            return
        with multiprocessing.get_context("fork").Pool(self.options.jobs, remember, (self,)) as pool:
            for counts, mismatch in pool.imap_unordered(work, tasks):
                self.counts.update(counts)
                if mismatch is not None:
                    raise Mismatch(*mismatch)

    def say(self, text):
        print(f"{text} ({time.monotonic() - self.started:.0f} s)", flush=True)

    def all(self):
        self.started = time.monotonic()
        self.prepare()
        names = ", ".join(sorted(self.features)) or "none beyond the first rules"
        print(f"features: {names}; seed {self.options.seed}", flush=True)
        count = self.counts
        leads, models = len(self.leads), len(self.specs)
        self.share_out([("shipped_slice", place, first, min(first + SLICE, leads) - 1) for first in range(0, leads, SLICE) for place in range(len(self.shipped))])
        self.say(f"shipped: {len(self.shipped)} models x {leads} leads, {count['shipped']} scores equal the reference")
        self.share_out([("random_models", first, min(first + BATCH, models) - 1) for first in range(0, models, BATCH)])
        self.say(f"random: {count['models']} models x {min(self.options.each, leads)} leads, {count['random']} scores equal the reference")
        published = [place for place, model in enumerate(self.shipped) if model[2]]
        self.share_out([("stored_leads", place, published) for place in range(len(published))] + [("characters", first) for first in range(0, 0x110000, 0x8000)])
        self.say(f"stored: {count['leads stored']} leads, {count['stored']} scores equal the reference")
        self.say(f"explain: {count['explanations']} explanations, {count['signals']} signals equal the reference"
                 + (", contributions add up to the total" if "explain" in self.features else ""))
        self.say(f"characters: {count['characters']} end words, are white space, and are in lower case as in the reference")
        run("DROP SCHEMA reference CASCADE")


def remember(current):
    """A process that shares in the work knows what this one does."""
    global shared
    shared = current


def work(task):
    name, *arguments = task
    shared.counts = collections.Counter()
    try:
        getattr(shared, name)(*arguments)
    except Mismatch as mismatch:
        return shared.counts, (mismatch.what, mismatch.spec, mismatch.lead, mismatch.name)
    return shared.counts, None


def main():
    parser = argparse.ArgumentParser(description="Compare brim with test/reference/brim_reference.py.")
    parser.add_argument("--leads", type=int, default=100000, help="random leads")
    parser.add_argument("--models", type=int, default=2000, help="random models")
    parser.add_argument("--each", type=int, default=200, help="leads that each random model scores")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count()), help="processes, each with a connection")
    parser.add_argument("--features", default="auto", help="auto, old, full or names, such as full,-event")
    options = parser.parse_args()
    current = Run(options)
    try:
        current.all()
    except Mismatch as mismatch:
        # By name a model has the day of the server, by spec its own
        report(mismatch, current.world_of_spec(mismatch.spec), current.features)
        return 1
    except ServerError as error:
        print(f"\nDIFFERENT: the server says: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
