--
-- Scoring models: publishing, the cache of compiled rules, models as values,
-- rules of every kind, and what is refused and how.
--
SET client_min_messages = warning;
CREATE EXTENSION brim;

-- Shows what an error says, with its SQLSTATE.
CREATE FUNCTION fault(statement text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN QUERY SELECT 'none', 'no error', '', '';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END
$$;

-- Promise: three models are shipped and published, balanced is the default.
SELECT name, version, is_published, is_default, spec - ARRAY['rules', 'lexicon'] AS head, jsonb_array_length(spec -> 'rules') AS rules FROM brim.model_spec ORDER BY name;
SELECT jsonb_pretty(spec) FROM brim.model_spec WHERE name = 'balanced';

CREATE TABLE company (company_name text, employee_count integer, industry text, tech_stack text[], region text);
INSERT INTO company VALUES ('One', 120, 'SaaS', '{zapier}', 'Zürich'), ('Two', 20, 'Retail', '{Jira}', NULL);

-- Promise: one statement publishes; the next statement scores by it.
INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight) VALUES ('mine', 1, 0.5, 0.5), ('mine', 2, 1, 0);
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, points) VALUES
    ('mine', 1, 1, 'fit', 'size', 'employee_count', 'range', 100, 90), ('mine', 2, 1, 'fit', 'size', 'employee_count', 'range', 100, 70);
SELECT state, message, hint FROM fault($$SELECT brim_score(c, 'mine') FROM company AS c$$);
SELECT brim_publish_model('mine', 1);
SELECT company_name, brim_score(c, 'mine'), brim_score(c) FROM company AS c;
SELECT brim_publish_model('mine');
SELECT company_name, brim_score(c, 'mine'), brim_score(c) FROM company AS c;
SELECT brim_publish_model('mine', make_default => true);
SELECT company_name, brim_score(c, 'mine'), brim_score(c), brim_score(c, NULL), brim_score(c, 'balanced') FROM company AS c;
SELECT name, version, is_published, is_default FROM brim.model_spec ORDER BY name, version;

-- Promise: a change of a rule is seen by the next statement, also within a transaction, and undone with it.
UPDATE brim.scoring_rule SET points = 71 WHERE model = 'mine' AND version = 2;
SELECT brim_score(c) FROM company AS c;
BEGIN;
UPDATE brim.scoring_rule SET points = 72 WHERE model = 'mine' AND version = 2;
SELECT brim_score(c) FROM company AS c;
SAVEPOINT s;
DELETE FROM brim.scoring_rule WHERE model = 'mine' AND version = 2;
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, points) VALUES
    ('mine', 2, 7, 'fit', 'named', 'company_name', 'present', 73);
SELECT brim_score(c) FROM company AS c;
ROLLBACK TO s;
SELECT brim_score(c) FROM company AS c;
ROLLBACK;
SELECT brim_score(c) FROM company AS c;
-- in one PL/pgSQL function, whose expressions are kept from statement to statement
DO $$
DECLARE
    c company;
    score integer;
BEGIN
    SELECT * INTO c FROM company WHERE company_name = 'One';
    FOR points IN 80 .. 82 LOOP
        UPDATE brim.scoring_rule SET points = fifty.points FROM (SELECT points) AS fifty WHERE model = 'mine' AND version = 2;
        score := brim_score(c);
        RAISE WARNING 'points %, score %', points, score;
    END LOOP;
END
$$;
-- a statement that runs keeps the rules it began with
BEGIN;
DECLARE scores CURSOR FOR SELECT brim_score(c) FROM company AS c, generate_series(1, 2) WHERE c.company_name = 'One';
FETCH 1 FROM scores;
UPDATE brim.scoring_rule SET points = 99 WHERE model = 'mine' AND version = 2;
FETCH 1 FROM scores;
SELECT brim_score(c) FROM company AS c WHERE company_name = 'One';
ROLLBACK;
-- what another session committed; a snapshot kept open does not hide it
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT brim_score(c) FROM company AS c;
\setenv PGDATABASE :DBNAME
\! psql -X -q -c "UPDATE brim.scoring_rule SET points = 55 WHERE model = 'mine' AND version = 2"
SELECT brim_score(c) FROM company AS c;
COMMIT;
-- many models at once
SELECT c.company_name, m.name, m.version, brim_score(c, m.spec) AS by_value, CASE WHEN m.is_published THEN brim_score(c, m.name) END AS by_name
  FROM company AS c, brim.model_spec AS m ORDER BY 1, 2, 3;
SELECT brim_publish_model('balanced', 1, true);
SELECT count(*) FROM brim.published_model WHERE is_default;

\pset format unaligned
-- Promise: shipped models stay as they are.
SELECT f.* FROM unnest(ARRAY[
    $$UPDATE brim.scoring_model SET fit_weight = 0.5, intent_weight = 0.5 WHERE name = 'balanced'$$,
    $$DELETE FROM brim.scoring_model WHERE name = 'aggressive'$$,
    $$UPDATE brim.scoring_rule SET points = 1 WHERE model = 'balanced' AND rule_no = 10$$,
    $$DELETE FROM brim.scoring_rule WHERE model = 'balanced'$$,
    $$INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, points) VALUES ('balanced', 1, 1, 'fit', 'x', 'x', 'present', 1)$$,
    $$INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight, is_shipped) VALUES ('balanced', 2, 1, 0, true)$$,
    $$TRUNCATE brim.scoring_rule$$,
    $$TRUNCATE brim.scoring_model CASCADE$$]) AS s, fault(s) AS f;
\pset format aligned
-- but a new version of one can be made and published
INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight) VALUES ('balanced', 2, 0.6, 0.4);
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, high, keywords, points, weight, reason, reason_kind)
SELECT model, 2, rule_no, dimension, signal, attribute, kind, low, high, keywords, points, weight, reason, reason_kind
  FROM brim.scoring_rule WHERE model = 'balanced' AND version = 1;
SELECT brim_score(c), brim_explain(c) ->> 'version' AS version FROM company AS c WHERE company_name = 'One';
SELECT brim_publish_model('balanced');
SELECT brim_score(c), brim_explain(c) ->> 'version' AS version FROM company AS c WHERE company_name = 'One';
SELECT f.* FROM fault($$DELETE FROM brim.scoring_model WHERE name = 'balanced' AND version = 2$$) AS f;

-- Promise: rules of every kind, on columns of one's own.
INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight) VALUES ('kinds', 1, 0.5, 0.5);
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, high, keywords, points, weight, reason, reason_kind) VALUES
    ('kinds', 1, 1, 'fit', 'region', 'region', 'one_of', NULL, NULL, '{ZÜRICH,"Genève"}', 80, 1, 'Near: {value}.', 'positive'),
    ('kinds', 1, 2, 'fit', 'region', 'region', 'words', NULL, NULL, '{"sankt gallen",bern}', 60, 3, 'Region has {matched}.', 'positive'),
    ('kinds', 1, 3, 'fit', 'region', 'region', 'otherwise', NULL, NULL, NULL, 10, 1, 'Far: {value}.', 'negative'),
    ('kinds', 1, 4, 'fit', 'revenue', 'revenue', 'range', NULL, 9.99, NULL, 0, 1, 'Revenue {value}.', 'negative'),
    ('kinds', 1, 5, 'fit', 'revenue', 'revenue', 'range', 9.99, NULL, NULL, 100, 1, 'Revenue {value}.', 'positive'),
    ('kinds', 1, 6, 'intent', 'asked', 'asked_on', 'present', NULL, NULL, NULL, 100, 1, 'Asked on {value}.', 'positive'),
    ('kinds', 1, 7, 'intent', 'news', 'news_mentions', 'words', NULL, NULL, '{"opens new office"}', 70, 1, 'In the news: {matched}.', 'positive');
SELECT brim_publish_model('kinds');
SET datestyle = 'ISO, YMD';
CREATE TYPE mood AS ENUM ('Zürich', 'gut');
SELECT n, x ->> 'fit_score' AS fit, x ->> 'intent_score' AS intent, x -> 'reasoning' ->> 'positive' AS positive, x -> 'reasoning' ->> 'negative' AS negative,
       x -> 'reasoning' ->> 'missing' AS missing
  FROM (SELECT 1 AS n, brim_explain(l, 'kinds') AS x FROM (SELECT 'zürich' AS region, 9.99 AS revenue, date '2026-01-02' AS asked_on) AS l
        UNION ALL SELECT 2, brim_explain(l, 'kinds') FROM (SELECT 'GENÈVE' AS region, 9.990001::float8 AS revenue) AS l
        UNION ALL SELECT 3, brim_explain(l, 'kinds') FROM (SELECT 'Kanton Sankt  Gallen' AS region, 0 AS revenue, true AS asked_on) AS l
        UNION ALL SELECT 4, brim_explain(l, 'kinds') FROM (SELECT 'Paris' AS region, 'NaN'::numeric AS revenue, '' AS asked_on) AS l
        UNION ALL SELECT 5, brim_explain(l, 'kinds') FROM (SELECT ARRAY['Basel', 'Bern'] AS news_mentions, '-Infinity'::float8 AS revenue) AS l
        UNION ALL SELECT 6, brim_explain(l, 'kinds') FROM (SELECT 'Acme OPENS  new office' AS news_mentions, 'Zürich'::mood AS region, ARRAY[NULL, '']::text[] AS asked_on) AS l
        UNION ALL SELECT 7, brim_explain(l, 'kinds') FROM (SELECT ARRAY['gut']::mood[] AS news_mentions, 'gut'::char(9) AS region, ARRAY['x'] AS asked_on) AS l
       ) AS s ORDER BY n;

\pset format unaligned
-- Promise: what cannot be scored is an error that names what is wrong.
SELECT f.* FROM unnest(ARRAY[
    $$SELECT brim_score(c, 'nobody') FROM company AS c$$,
    $$SELECT brim_score(c, '') FROM company AS c$$,
    $$SELECT brim_score(c, repeat('x', 70)) FROM company AS c$$,
    $$SELECT brim_score(ROW(1, 'SaaS'))$$,
    $$SELECT brim_score(l) FROM (SELECT 1 AS staff) AS l$$,
    $$SELECT brim_score(p) FROM pg_namespace AS p$$,
    $$SELECT brim_score(l) FROM (SELECT '12' AS employee_count) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT now() AS employee_count) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT 12 AS industry) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT ARRAY['SaaS'] AS industry) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT 'zapier' AS tech_stack) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT ARRAY[1, 2] AS tech_stack) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT true AS recent_job_posts) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT '{"a": 1}'::jsonb AS tech_stack) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT '["a", 1]'::jsonb AS tech_stack) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT '"zapier"'::jsonb AS tech_stack) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT '[1]'::json AS tech_stack) AS l$$,
    $$SELECT brim_score(l) FROM (SELECT 1 AS employee_count, 'x' AS industry, 2 AS employee_count) AS l$$,
    $$SELECT brim_publish_model('nobody')$$,
    $$SELECT brim_publish_model('mine', 3)$$,
    $$SELECT brim_publish_model(NULL)$$]) AS s, fault(s) AS f;
-- null and a JSON null are no list
SELECT brim_explain(l) -> 'reasoning' -> 'missing' FROM (SELECT 'null'::jsonb AS tech_stack, NULL::jsonb AS recent_job_posts) AS l;

-- Promise: a model without rules cannot be published; rules that would break it are refused when they are written, and named.
INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight) VALUES ('broken', 1, 0.5, 0.5);
SELECT f.* FROM fault($$SELECT brim_publish_model('broken')$$) AS f;
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, keywords, points, reason, reason_kind) VALUES
    ('broken', 1, 5, 'fit', 'size', 'employee_count', 'range', 10, NULL, 50, NULL, NULL);
SELECT brim_publish_model('broken');
SELECT f.* FROM fault($$INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, points) VALUES
    ('broken', 1, 6, 'fit', 'sector', 'industry', 'range', 10, 50)$$) AS f;
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, keywords, points) VALUES
    ('broken', 1, 6, 'fit', 'sector', 'industry', 'one_of', '{a}', 50);
SELECT f.* FROM fault($$UPDATE brim.scoring_rule SET reason = 'The {name}.', reason_kind = 'positive' WHERE model = 'broken' AND rule_no = 6$$) AS f;
SELECT f.* FROM fault($$UPDATE brim.scoring_rule SET signal = 'size' WHERE model = 'broken' AND rule_no = 6$$) AS f;
SELECT brim_score(c, 'broken') FROM company AS c;
-- What was stored all the same, in a session without triggers, is named when it scores.
SET session_replication_role = replica;
UPDATE brim.scoring_rule SET signal = 'size' WHERE model = 'broken' AND rule_no = 6;
RESET session_replication_role;
UPDATE brim.scoring_rule SET points = 50 WHERE false;
SELECT f.* FROM fault($$SELECT brim_score(c, 'broken') FROM company AS c$$) AS f;
SET session_replication_role = replica;
UPDATE brim.scoring_rule SET signal = 'sector' WHERE model = 'broken' AND rule_no = 6;
RESET session_replication_role;
UPDATE brim.scoring_rule SET points = 50 WHERE model = 'broken' AND rule_no = 6;

-- Promise: a table of rules takes only what could be a rule.
SELECT s.values, f.state, f.message FROM (VALUES
    ($$1, 'fits', 's', 'a', 'present', NULL, NULL, NULL, 1, 1, NULL, NULL$$),
    ($$1, 'fit', '', 'a', 'present', NULL, NULL, NULL, 1, 1, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'like', NULL, NULL, NULL, 1, 1, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'range', NULL, NULL, NULL, 1, 1, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'range', 2, 1, NULL, 1, 1, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'one_of', NULL, NULL, '{}', 1, 1, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'words', NULL, NULL, '{a,NULL}', 1, 1, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'present', NULL, NULL, '{a}', 1, 1, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'present', NULL, NULL, NULL, 101, 1, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'present', NULL, NULL, NULL, 1, 0, NULL, NULL$$),
    ($$1, 'fit', 's', 'a', 'present', NULL, NULL, NULL, 1, 1, 'why', NULL$$)) AS s (values),
    fault('INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, high, keywords, points, weight, reason, reason_kind) '
          'VALUES (''mine'', 1, 10' || substr(s.values, 2) || ')') AS f;

-- Promise: a spec says which kind of scorer it is for; without a kind it is for rules. A kind that is not known is refused, and so is a field of another kind.
SELECT s.kind, brim_score(c, s.kind || '{"fit_weight": 1, "intent_weight": 0, "rules": [{"dimension": "fit", "signal": "s", "attribute": "company_name", "kind": "present", "points": 70}]}') AS score
  FROM (SELECT 'Acme'::text AS company_name) AS c, (VALUES ('{}'::jsonb), ('{"kind": "rules"}'), ('{"kind": null}')) AS s (kind);
SELECT s.spec, f.* FROM (VALUES ('{"kind": "boosted", "rules": []}'), ('{"kind": 1}'), ('{"kind": "rules", "trees": []}')) AS s (spec),
    fault(format('SELECT brim_score(c, %L::jsonb) FROM company AS c', s.spec)) AS f;

-- Promise: what only rules have is there in models of rules, and there is no other kind yet.
SELECT s.statement, f.state, f.message FROM (VALUES
    ($$INSERT INTO brim.scoring_model (name, kind) VALUES ('trees', 'boosted')$$),
    ($$INSERT INTO brim.scoring_model (name) VALUES ('weightless')$$),
    ($$INSERT INTO brim.scoring_model (name, fit_weight, intent_weight, language) VALUES ('speechless', 1, 0, NULL)$$)) AS s (statement), fault(s.statement) AS f;

-- Promise: malformed specs are refused with the place.
SELECT s.spec, f.* FROM (VALUES
    ('[]'), ('1'), ('{}'), ('{"fit_weight": "1"}'), ('{"fit_weight": 0.5, "intent_weight": 0.5}'), ('{"fit_weight": 0.5, "intent_weight": 0.4, "rules": []}'),
    ('{"fit_weight": 0.33333, "intent_weight": 0.66667, "rules": []}'), ('{"fit_weight": 1, "intent_weight": 0, "rules": []}'), ('{"fit_weight": 1, "intent_weight": 0, "rules": {}}'),
    ('{"fit_weight": 1, "intent_weight": 0, "rules": [1]}'), ('{"fit_weight": 1, "intent_weight": 0, "rules": [{}]}'), ('{"fit_weight": 1, "intent_weight": 0, "rules": [{"points": 1}]}'),
    ('{"fit_weight": 1, "intent_weight": 0, "rules": [{"points": 1, "dimension": "fit", "signal": "s", "attribute": "a", "kind": "one_of", "keywords": ["a", {"b": []}]}]}'),
    ('{"fit_weight": 1, "intent_weight": 0, "rules": [{"points": 1, "dimension": "fit", "signal": "s", "attribute": "a", "kind": "one_of", "keywords": ["a", ""]}]}'),
    ('{"fit_weight": 1, "intent_weight": 0, "rules": [{"points": 1.5, "dimension": "fit", "signal": "s", "attribute": "a", "kind": "present"}]}'),
    ('{"fit_weight": 1, "intent_weight": 0, "rules": [{"points": 1e400, "dimension": "fit", "signal": "s", "attribute": "a", "kind": "present"}]}'),
    ('{"fit_weight": 1, "intent_weight": 0, "rules": [{"points": 1, "dimension": "fit", "signal": "s", "attribute": "a", "knd": "present"}]}'),
    ('{"fit_weight": 1, "intent_weight": 0, "high_above": 200, "rules": [{"points": 1, "dimension": "fit", "signal": "s", "attribute": "a", "kind": "present"}]}'),
    ('{"fit_weight": 1, "intent_weight": 0, "rles": []}')) AS s (spec), fault(format('SELECT brim_score(c, %L::jsonb) FROM company AS c', s.spec)) AS f;
SELECT state, left(message, 90) AS message FROM fault($$SELECT brim_score(c, (repeat('[', 5000) || repeat(']', 5000))::jsonb) FROM company AS c$$);
SELECT state, message FROM fault($$SELECT brim_score(c, jsonb_build_object('fit_weight', 1, 'intent_weight', 0, 'rules', (SELECT jsonb_agg(i) FROM generate_series(1, 10001) AS i))) FROM company AS c$$);

\pset format aligned
-- Promise: the form with a model as a value is immutable: it can be indexed and generated from.
CREATE TABLE indexed (company_name text, employee_count integer, industry text,
                      spec jsonb NOT NULL, v integer);
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE oid = 'brim_score(record, jsonb)'::regprocedure;
SELECT provolatile, proparallel, count(*) FROM pg_proc WHERE proname IN ('brim_score', 'brim_fit_score', 'brim_intent_score', 'brim_explain') GROUP BY 1, 2 ORDER BY 1;
CREATE TYPE indexed_lead AS (employee_count integer, industry text);
CREATE INDEX indexed_score ON indexed (brim_score(ROW(employee_count, industry)::indexed_lead, spec));
INSERT INTO indexed SELECT 'x', i, 'saas', m.spec, i FROM generate_series(1, 600) AS i, brim.model_spec AS m WHERE m.name = 'aggressive';
SET enable_seqscan = off;
SELECT count(*), min(v), max(v) FROM indexed WHERE brim_score(ROW(employee_count, industry)::indexed_lead, spec) = 30;
RESET enable_seqscan;

-- Promise: no privilege on the scoring tables is needed to score.
CREATE ROLE regress_brim_scorer;
GRANT SELECT ON company TO regress_brim_scorer;
SET ROLE regress_brim_scorer;
SELECT company_name, brim_score(c), brim_score(c, 'kinds') FROM company AS c;
SELECT * FROM brim.scoring_rule;
SELECT brim_publish_model('mine');
RESET ROLE;
DROP OWNED BY regress_brim_scorer;
DROP ROLE regress_brim_scorer;

-- Promise: scoring many rows does not use up memory.
SELECT count(*), sum(brim_score(c)) FROM (SELECT i % 600 AS employee_count, 'Größe' AS industry, ARRAY['Zäpier', 'make'] AS tech_stack FROM generate_series(1, 200000) AS i OFFSET 0) AS c;

DROP TABLE company, indexed;
DROP TYPE indexed_lead, mood;
DROP FUNCTION fault;
DROP EXTENSION brim;
-- Promise: gone with the extension, and said so.
SELECT to_regprocedure('brim_score(record)') IS NULL AS gone;
