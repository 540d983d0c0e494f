-- Shows that scoring keeps no memory from call to call.  psql -v calls=N -f memory.sql, as a superuser, on Linux; memory.sh does that.
--
-- Each way to score runs as one statement, or as many short ones.  After a tenth of the calls and after the last one the backend says what
-- its memory contexts hold and how much of the machine's memory is its own (RssAnon).  Between the two lies nothing, or something is kept.
-- A line a way says what was measured, and "ok" or "grows".  The last way is there to grow.
\set QUIET 1
\set ON_ERROR_STOP 1
\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE EXTENSION IF NOT EXISTS brim;
CREATE SCHEMA memory;
INSERT INTO brim.scoring_model (name, fit_weight, intent_weight, missing_policy) VALUES ('memory', 0.5, 0.5, 'zero');
INSERT INTO brim.scoring_signal (model, version, dimension, signal, combine, max_points) VALUES ('memory', 1, 'intent', 'posts', 'add', 80);
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, path, kind, low, high, keywords, pattern, stem, points, reason, reason_kind) VALUES
    ('memory', 1, 10, 'fit', 'size', 'employee_count', NULL, 'range', 30, 300, NULL, NULL, false, 90, 'Has {value} people.', 'positive'),
    ('memory', 1, 11, 'fit', 'size', 'employee_count', NULL, 'otherwise', NULL, NULL, NULL, NULL, false, 10, 'Has {value} people.', 'negative'),
    ('memory', 1, 20, 'fit', 'industry', 'industry', NULL, 'one_of', NULL, NULL, '{saas,größe,москва}', NULL, false, 80, 'Is in {value}.', 'positive'),
    ('memory', 1, 21, 'fit', 'industry', 'industry', NULL, 'regex', NULL, NULL, NULL, '\m[b-f]\w+(tech|ing)\M', false, 60, 'Is in {matched}.', 'positive'),
    ('memory', 1, 30, 'fit', 'tier', 'attributes', '{crm,tier}', 'one_of', NULL, NULL, '{gold,gelb}', NULL, false, 70, NULL, NULL),
    ('memory', 1, 31, 'fit', 'tags', 'attributes', '{tags}', 'any_of', NULL, NULL, '{große,b2b}', NULL, false, 70, 'Tagged {matched}.', 'positive'),
    ('memory', 1, 32, 'fit', 'first tag', 'attributes', '{tags,-1}', 'words', NULL, NULL, '{größe,b2b}', NULL, true, 70, 'Tagged {matched}.', 'positive'),
    ('memory', 1, 40, 'intent', 'tools', 'tech_stack', NULL, 'all_of', NULL, NULL, '{zapier,slack}', NULL, false, 60, NULL, NULL),
    ('memory', 1, 41, 'intent', 'tools', 'tech_stack', NULL, 'otherwise', NULL, NULL, NULL, NULL, false, 10, NULL, NULL),
    ('memory', 1, 50, 'intent', 'posts', 'recent_job_posts', NULL, 'words', NULL, NULL, '{operation,automate,größe,上海}', NULL, true, 50, 'Hires: {matched}.', 'positive'),
    ('memory', 1, 51, 'intent', 'posts', 'recent_job_posts', NULL, 'words', NULL, NULL, '{c++,"head of operations",運営,上海}', NULL, false, 20, 'Hires: {matched}.', 'positive'),
    ('memory', 1, 52, 'intent', 'posts', 'recent_job_posts', NULL, 'regex', NULL, NULL, NULL, 's[aä]les.*[0-9]$', false, 40, 'Hires: {matched}.', 'positive'),
    ('memory', 1, 60, 'intent', 'news', 'news_mentions', NULL, 'event', NULL, NULL, '{funding,layoffs,expansion}', NULL, false, 30, 'In the news.', 'positive');
SELECT brim_publish_model('memory') IS NULL AS published \gset

-- Leads that differ
CREATE TABLE memory.lead AS
SELECT i AS id, 'Firma Größe ' || i AS company_name, nullif(i % 700, 0) AS employee_count, 'seed' AS funding_stage,
       (ARRAY['SaaS', 'GRÖSSE', 'Größe', 'Biotech ' || i, 'Москва', 'Mining', NULL])[1 + i % 7] AS industry,
       (ARRAY['{zapier,slack}', '{slack,"Größe"}', '{}', '{HubSpot,NULL}'])[1 + i % 4]::text[] AS tech_stack,
       ARRAY['Head of Operations ' || i, 'Säles 上海 ' || i % 10, 'automating Größen', repeat('laptops and shops ', i % 40)] AS recent_job_posts,
       ARRAY[format((ARRAY['%s raises $12 million in Series A', '2026-01-0' || 1 + i % 9 || ': %s cuts 120 jobs', '%s eröffnet ein Büro', '%s may open a plant in Ohio'])[1 + i % 4], 'Firma Größe ' || i)] AS news_mentions,
       jsonb_build_object('crm', jsonb_build_object('tier', (ARRAY['gold', 'GELB', 'tin'])[1 + i % 3]), 'tags', jsonb_build_array('GROSSE', 'große', 'größe b2b ' || i, i)) AS attributes
  FROM generate_series(1, 1000) AS i;
ANALYZE memory.lead;

-- Three that look for events, so that their lexicon comes with them, and then some that do not
CREATE TABLE memory.spec AS
SELECT no, CASE WHEN no <= 3 THEN spec ELSE spec - 'lexicon' #- '{rules,-1}' END || jsonb_build_object('name', 'spec ' || no) AS spec
  FROM brim.model_spec, generate_series(1, 23) AS no WHERE name = 'memory';

-- What a call is, where its rows come from, and by what the calls are divided where they are dear
CREATE TABLE memory.way (no integer PRIMARY KEY, name text, call text, source text, divisor integer);
-- CASE keeps the planner from putting the columns in the place of the row
INSERT INTO memory.way VALUES
(1, 'brim_score(lead), by its columns', 'count(brim_score(l))', '', 1),
(2, 'brim_score(lead), the row is built', 'count(brim_score(CASE WHEN n > 0 THEN l END))', '', 1),
(3, 'brim_score(lead, model), rules of all kinds', $q$count(brim_score(l, 'memory'))$q$, '', 10),
(4, 'the same, computed rows that are built', $q$count(brim_score(CASE WHEN n > 0 THEN q END, 'memory'))$q$,
    $q$CROSS JOIN LATERAL (SELECT l.industry || n AS industry, l.employee_count::numeric + n AS employee_count, l.tech_stack::varchar[] AS tech_stack,
                                  l.recent_job_posts || ('Größe ' || n) AS recent_job_posts, l.attributes OFFSET 0) AS q$q$, 10),
(5, 'brim_score(lead, spec), always the same', 'count(brim_score(l, (SELECT spec || ''{}'' FROM memory.spec WHERE no = 1)))', '', 10),
(6, 'brim_score(lead, spec), three in turn', 'count(brim_score(l, ((SELECT array_agg(spec) FROM memory.spec WHERE no <= 3))[1 + n % 3]))', '', 10),
(7, 'brim_score(lead, spec), too many to be kept', 'count(brim_score(l, ((SELECT array_agg(spec) FROM memory.spec WHERE no > 3))[1 + n % 20]))', '', 100),
(8, 'brim_score(lead, ''intent_plus'')', $q$count(brim_score(l, 'intent_plus'))$q$, '', 10),
(9, 'brim_explain(lead, model)', $q$count(brim_explain(l, 'memory'))$q$, '', 10),
(10, 'brim_explain(computed row, spec)', 'count(brim_explain(q, (SELECT spec || ''{}'' FROM memory.spec WHERE no = 1)))',
    $q$CROSS JOIN LATERAL (SELECT l.industry || n AS industry, l.recent_job_posts || ('Größe ' || n) AS recent_job_posts, l.attributes OFFSET 0) AS q$q$, 10),
(11, 'brim_intent_signals(text, company, source)', $q$sum((SELECT count(*) FROM brim_intent_signals(l.news_mentions[1] || ' ' || n, l.company_name, 'news')))$q$, '', 10);

CREATE TABLE memory.measured (way integer, call bigint, contexts_kb bigint, resident_kb bigint, at timestamptz);
CREATE FUNCTION memory.note(way integer, call bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO memory.measured
    SELECT way, call, (SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts),
           (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1]::bigint, clock_timestamp();
    RETURN true;
END
$$;

-- One statement of so many calls
CREATE PROCEDURE memory.run(no integer, call text, source text, calls bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT %s, count(CASE WHEN n IN (%s, %s) THEN memory.note(%s, n) END) FROM generate_series(1, %s) AS n JOIN memory.lead AS l ON l.id = 1 + n %% 1000 %s',
                   call, calls / 10, calls, no, calls, source);
END
$$;
-- Statements of so many calls each; is_changing: a rule changes before each, so that all is planned and compiled again
CREATE PROCEDURE memory.run_statements(no integer, statements bigint, calls integer, is_changing boolean) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. statements LOOP
        IF is_changing THEN
            UPDATE brim.scoring_rule SET points = i % 100 WHERE model = 'memory' AND rule_no = 10;
            COMMIT;
        END IF;
        EXECUTE 'SELECT count(brim_score(l, ''memory'')), count(CASE WHEN id % 10 = 0 THEN brim_explain(l) END) FROM memory.lead AS l WHERE id <= $1' USING calls;
        IF i IN (statements / 10, statements) THEN
            PERFORM memory.note(no, i * calls);
        END IF;
        COMMIT;
    END LOOP;
END
$$;

-- A byte a call is seen where the calls are many; memory that is not given back to the machine at once is not mistaken for it
CREATE FUNCTION memory.report(no integer, name text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%-44s %9s calls  contexts %s kB %s, resident %s kB %s  %s us a call: %s', name, (m.last).call,
                  (m.first).contexts_kb, to_char((m.last).contexts_kb - (m.first).contexts_kb, 'FMSG999990'),
                  (m.first).resident_kb, to_char((m.last).resident_kb - (m.first).resident_kb, 'FMSG999990'),
                  round(extract(epoch FROM (m.last).at - (m.first).at) * 1000000 / ((m.last).call - (m.first).call), 2),
                  CASE WHEN (m.last).contexts_kb - (m.first).contexts_kb > 256 OR (m.last).resident_kb - (m.first).resident_kb > 1024 THEN 'grows' ELSE 'ok' END)
      FROM (SELECT (SELECT f FROM memory.measured AS f WHERE f.way = no ORDER BY call LIMIT 1) AS first,
                   (SELECT f FROM memory.measured AS f WHERE f.way = no ORDER BY call DESC LIMIT 1) AS last) AS m
$$;

SELECT memory.note(0, n) FROM generate_series(1, 6) AS n \g /dev/null
SELECT format('CALL memory.run(%s, %L, %L, %s)', no, call, source, greatest(:calls / divisor, 1000)), format('SELECT memory.report(%s, %L)', no, name) FROM memory.way ORDER BY no \gexec
-- A session that plans with models which change forgets the old ones at the end of each transaction
CALL memory.run_statements(12, greatest(:calls / 10000, 10), 1000, false);
SELECT memory.report(12, 'many statements');
CALL memory.run_statements(13, greatest(:calls / 10000, 400), 10, true);
SELECT memory.report(13, 'many statements, the rules change');
CALL memory.run(14, 'count(l), array_agg(md5(n::text))', '', 200000);
SELECT memory.report(14, 'a statement that keeps all it sees');
