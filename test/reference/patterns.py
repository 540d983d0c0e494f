"""Random regular expressions of what brim_regex.py knows, about the words that leads have."""

# Written by hand: what people search for, and the ends of what can be said
PATTERNS = ["ops", "^ops", "ops$", r"(^|[ ,/])ops([ .,]|$)", r"\mops\M", r"\m(dev|rev)?ops\M", r"\yoperations?\y", r"\Yops", "auto[a-z]+ engineer", "(cloud|data)",
            "c[+]{2}", r"c\+\+", r"\.net", "r.d", r"[0-9]+", r"\d{2,}", "x{2,3}", "^$", "^.*$", ".*?ops", "^.+?[ ,]", "zürich", "^.{3,5}$", r"^\S+$", r"\w+\s+\w+$",
            "(sales|ops).*(make|zapier)", "a+b?c*", "[öü]s", "[à-ö]+", "опс|москва", "上海|运", "[^a-z ]", r"\W\W+", "engineers?$", "e-?commerce", "(ops ?){2}",
            "[[:alpha:]]+[[:digit:]]", r"[[:space:]_-]ops", "op|ops|opsec", "(?:op|ops)(?:s|ec)?", "Σ", "straße", "(a|ab)(c|bc)?", r"make|zapier|\$", "ops.?$"]
LITERALS = ["ops", "op", "sales", "eng", "make", "za", "data", "a", "e", "s", "o", "n", "x", "2", "ö", "ß", "ü", "運", "运", "营", "м", "Σ", "-", " ", "/", ",", r"\.", r"\+", "#", "&",
            r"\(", r"\)", r"\[", r"\*", r"\?", r"\{", r"\\", r"\^", r"\$"]
SETS = ["[a-f]", "[aeiou]", "[^ ]", "[^a-z]", "[a-z0-9]", "[öüß]", "[à-ö]", "[а-я]", "[ _/-]", "[[:alpha:]]", "[^[:alnum:]]", "[[:digit:]x]", "[^[:space:],]", r"\d", r"\s", r"\w", r"\D", r"\S", r"\W", ".", "."]
QUANTIFIERS = ["*", "+", "?", "?", "{2}", "{1,2}", "{2,}", "{0,3}"]
PLACES = ["^", "$", r"\m", r"\M", r"\y", r"\Y"]


def branch(random, depth):
    text = ""
    for _ in range(random.choice([1, 1, 2, 2, 3, 4])):
        kind = random.random()
        if kind < 0.1:
            text += random.choice(PLACES)           # nothing may count how often
            continue
        if kind < 0.3 and depth < 2:
            text += random.choice(["(", "(?:"]) + expression(random, depth + 1) + ")"
        else:
            text += random.choice(LITERALS if kind < 0.7 else SETS)
        if random.random() < 0.35:
            text += random.choice(QUANTIFIERS)
            if random.random() < 0.2:
                text += "?"
    return text


def expression(random, depth=0):
    return "|".join(branch(random, depth) for _ in range(random.choice([1, 1, 1, 2, 3])))


def pattern(random):
    return random.choice(PATTERNS) if random.random() < 0.5 else expression(random)
