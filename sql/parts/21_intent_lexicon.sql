-- The lexicon: which words in news and job posts stand for which event. docs/intent.md has the notation.
-- The words are in data/lexicon; make puts their rows behind this part.

CREATE TABLE brim.intent_class (
    class text COLLATE "C" PRIMARY KEY CHECK (class ~ '^[a-z][a-z0-9_]{0,62}$'),
    polarity integer NOT NULL CHECK (polarity BETWEEN -1 AND 1),
    weight numeric(5,4) NOT NULL DEFAULT 1 CHECK (weight > 0 AND weight <= 1),
    half_life_days integer CHECK (half_life_days > 0),
    description text NOT NULL DEFAULT '',
    is_active boolean NOT NULL DEFAULT true,
    is_standard boolean NOT NULL DEFAULT false,
    is_shipped boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE brim.intent_class IS 'One row a kind of event that is looked for in news and job posts. Key: class';
COMMENT ON COLUMN brim.intent_class.class IS 'Name of the kind of event: funding, layoffs, ...';
COMMENT ON COLUMN brim.intent_class.polarity IS '1: good news of a company that might buy; -1: bad news; 0: neither';
COMMENT ON COLUMN brim.intent_class.weight IS 'How much an event counts where rules score by events, above 0 and up to 1';
COMMENT ON COLUMN brim.intent_class.half_life_days IS 'Days after which an event counts half; NULL: it counts fully for ever';
COMMENT ON COLUMN brim.intent_class.description IS 'What belongs to it';
COMMENT ON COLUMN brim.intent_class.is_active IS 'True: it is looked for. False: rules may still name it';
COMMENT ON COLUMN brim.intent_class.is_standard IS
    'A row of this key comes with the extension: it may be changed and switched off, not deleted';
COMMENT ON COLUMN brim.intent_class.is_shipped IS
    'The row is as the extension brought it along; a change of the row clears the mark. Only other rows are dumped';

CREATE TABLE brim.intent_term (
    class text COLLATE "C" NOT NULL,
    term_no integer NOT NULL CHECK (term_no > 0),
    source text NOT NULL DEFAULT 'any' CHECK (source IN ('news', 'job_post', 'any')),
    words text[] NOT NULL,
    near text[] NOT NULL DEFAULT '{}',
    unless text[] NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    is_standard boolean NOT NULL DEFAULT false,
    is_shipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (class, term_no),
    FOREIGN KEY (class) REFERENCES brim.intent_class (class) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT intent_term_has_words CHECK (cardinality(words) > 0),
    CONSTRAINT intent_term_phrases_are_given CHECK (
        array_position(words, NULL) IS NULL AND array_position(near, NULL) IS NULL AND array_position(unless, NULL) IS NULL
        AND array_position(words, '') IS NULL AND array_position(near, '') IS NULL AND array_position(unless, '') IS NULL)
);
COMMENT ON TABLE brim.intent_term IS
    'One row a way of saying that an event happened. Key: class, term_no; brim uses numbers below 1000. A sentence '
    'says it when one of words is in it, one of near is close to that (where near is not empty), and none of '
    'unless is';
COMMENT ON COLUMN brim.intent_term.class IS 'Kind of event';
COMMENT ON COLUMN brim.intent_term.term_no IS 'Number of the term in its class; own ones from 1000';
COMMENT ON COLUMN brim.intent_term.source IS 'Where it is looked for: news, job_post, any';
COMMENT ON COLUMN brim.intent_term.words IS
    'Words or phrases one of which must be in the sentence; a trailing * for any ending, a leading = for the case '
    'as written';
COMMENT ON COLUMN brim.intent_term.near IS
    'Words or phrases one of which must stand close to it, or {money}, {number}, {percent}, {people}, {company}, '
    '{name}; > after it, < before it, with a number of words between, ^ anywhere in the sentence';
COMMENT ON COLUMN brim.intent_term.unless IS 'Words or phrases that must not stand close to it; written like near';
COMMENT ON COLUMN brim.intent_term.is_active IS 'True: it is looked for';
COMMENT ON COLUMN brim.intent_term.is_standard IS
    'A row of this key comes with the extension: it may be changed and switched off, not deleted';
COMMENT ON COLUMN brim.intent_term.is_shipped IS
    'The row is as the extension brought it along; a change of the row clears the mark. Only other rows are dumped';

CREATE TABLE brim.intent_cue (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('negation', 'negation_after', 'hedge', 'hedge_after', 'hedge_sentence',
                                                   'break', 'ignore', 'other', 'own', 'job_post')),
    phrase text COLLATE "C" NOT NULL CHECK (phrase ~ '[[:alnum:]]'),
    is_active boolean NOT NULL DEFAULT true,
    is_standard boolean NOT NULL DEFAULT false,
    is_shipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kind, phrase)
);
COMMENT ON TABLE brim.intent_cue IS 'One row a word or phrase that turns what a sentence says. Key: kind, phrase';
COMMENT ON COLUMN brim.intent_cue.kind IS
    'negation, hedge: deny what follows or put it in doubt; negation_after, hedge_after: what stands before; '
    'hedge_sentence: all of the sentence; break: ends their reach; ignore: takes cues inside it away; other: beside '
    'the company''s name means another company; own: stands for the company; job_post: the text is a job post';
COMMENT ON COLUMN brim.intent_cue.phrase IS 'The word or phrase, written like words of brim.intent_term';
COMMENT ON COLUMN brim.intent_cue.is_active IS 'True: it counts';
COMMENT ON COLUMN brim.intent_cue.is_standard IS
    'A row of this key comes with the extension: it may be changed and switched off, not deleted';
COMMENT ON COLUMN brim.intent_cue.is_shipped IS
    'The row is as the extension brought it along; a change of the row clears the mark. Only other rows are dumped';

-- What users made is dumped; what was shipped is there after CREATE EXTENSION.
SELECT pg_catalog.pg_extension_config_dump('brim.intent_class', 'WHERE NOT is_shipped');
SELECT pg_catalog.pg_extension_config_dump('brim.intent_term', 'WHERE NOT is_shipped');
SELECT pg_catalog.pg_extension_config_dump('brim.intent_cue', 'WHERE NOT is_shipped');
