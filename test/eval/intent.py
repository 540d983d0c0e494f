#!/usr/bin/python3
"""Compare the events that brim finds in texts with those that people found.

    intent.py DRIVER LEXICON.tsv FILE.tsv [--errors]
    intent.py DRIVER LEXICON.tsv FILE.tsv --binary

FILE.tsv: columns id, source, company, text, events (class:certainty;...), the
company's own events that are stated or hedged.  --binary: columns
document_id, sentence, text, event_subtypes, intent, where intent is
cost_cutting, expansion or other; the classes are taken together as below.
Sentences whose words and signs stand apart ("Acme ' s $ 5 million , it
did n't say") are put together first, as they were written.
"""

import csv
import re
import subprocess
import sys

# Costs, people and places that go; people who leave are mostly executives
COST_CUTTING = {"layoffs", "cost_cutting", "office_closure", "leadership_departure"}
EXPANSION = {"expansion", "new_market", "mass_hiring", "leadership_hire", "product_launch", "acquisition",
             "acquired", "partnership", "customer_win", "funding"}


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def escape(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def run(driver, lexicon, rows):
    """The events of each text: class, certainty, subject, evidence."""
    lines = "".join("\t".join(escape(field) for field in row) + "\n" for row in rows)
    out = subprocess.run([driver, lexicon], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout
    found = []
    for line in out.decode("utf-8", "replace").split("\n")[:-1]:
        events = [part.split(":", 7) for part in line.split("\x1f") if part]
        found.append([(e[0], e[1], e[2], e[7]) for e in events])
    if len(found) != len(rows):
        sys.exit("the driver gave %d answers to %d texts" % (len(found), len(rows)))
    return found


def score(true_positives, found, expected):
    precision = true_positives / found if found else 0.0
    recall = true_positives / expected if expected else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def own(events):
    """Class -> the surest of the company's own events."""
    best = {}
    for name, certainty, subject, _ in events:
        if subject == "own" and certainty != "negated" and best.get(name) != "stated":
            best[name] = certainty
    return best


def evaluate(driver, lexicon, path, show):
    rows = read(path)
    found = run(driver, lexicon, [(r["source"], r["company"], r["text"]) for r in rows])
    counts = {}
    exact = exact_all = same = both = 0
    for row, events in zip(rows, found):
        expected = dict(e.strip().split(":") for e in (row["events"] or "").split(";") if e.strip())
        got = own(events)
        right = set(expected) == set(got)
        exact += right
        exact_all += expected == got
        for name in set(expected) | set(got):
            c = counts.setdefault(name, [0, 0, 0])
            c[0] += name in expected and name in got
            c[1] += name in got
            c[2] += name in expected
        for name in set(expected) & set(got):
            both += 1
            same += expected[name] == got[name]
        if show and (not right or expected != got):
            print("%s [%s] %s" % (row["id"], row["company"], row["text"]))
            print("    expected %s; found %s" % (row["events"] or "nothing", "; ".join(":".join(e) for e in events) or "nothing"))
    values = []
    print("%-22s %5s %9s %9s %9s" % ("class", "texts", "precision", "recall", "F1"))
    for name in sorted(counts):
        true_positives, nfound, nexpected = counts[name]
        p, r, f = score(true_positives, nfound, nexpected)
        if nexpected:
            values.append(f)
        print("%-22s %5d %9.2f %9.2f %9.2f" % (name, nexpected, p, r, f))
    total = [sum(c[i] for c in counts.values()) for i in range(3)]
    print("texts %d" % len(rows))
    print("exact match of the set of classes %.3f" % (exact / len(rows)))
    print("exact match with certainty %.3f" % (exact_all / len(rows)))
    print("macro F1 %.3f" % (sum(values) / max(len(values), 1)))
    print("micro precision %.3f recall %.3f F1 %.3f" % score(*total))
    print("certainty right %.3f of %d" % (same / max(both, 1), both))


def as_written(text):
    text = re.sub(r"` `|' '|``|''", '"', text)
    text = re.sub(r" ' (s|re|ve|ll|d|m)\b", r"'\1", text)
    text = re.sub(r" n't\b", "n't", text)
    text = re.sub(r"([$£€(]) ", r"\1", text)
    return re.sub(r" ([.,;:!?%)])", r"\1", text)


def evaluate_binary(driver, lexicon, path, show):
    rows = read(path)
    found = run(driver, lexicon, [("news", "", as_written(r["text"])) for r in rows])
    for name, classes in (("cost_cutting", COST_CUTTING), ("expansion", EXPANSION)):
        counts = [0, 0, 0]
        for row, events in zip(rows, found):
            got = bool(classes & set(own(events)))
            expected = row["intent"] == name
            counts[0] += got and expected
            counts[1] += got
            counts[2] += expected
            if show == name and got != expected:
                print("%s %s %s" % ("missed" if expected else "wrong", row["text"],
                                    ["%s:%s" % (e[0], e[3]) for e in events if e[0] in classes]))
        print("%-13s precision %.3f recall %.3f F1 %.3f" % ((name,) + score(*counts)))


def main():
    options = [a for a in sys.argv[1:] if a.startswith("--")]
    files = [a for a in sys.argv[1:] if not a.startswith("--")]
    if len(files) != 3:
        sys.exit(__doc__)
    if "--binary" in options:
        show = next((o[9:] for o in options if o.startswith("--errors=")), None)
        evaluate_binary(*files, show)
    else:
        evaluate(*files, "--errors" in options)


main()
