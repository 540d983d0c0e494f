-- Promise: a company that comes in is scored, journalled and queued in one
-- transaction, whatever way it comes in; bad input is reported, never stored.
\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS brim;
CREATE EXTENSION brim;
RESET client_min_messages;
\pset format unaligned
UPDATE brim.campaign SET product_pitch = 'We automate.', sender_address = 'anna@sender.example', postal_address = '1 Main Street';

-- An INSERT scores, journals and queues; rolled back, nothing is left.
BEGIN;
INSERT INTO brim.lead (company_id, company_name, employee_count, industry, tech_stack)
VALUES ('good', 'Good', 120, 'SaaS', '{zapier}'), ('poor', 'Poor', 5, 'Retail', '{excel}');
SELECT company_id, total_score, action, model, scored_at = now() AS scored_now FROM brim.lead ORDER BY company_id;
SELECT event_type, company_id, data FROM brim.event ORDER BY company_id;
SELECT campaign, company_id, score, status FROM brim.generation;
ROLLBACK;
SELECT (SELECT count(*) FROM brim.event) AS events, (SELECT count(*) FROM brim.generation) AS jobs;

-- COPY does the same.
COPY brim.lead (company_id, company_name, employee_count, industry, tech_stack) FROM stdin;
good	Good	120	SaaS	{zapier}
poor	Poor	5	Retail	{excel}
\.
SELECT company_id, data -> 'total_score' AS score, data -> 'qualified' AS qualified FROM brim.event ORDER BY company_id;

-- An UPDATE journals a changed score only, with the old one, and queues what now qualifies.
UPDATE brim.lead SET country = 'SE';
SELECT count(*) AS events FROM brim.event;
UPDATE brim.lead SET employee_count = 50, industry = 'AI', tech_stack = '{make}' WHERE company_id = 'poor';
SELECT company_id, data -> 'old_total_score' AS old, data -> 'total_score' AS new, data -> 'qualified' AS qualified
  FROM brim.event WHERE data ? 'old_total_score';
SELECT company_id, score, status FROM brim.generation ORDER BY generation_id;

-- What waits follows the score.
UPDATE brim.lead SET employee_count = 20 WHERE company_id = 'poor';
SELECT company_id, score, status FROM brim.generation ORDER BY generation_id;

-- Nothing is queued for a company whose key, address or domain is on the do-not-contact list.
INSERT INTO brim.suppression (kind, value)
VALUES ('company', 's1'), ('address', 'stop@s2.example'), ('domain', 's3.example'), ('domain', 's4.example');
INSERT INTO brim.lead (company_id, company_name, domain, contact_email, employee_count, industry, tech_stack)
VALUES ('s1', 'S1', NULL, NULL, 120, 'SaaS', '{zapier}'),
       ('s2', 'S2', NULL, 'STOP@s2.example', 120, 'SaaS', '{zapier}'),
       ('s3', 'S3', NULL, 'a@S3.example', 120, 'SaaS', '{zapier}'),
       ('s4', 'S4', 'https://www.S4.example:443/about', 'a@gmail.example', 120, 'SaaS', '{zapier}'),
       ('s5', 'S5', 'x.s4.example', 'a@x.s3.example', 120, 'SaaS', '{zapier}');
SELECT company_id FROM brim.generation WHERE company_id LIKE 's_' ORDER BY 1;

-- The domain of a company in the ways people write it.
SELECT d, brim.domain_host(d) FROM unnest(ARRAY['acme.com', 'ACME.com.', 'https://www.acme.com/', 'http://u:p@acme.com:80/x?y',
    ' acme.com ', 'www.acme.com?x', 'acme.com#y', '']) AS d;

-- Bad elements are reported by their ordinal, each with key, expected and found; good ones are kept.
SELECT ordinal, company_id, total_score, action, error FROM brim_score_batch('[
    {"company_id": "b1", "company_name": "B1", "industry": "SaaS", "employee_count": 120.0, "tech_stack": ["Zapier", null]},
    7, null, [], "x", {}, {"company_name": ""}, {"company_name": "  "}, {"company_name": null}, {"company_name": 5},
    {"company_name": "n", "employee_count": "120"}, {"company_name": "n", "employee_count": 1.5},
    {"company_name": "n", "employee_count": -1}, {"company_name": "n", "employee_count": 1e300},
    {"company_name": "n", "industry": ["SaaS"]}, {"company_name": "n", "tech_stack": "zapier"},
    {"company_name": "n", "tech_stack": ["zapier", 1]}, {"company_name": "n", "attributes": [1]},
    {"company_name": "n\nBcc: x"}, {"company_name": "n", "contact_email": "a@b.example\r\nRCPT"},
    {"company_name": "n", "company_id": 7},
    {"company_id": "b2", "company_name": " B2 ", "contact_email": " a@b2.example ", "color": "red", "total_score": 99,
     "model": "none", "attributes": {"size": 1}}]') ORDER BY ordinal;
SELECT ordinal, error FROM brim_score_batch(jsonb_build_array(
    jsonb_build_object('company_name', repeat('x', 501)), jsonb_build_object('company_name', 'n', 'country', repeat('x', 2001)),
    jsonb_build_object('company_name', 'n', 'news_mentions', (SELECT jsonb_agg(''::text) FROM generate_series(1, 1001))),
    jsonb_build_object('company_name', 'n', 'news_mentions', jsonb_build_array('ok', repeat('x', 20001))),
    jsonb_build_object('company_name', 'n', 'attributes', jsonb_build_object('x', repeat('x', 1000000))),
    jsonb_build_object('company_name', 'n', 'x', repeat('x', 1000000)),
    jsonb_build_object('company_name', 'n', 'industry', repeat('x', 100000000)))) ORDER BY ordinal;
SELECT company_id, company_name, contact_email, tech_stack, employee_count, total_score, model, attributes
  FROM brim.lead WHERE company_id ~ '^b' OR company_name = 'n' ORDER BY 1;

-- Keys given replace, null clears, absent keys stay; the key comes from the domain or the name.
SELECT brim_score_company('{"company_name": "Acme", "domain": "acme.example", "industry": "Fintech", "country": "SE", "a": 1, "b": 2}') ->> 'total_score' AS score;
SELECT brim_score_company('{"company_name": "Acme Inc", "domain": "https://www.acme.example/", "country": null, "tech_stack": ["make"], "b": null, "c": 3}');
SELECT company_id = brim_company_id('x', 'acme.example') AS key, company_name, industry, country, tech_stack, attributes
  FROM brim.lead WHERE company_name LIKE 'Acme%';
SELECT brim_score_company('{"company_name": "Acme Inc", "domain": "acme.example", "attributes": {"z": 1}}') ->> 'total_score' AS score;
SELECT attributes FROM brim.lead WHERE company_name LIKE 'Acme%';

-- The same again writes nothing.
CREATE TEMP TABLE before AS SELECT company_id, ctid AS place, xmin::text AS written FROM brim.lead;
SELECT brim_score_company('{"company_name": "Acme Inc", "domain": "acme.example"}') ->> 'total_score' AS score;
SELECT count(*) AS rewritten FROM brim.lead AS l JOIN before AS b USING (company_id) WHERE (l.ctid, l.xmin::text) <> (b.place, b.written);

-- Of several elements about one company the last counts, and all get its result.
SELECT ordinal, company_id, total_score FROM brim_score_batch('[{"company_id": "d", "company_name": "D", "industry": "SaaS"},
    {"company_id": "e", "company_name": "E"}, {"company_id": "d", "company_name": "D2", "tech_stack": ["make"]}]') ORDER BY 1;
SELECT company_name, industry, tech_stack FROM brim.lead WHERE company_id = 'd';

-- A model by name; an unknown one stores nothing.
SELECT brim_score_company('{"company_id": "m", "company_name": "M", "industry": "AI", "employee_count": 100}', 'aggressive') ->> 'total_score' AS aggressive;
SELECT brim_score_company('{"company_id": "m", "company_name": "M"}') ->> 'total_score' AS still_aggressive;
SELECT brim_score_company('{"company_id": "m", "company_name": "M"}', 'conservative') ->> 'total_score' AS conservative;
SELECT brim_score_company('{"company_id": "u", "company_name": "U"}', 'nonsense');
SELECT count(*) AS stored FROM brim.lead WHERE company_id = 'u';

-- What is no company, or no array.
\set VERBOSITY default
SELECT brim_score_company('{"company_name": "x", "employee_count": "many"}');
\set VERBOSITY terse
SELECT brim_score_company(NULL);
SELECT brim_score_company('[]');
SELECT * FROM brim_score_batch('{}');
SELECT * FROM brim_score_batch(NULL);
SELECT count(*) FROM brim_score_batch('[]');

-- 10,000 companies in one pass.
SELECT count(*), count(error) AS errors, sum(total_score) AS total
  FROM brim_score_batch((SELECT jsonb_agg(jsonb_build_object('company_id', 'x' || i, 'company_name', 'X' || i, 'industry', 'Retail',
                                                             'employee_count', CASE WHEN i = 5000 THEN '"?"' ELSE '7'::jsonb END))
                           FROM generate_series(1, 10000) AS i));
SELECT count(*) AS leads FROM brim.lead WHERE company_id LIKE 'x%';

-- Rescoring writes what changes, and says how much.
SELECT brim_rescore() AS unchanged;
SELECT count(*) AS to_move FROM brim.lead WHERE model <> 'conservative' \gset
SELECT brim_rescore('conservative') = :to_move AS all_moved;
SELECT brim_rescore('conservative') AS unchanged;
SELECT DISTINCT model FROM brim.lead;
SELECT brim_rescore('nonsense');

-- A campaign that is switched on, made or opened wider queues the stored leads that qualify.
SELECT brim_rescore('balanced') > 0 AS moved;
INSERT INTO brim.campaign (name, min_score, is_active) VALUES ('off', 90, false), ('on', 90, true);
SELECT campaign, count(*) FROM brim.generation WHERE campaign <> 'default' GROUP BY 1 ORDER BY 1;
UPDATE brim.campaign SET is_active = true WHERE name = 'off';
UPDATE brim.campaign SET min_score = 80 WHERE name = 'on';
SELECT campaign, company_id, score FROM brim.generation WHERE campaign <> 'default' ORDER BY 1, 2;

-- A deleted lead's jobs are cancelled, and stay so when it comes again.
DELETE FROM brim.lead WHERE company_id = 'good';
SELECT campaign, status, error FROM brim.generation WHERE company_id = 'good' ORDER BY 1;
INSERT INTO brim.lead (company_id, company_name, employee_count, industry, tech_stack) VALUES ('good', 'Good', 120, 'SaaS', '{zapier}');
SELECT campaign, status FROM brim.generation WHERE company_id = 'good' ORDER BY 1;
DELETE FROM brim.campaign WHERE name = 'on';

-- Activation steps.
SELECT brim_log_event('u1', 'file_upload', '{"rows": 3, "step": "other"}') > 0 AS logged;
SELECT user_id, data FROM brim.event WHERE event_type = 'activation_step_completed';
SELECT brim_log_event('', 'x');
SELECT brim_log_event('u1', NULL);
SELECT brim_log_event('u1', 'x', '[]');

-- Outcomes: the same one again changes nothing; without a time it counts once.
SELECT brim_report_outcome('good', 'demo_booked', '2026-01-02 10:00+00', 500, 'default', 'by phone') AS new;
SELECT brim_report_outcome('good', 'demo_booked', '2026-01-02 10:00+00', 700) AS new;
SELECT brim_report_outcome('good', 'demo_booked') AS new;
SELECT brim_report_outcome('good', 'closed_won') AS new;
SELECT brim_report_outcome('good', 'closed_won') AS new;
SELECT outcome, value, campaign FROM brim.outcome ORDER BY 1;
SELECT data - 'by' AS data, occurred_at = '2026-01-02 10:00+00' AS back_dated FROM brim.event WHERE event_type = 'outcome_reported' ORDER BY event_id;
SELECT brim_report_outcome('nobody', 'demo_booked');
SELECT brim_report_outcome('good', 'Demo booked');
SELECT brim_report_outcome('good', 'x', 'infinity');
SELECT brim_report_outcome('good', 'x', NULL, NULL, 'nowhere');

-- The rows of a dump are stored as they come.
SET check_function_bodies = off;
SET row_security = off;
SELECT count(*) AS events FROM brim.event \gset
INSERT INTO brim.variant (campaign, name, instruction, weight) VALUES ('default', 'roi_focused', 'restored', 3);
INSERT INTO brim.variant (campaign, name, instruction) VALUES ('default', 'roi_focused', 'twice');
INSERT INTO brim.lead (company_id, company_name, employee_count, industry, tech_stack, fit_score, intent_score, total_score, confidence, action, model, model_version, scored_at)
VALUES ('r', 'R', 120, 'SaaS', '{zapier}', 1, 2, 3, 0.5, 'x', 'gone', 9, '2026-01-01 00:00+00');
SELECT total_score, model FROM brim.lead WHERE company_id = 'r';
SELECT count(*) - :events AS new_events FROM brim.event;
RESET check_function_bodies;
RESET row_security;
SELECT name, instruction = 'restored' AS restored, weight, is_shipped FROM brim.variant WHERE campaign = 'default' ORDER BY 1;

-- brim.lead has one trigger a row and one an operation, which calls its functions in the order of its arguments.
SELECT pg_get_triggerdef(oid) AS trigger FROM pg_trigger WHERE tgrelid = 'brim.lead'::regclass AND NOT tgisinternal ORDER BY tgname COLLATE "C";
INSERT INTO brim.lead_text (content_hash, company_id) SELECT 'h', company_id FROM brim.lead;
SELECT max(event_id) AS last FROM brim.event \gset

-- A statement that inserts and updates is followed up as both.
INSERT INTO brim.lead (company_id, company_name, employee_count, industry, tech_stack)
VALUES ('good', 'Good', 20, 'SaaS', '{zapier}'), ('other', 'Other', 120, 'SaaS', '{zapier}')
    ON CONFLICT (company_id) DO UPDATE SET employee_count = excluded.employee_count;
SELECT company_id, event_type, data -> 'old_total_score' AS old, data -> 'total_score' AS new FROM brim.event WHERE event_id > :last ORDER BY 1;
SELECT company_id, campaign, score FROM brim.generation WHERE status = 'queued' AND company_id = 'other' ORDER BY 2;

-- Leads that go take what waits for them, and which texts they had.
DELETE FROM brim.lead WHERE company_id = 'good';
SELECT count(*) AS left FROM brim.lead_text WHERE company_id = 'good';
TRUNCATE brim.lead;
SELECT status, count(*) > 0 AS some FROM brim.generation GROUP BY 1;
SELECT count(*) AS left FROM brim.lead_text;

-- What calls the functions is for such triggers only, and calls trigger functions only.
SELECT brim.call_in_turn();
CREATE TEMP TABLE t (x integer);
CREATE TRIGGER a BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION brim.call_in_turn('lead_queue_truncate');
INSERT INTO t VALUES (1);
DROP TRIGGER a ON t;
CREATE TRIGGER a AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION brim.call_in_turn('lead_queue_truncate', 'is_restoring');
INSERT INTO t VALUES (1);
DROP TRIGGER a ON t;
CREATE TRIGGER a AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION brim.call_in_turn('nobody');
INSERT INTO t VALUES (1);
DROP TABLE t;

SET client_min_messages = warning;
DROP EXTENSION brim;
