--
-- Events in texts: which, how sure, whose, where, how much. Own classes and
-- terms stand beside the shipped ones.
--
SET client_min_messages = warning;
CREATE EXTENSION brim;
\set SHOW_CONTEXT never

-- What is said, denied, in doubt
SELECT t.no, s.class, s.certainty, s.subject, s.evidence, s."position"
  FROM (VALUES
    (1, 'Acme raises $18.5M Series A led by two funds'),
    (2, 'Acme denies it is planning layoffs'),
    (3, 'Acme may cut 200 jobs in Ohio'),
    (4, 'Acme did not cut jobs, but it froze hiring'),
    (5, 'Acme cuts ribbon at new plant'),
    (6, 'Acme raises awareness of allergies'),
    (7, 'Acme launches investigation into leak of oil'),
    (8, 'The takeover of Acme has been called off.'),
    (9, 'Sources say Acme will close its Bristol office.'),
    (10, 'Acme opens at $12 and closes at a record high'),
    (11, 'Acme Inc. opened a second plant. It also named a new CFO.'),
    (12, ''),
    (13, NULL)
  ) AS t (no, content)
 CROSS JOIN LATERAL brim_intent_signals(t.content, 'Acme Inc.', 'news') AS s
 ORDER BY t.no, s."position", s.class;

-- Whose event it is
SELECT t.no, s.class, s.subject, s.evidence
  FROM (VALUES
    (1, 'Globex acquires Acme for $300 million'),
    (2, 'Acme acquires Globex for $300 million'),
    (3, 'Acme was bought by Globex'),
    (4, 'Globex was bought by Acme'),
    (5, 'Acme rival Globex raises $20M'),
    (6, 'Globex, a partner of Acme, cuts 300 jobs'),
    (7, 'Acme-backed Globex opens a new office in Paris'),
    (8, 'Globex opens a new office next to Acme'),
    (9, 'The company opens a new office next to its old one')
  ) AS t (no, content)
 CROSS JOIN LATERAL brim_intent_signals(t.content, 'Acme', 'news') AS s
 ORDER BY t.no, s."position", s.class;

-- Figures
SELECT t.no, s.class, s.amount, s.currency, s.round, s.people, s.published_on, s.weight
  FROM (VALUES
    (1, '2026-01-31: Acme raises $18.5M Series A'),
    (2, 'Acme raised €1,250,000 in seed funding (2025-12-01)'),
    (3, 'Acme secures £7.125 million growth facility from its bank'),
    (4, 'Acme raises 40 million dollars in a pre-seed round'),
    (5, 'Acme raises US$ 1.2bn'),
    (6, 'Acme cuts 1,200 jobs to save $30m a year'),
    (7, '[2024-02-29] Acme to hire 350 engineers'),
    (8, '2025-02-29 Acme to hire 350 engineers'),
    (9, 'Acme mops up ₹120 crore from backers in Series C round')
  ) AS t (no, content)
 CROSS JOIN LATERAL brim_intent_signals(t.content, 'Acme', 'news') AS s
 ORDER BY t.no, s."position", s.class;

-- Positions count characters of the text as given
SELECT s.class, s.certainty, s.evidence, s."position",
       substr(t.content, s."position", length(s.evidence)) = s.evidence AS at_position
  FROM (VALUES ('Körner Maschinenbau – “größter Auftrag” – doesn’t plan layoffs'),
               ('MÜLLER ÖFFNET: MÜLLER RAISES €5M FOR A NEW FACTORY IN KÖLN'),
               ('Ünïcödé İİİ Acme’s ÄÖÜ raises $5M')) AS t (content)
 CROSS JOIN LATERAL brim_intent_signals(t.content, NULL, 'news') AS s
 ORDER BY t.content, s."position", s.class;

-- Job posts; what a text is is decided from it where it is not said
SELECT t.no, t.source, s.class, s.certainty
  FROM (VALUES
    (1, 'job_post', 'RevOps Manager (m/f/d), remote'),
    (2, 'job_post', 'Laptop technician for our coffee shops'),
    (3, 'job_post', 'You make customers smile'),
    (4, 'job_post', 'Build workflows in Make and Zapier'),
    (5, NULL, 'Senior Backend Engineer, Berlin'),
    (6, NULL, 'Acme appoints a new VP of Sales'),
    (7, NULL, 'We are hiring: VP of Sales'),
    (8, 'news', 'Senior Backend Engineer, Berlin')
  ) AS t (no, source, content)
 CROSS JOIN LATERAL brim_intent_signals(t.content, 'Acme', t.source) AS s
 ORDER BY t.no, s."position", s.class;

SELECT * FROM brim_intent_signals('Acme raises $5M', 'Acme', 'blog');

-- A lead: each entry of both lists, by any row that has one of them
INSERT INTO brim.lead (company_name, news_mentions, recent_job_posts)
VALUES ('Acme', ARRAY['Acme raises $5M', NULL, 'Globex, a rival of Acme, lays off 50 people', 'Weather was fine'],
        ARRAY['Operations Manager']);
SELECT s.attribute, s.entry, s.class, s.subject, s.amount
  FROM brim.lead AS l CROSS JOIN LATERAL brim_intent_signals(l) AS s;
SELECT s.attribute, s.entry, s.class
  FROM (SELECT 'Acme' AS company_name, 'Acme lays off 50 people' AS news_mentions) AS r
 CROSS JOIN LATERAL brim_intent_signals(r) AS s;
SELECT count(*) FROM brim_intent_signals(NULL::brim.lead);
SELECT * FROM brim_intent_signals(ROW(1, 2));

-- Own classes and terms
INSERT INTO brim.intent_class (class, polarity, weight, half_life_days, is_standard, is_shipped) VALUES ('award', 1, 0.25, 30, true, true);
INSERT INTO brim.intent_term (class, term_no, source, words, near, unless)
VALUES ('award', 1000, 'news', '{wins,won,=Prix}', '{">4award",prize*}', '{"<2never"}');
SELECT is_standard, is_shipped FROM brim.intent_class WHERE class = 'award';
SELECT s.class, s.polarity, s.weight, s.evidence
  FROM brim_intent_signals('Acme wins the Red Dot award. Acme takes the Prix, a prize of note. A prix prize.', 'Acme', 'news') AS s;
DELETE FROM brim.intent_class WHERE class = 'award';
SELECT count(*) FROM brim_intent_signals('Acme wins the Red Dot award', 'Acme', 'news');

-- A change of a shipped row is the user's
UPDATE brim.intent_class SET weight = 0.5 WHERE class = 'funding';
SELECT is_standard, is_shipped, weight FROM brim.intent_class WHERE class = 'funding';
SELECT s.class, s.weight FROM brim_intent_signals('Acme raises $5M', 'Acme', 'news') AS s;

-- Shipped rows stay, but can be switched off: a term, a cue, a class with all its terms. Rules may name the class still
BEGIN;
UPDATE brim.intent_cue SET is_active = false WHERE kind = 'negation' AND phrase = 'denies';
SELECT s.class, s.certainty FROM brim_intent_signals('Acme denies layoffs', 'Acme', 'news') AS s;
UPDATE brim.intent_class SET is_active = false WHERE class = 'layoffs';
SELECT count(*) FROM brim_intent_signals('Acme denies layoffs', 'Acme', 'news') AS s;
SELECT brim_intent_score(l, 'intent_plus') = brim_intent_score(l, spec) AS same_by_value, brim_intent_score(l, 'intent_plus') AS intent
  FROM (SELECT 'Acme' AS company_name, ARRAY['Acme lays off 50 people'] AS news_mentions, ARRAY['zapier'] AS tech_stack) AS l, brim.model_spec WHERE name = 'intent_plus';
UPDATE brim.intent_class SET is_active = true WHERE class = 'layoffs';
UPDATE brim.intent_term SET is_active = false WHERE class = 'layoffs';
SELECT count(*) FROM brim_intent_signals('Acme denies layoffs', 'Acme', 'news') AS s;
SELECT jsonb_array_length(spec -> 'lexicon' -> 'terms') = (SELECT count(*) FROM brim.intent_term WHERE is_active) AS terms,
       jsonb_array_length(spec -> 'lexicon' -> 'cues') = (SELECT count(*) FROM brim.intent_cue WHERE is_active) AS cues FROM brim.model_spec WHERE name = 'intent_plus';
UPDATE brim.intent_term SET is_standard = false WHERE class = 'layoffs';
SELECT DISTINCT is_shipped, is_standard FROM brim.intent_term WHERE class = 'layoffs';
ROLLBACK;
DELETE FROM brim.intent_class WHERE class = 'funding';
UPDATE brim.intent_term SET term_no = 1000 WHERE class = 'ipo' AND term_no = 1;
DELETE FROM brim.intent_cue WHERE kind = 'negation' AND phrase = 'denies';
TRUNCATE brim.intent_cue;

-- Rows that cannot be used are refused when they are written
INSERT INTO brim.intent_term (class, term_no, words) VALUES ('sponsoring', 1, '{sponsors}');
INSERT INTO brim.intent_term (class, term_no, words) VALUES ('funding', 1000, '{}');
INSERT INTO brim.intent_term (class, term_no, words) VALUES ('funding', 1000, '{""}');
INSERT INTO brim.intent_term (class, term_no, words) VALUES ('funding', 1000, '{"!!"}');
INSERT INTO brim.intent_term (class, term_no, words) VALUES ('funding', 1000, '{"raises {money} now"}');
INSERT INTO brim.intent_term (class, term_no, words) VALUES ('funding', 1000, '{*}');
INSERT INTO brim.intent_term (class, term_no, words, near) VALUES ('funding', 1000, '{raises}', '{>99money}');
INSERT INTO brim.intent_term (class, term_no, words, near) VALUES ('funding', 1000, '{raises}', '{>}');
INSERT INTO brim.intent_term (class, term_no, words, near) VALUES ('funding', 1000, '{raises}', '{NULL}');
INSERT INTO brim.intent_cue (kind, phrase) VALUES ('doubt', 'perhaps so');
INSERT INTO brim.intent_cue (kind, phrase) VALUES ('hedge', '');
INSERT INTO brim.intent_class (class, polarity) VALUES ('Bad name', 1);
INSERT INTO brim.intent_class (class, polarity) VALUES ('good_name', 2);

-- A company's name of any length and alphabet, of which only the beginning is looked for
SELECT count(*) FROM generate_series(1, 4) AS n, brim_intent_signals('Acme raises $5M', repeat('x', n) || repeat('ខ', 500), 'news') AS s;

-- Everybody may look for events, without rights on the lexicon
CREATE ROLE brim_test_nobody;
SET ROLE brim_test_nobody;
SELECT s.class FROM brim_intent_signals('Acme raises $5M', 'Acme', 'news') AS s;
SELECT count(*) FROM brim.intent_term;
RESET ROLE;
DROP ROLE brim_test_nobody;

DROP EXTENSION brim CASCADE;
