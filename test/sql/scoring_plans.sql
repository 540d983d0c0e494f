-- Promises: a table's row is scored by its columns where that is the same, and never wrongly where it is not.
CREATE EXTENSION brim;
SET max_parallel_workers_per_gather = 0;

CREATE FUNCTION is_direct(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (VERBOSE, FORMAT json) ' || query INTO v_plan;
    RETURN v_plan::text LIKE '%score_columns%' AND v_plan::text !~ 'brim(_fit|_intent)?_score\(';
END
$$;

CREATE TABLE crm (gone text, id integer, employee_count integer, industry text, tech_stack text[], recent_job_posts text[],
                  size_class text GENERATED ALWAYS AS (CASE WHEN employee_count > 100 THEN 'big' ELSE 'small' END) STORED);
ALTER TABLE crm DROP COLUMN gone;
INSERT INTO crm (id, employee_count, industry, tech_stack, recent_job_posts)
SELECT i, nullif(i % 600, 0), (ARRAY['SaaS', 'Food', NULL, 'ÄRZTE', 'Biotech'])[1 + i % 5],
       (ARRAY['{Zapier}', '{Jira,NULL}', '{}', NULL, '{make,""}'])[1 + i % 5]::text[],
       CASE i % 3 WHEN 0 THEN ARRAY['Head of Ops'] WHEN 1 THEN ARRAY['Laptops', repeat('x ', i % 50) || 'operations'] END
  FROM generate_series(1, 3000) AS i;
ANALYZE crm;
-- What is right: the row is built by a function that the planner does not look into.
CREATE FUNCTION by_row(r crm, m text DEFAULT NULL) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN brim_score(r, m); END';

-- The forms that are made direct, and that they agree.
SELECT q, is_direct(q) FROM (VALUES
    ('SELECT brim_score(crm) FROM crm'), ('SELECT brim_fit_score(crm), brim_intent_score(crm) FROM crm'),
    ('SELECT brim_score(c, ''aggressive'') FROM crm AS c'), ('SELECT id FROM crm ORDER BY brim_score(crm) DESC LIMIT 20'),
    ('SELECT count(*) FROM crm WHERE brim_score(crm) > 75'), ('SELECT brim_score(c) FROM crm AS c JOIN crm AS d USING (id)'),
    ('SELECT brim_score(c) FROM crm AS c LEFT JOIN crm AS d USING (id)'),
    ('UPDATE crm SET id = id WHERE brim_score(crm) > 1000 RETURNING brim_score(crm)'),
    ('SELECT brim_score(c, ''{"fit_weight": 1, "intent_weight": 0, "rules": [{"dimension": "fit", "signal": "s", "attribute": "industry", "kind": "present", "points": 9}]}''::jsonb) FROM crm AS c'),
-- and those that are not: rows that may be missing, models that are not known before.
    ('SELECT brim_score(d) FROM crm AS c LEFT JOIN crm AS d ON d.id = -c.id'), ('SELECT brim_score(c) FROM crm AS c FULL JOIN crm AS d USING (id)'),
    ('SELECT brim_score(c, c.industry) FROM crm AS c')) AS v (q);
SELECT count(*), count(DISTINCT brim_score(crm)) > 5 AS varied, bool_and(brim_score(crm) = by_row(crm)) AS same,
       bool_and(brim_score(crm, 'aggressive') = by_row(crm, 'aggressive')) AS named FROM crm;
SELECT count(*), count(brim_score(d)) AS scores FROM crm AS c LEFT JOIN crm AS d ON d.id = -c.id;
SELECT sum(brim_score(c)) = (SELECT sum(by_row(crm)) FROM crm) AS left_side, count(brim_score(d)) AS right_side FROM crm AS c LEFT JOIN crm AS d ON d.id = -c.id;
SELECT (SELECT array_agg(id) FROM (SELECT id FROM crm ORDER BY brim_score(crm) DESC, id LIMIT 20) AS t)
     = (SELECT array_agg(id) FROM (SELECT id FROM crm ORDER BY by_row(crm) DESC, id LIMIT 20) AS t) AS top_20;

-- ALTER TABLE under a prepared statement, and a change of rules that reads another column.
PREPARE scored AS SELECT sum(brim_score(crm)) FROM crm;
PREPARE by_model AS SELECT sum(brim_score(crm, 'mine')) FROM crm;
INSERT INTO brim.scoring_model (name, fit_weight, intent_weight) VALUES ('mine', 1, 0);
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, keywords, points) VALUES ('mine', 1, 1, 'fit', 's', 'industry', 'one_of', '{food}', 40);
SELECT brim_publish_model('mine');
SET plan_cache_mode = force_generic_plan;
EXECUTE scored;
EXECUTE by_model;
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, keywords, points) VALUES ('mine', 1, 2, 'fit', 't', 'size_class', 'one_of', '{big}', 100);
EXECUTE by_model;
SELECT sum(by_row(crm, 'mine')) FROM crm;
UPDATE brim.scoring_rule SET attribute = 'not_there' WHERE model = 'mine' AND rule_no = 2;
EXECUTE by_model;
ALTER TABLE crm ADD COLUMN not_there text DEFAULT 'big';
EXECUTE by_model;
SELECT sum(by_row(crm, 'mine')) FROM crm;
ALTER TABLE crm ALTER COLUMN industry TYPE varchar(40);
EXECUTE scored;
ALTER TABLE crm RENAME COLUMN industry TO trade;
EXECUTE by_model;
ALTER TABLE crm RENAME COLUMN trade TO industry;
-- A cursor that was opened before the rules changed goes on with what it was opened with, or what it can read.
UPDATE brim.scoring_rule SET attribute = 'size_class' WHERE model = 'mine' AND rule_no = 2;
BEGIN;
DECLARE c CURSOR FOR SELECT id, brim_score(crm, 'mine') FROM crm WHERE id = 201;
UPDATE brim.scoring_rule SET attribute = 'id', kind = 'range', low = 1, keywords = NULL, points = 10 WHERE model = 'mine' AND rule_no = 2;
FETCH c;
SELECT id, brim_score(crm, 'mine') FROM crm WHERE id = 201;
ROLLBACK;

-- Inheritance and partitions with columns in another order, a domain over the row, a composite column.
CREATE TABLE parent (id integer, industry text, employee_count integer) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF parent FOR VALUES FROM (0) TO (1000);
CREATE TABLE part2 (employee_count integer, dropped text, industry text, id integer);
ALTER TABLE part2 DROP COLUMN dropped;
ALTER TABLE parent ATTACH PARTITION part2 FOR VALUES FROM (1000) TO (9999);
INSERT INTO parent SELECT id, industry, employee_count FROM crm;
SELECT is_direct('SELECT brim_score(parent) FROM parent'),
       sum(brim_score(parent)) = (SELECT sum(brim_score(ROW(id, industry, employee_count)::parent)) FROM crm) AS same FROM parent;
CREATE TABLE base (industry text);
CREATE TABLE child (employee_count integer) INHERITS (base);
INSERT INTO base VALUES ('saas');
INSERT INTO child VALUES ('saas', 1000);
SELECT is_direct('SELECT brim_score(base) FROM base'), array_agg(brim_score(base)) FROM base;
CREATE DOMAIN company AS parent;
SELECT brim_score(ROW(1, 'saas', 50)::parent::company);
CREATE TABLE boxed (box parent);
INSERT INTO boxed VALUES (ROW(1, 'saas', 50));
SELECT brim_score(box) FROM boxed;

-- Views, security barriers, row security: the same scores, and no row that may not be seen.
CREATE VIEW plain AS SELECT id, industry, employee_count FROM crm;
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, industry, employee_count FROM crm WHERE id < 100;
SELECT (SELECT sum(brim_score(plain)) FROM plain) = (SELECT sum(brim_score(parent)) FROM parent) AS plain,
       (SELECT sum(brim_score(barrier)) FROM barrier) = (SELECT sum(brim_score(parent)) FROM parent WHERE id < 100) AS barrier;
CREATE ROLE regress_brim_plans;
GRANT SELECT ON parent, part1, part2 TO regress_brim_plans;
ALTER TABLE parent ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON parent TO regress_brim_plans USING (id < 50);
SET ROLE regress_brim_plans;
SELECT is_direct('SELECT brim_score(parent) FROM parent'), count(*), sum(brim_score(parent)) FROM parent WHERE brim_score(parent) >= 0;
RESET ROLE;
SELECT count(*), sum(brim_score(parent)) FROM parent WHERE id < 50;

-- A foreign table, of this same database, and a materialized view.
CREATE MATERIALIZED VIEW kept AS SELECT id, industry, employee_count FROM crm;
SELECT is_direct('SELECT brim_score(kept) FROM kept'), sum(brim_score(kept)) = (SELECT sum(brim_score(plain)) FROM plain) AS same FROM kept;
CREATE EXTENSION postgres_fdw;
DO $$
BEGIN
    EXECUTE format('CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
                   split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database());
    -- By name: without one libpq takes that of the operating system's user.
    EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER here OPTIONS (user %L)', current_user);
END
$$;
CREATE FOREIGN TABLE elsewhere (employee_count integer, trade text OPTIONS (column_name 'industry'), industry text, id integer) SERVER here OPTIONS (table_name 'crm');
SELECT is_direct('SELECT brim_score(elsewhere) FROM elsewhere'), count(*), sum(brim_score(elsewhere)) = (SELECT sum(brim_score(plain)) FROM plain) AS same FROM elsewhere;
SELECT count(*) = (SELECT count(*) FROM plain WHERE brim_score(plain) > 50) AS filtered FROM elsewhere WHERE brim_score(elsewhere) > 50;
DROP FOREIGN TABLE elsewhere;
DROP USER MAPPING FOR CURRENT_USER SERVER here;
DROP SERVER here;
DROP EXTENSION postgres_fdw;
DROP MATERIALIZED VIEW kept;

-- An index on a score by a spec is still used.
CREATE INDEX by_spec ON part1 (brim_score(part1, '{"fit_weight": 1, "intent_weight": 0, "rules": [{"dimension": "fit", "signal": "s", "attribute": "industry", "kind": "one_of", "keywords": ["food"], "points": 90}]}'::jsonb));
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM part1 WHERE brim_score(part1, '{"fit_weight": 1, "intent_weight": 0, "rules": [{"dimension": "fit", "signal": "s", "attribute": "industry", "kind": "one_of", "keywords": ["food"], "points": 90}]}'::jsonb) = 90;
RESET enable_seqscan;

-- Rows of views and subqueries, pulled up or not, under other names, and with columns that are computed.
CREATE VIEW renamed AS SELECT id, employee_count * 2 AS employee_count, upper(industry) AS industry, tech_stack AS stack FROM crm;
CREATE VIEW fenced WITH (security_barrier) AS SELECT industry, employee_count FROM crm WHERE id < 2000;
CREATE VIEW wobbly AS SELECT industry, employee_count, random() AS noise FROM crm;
CREATE FUNCTION by_record(r record) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN brim_score(r); END';
CREATE PROCEDURE compare_rows(source text) LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    EXECUTE format('SELECT count(*), sum(brim_score(x)) AS score, sum(by_record(x)) AS by_row FROM %s', source) INTO v;
    RAISE NOTICE '% direct %: % rows, score %, by row %', source, is_direct('SELECT brim_score(x) FROM ' || source), v.count, v.score, v.by_row;
END
$$;
CALL compare_rows('renamed AS x');
CALL compare_rows('fenced AS x');
CALL compare_rows('fenced AS x (employee_count, industry)'); -- the row keeps the names of the view
CALL compare_rows('(SELECT * FROM crm LIMIT 500) AS x');
CALL compare_rows('(SELECT id, industry, employee_count FROM crm OFFSET 0) AS x (employee_count, industry, a)');
CALL compare_rows('(SELECT industry, max(employee_count) AS employee_count FROM crm GROUP BY 1) AS x');
CALL compare_rows('(SELECT industry, employee_count FROM crm UNION ALL SELECT ''Biotech'', 40) AS x');
CALL compare_rows('(SELECT industry, employee_count FROM crm UNION SELECT ''Biotech'', 40) AS x');
CALL compare_rows('crm AS c LEFT JOIN renamed AS x ON x.id = -c.id');
CALL compare_rows('crm AS c LEFT JOIN (SELECT * FROM crm OFFSET 0) AS x ON x.id = c.id AND x.id < 10');
CALL compare_rows('crm AS c CROSS JOIN LATERAL (SELECT c.industry, c.id % 50 AS employee_count) AS x');
SELECT is_direct('SELECT brim_score(w) FROM wobbly AS w') AS direct, sum(brim_score(w)) = (SELECT sum(by_record(w)) FROM wobbly AS w) AS same FROM wobbly AS w;
SELECT is_direct('SELECT brim_score(ROW(c.id, c.id, c.industry, NULL, NULL, NULL, NULL)::crm) FROM crm AS c') AS plain,
       is_direct('SELECT brim_score(ROW(c.id, random(), c.industry, NULL, NULL, NULL, NULL)::crm) FROM crm AS c') AS volatile;
ALTER VIEW renamed RENAME COLUMN industry TO trade;
CALL compare_rows('renamed AS x');
SELECT brim_score(x) FROM (SELECT 40 AS employee_count, 50 AS employee_count FROM crm LIMIT 1) AS x;
SELECT brim_score(x) FROM (SELECT true AS employee_count FROM crm) AS x LIMIT 1;
SELECT brim_score(x) FROM (SELECT id FROM crm) AS x LIMIT 1;
DROP PROCEDURE compare_rows(text);
DROP FUNCTION by_record(record);
DROP VIEW renamed, fenced, wobbly;

-- Called by hand it checks what it is given.
SELECT brim.score_columns(7, 0, NULL, NULL, '{industry}', '{employee_count,tech_stack,recent_job_posts}', 'saas'::text);
SELECT brim.score_columns(7, 0, NULL, NULL, '{industry}', '{}', 'saas'::text);
SELECT brim.score_columns(9, 0, NULL, NULL, '{industry}', '{}', 'saas'::text);
SELECT brim.score_columns(7, 0, NULL, NULL, '{industry,x}', '{}', 'saas'::text);
SELECT brim.score_columns(7, 0, NULL, NULL, NULL, '{}', 'saas'::text);

DROP OWNED BY regress_brim_plans;
DROP ROLE regress_brim_plans;
DROP TABLE boxed, child, base;
DROP VIEW plain, barrier;
DROP DOMAIN company;
DROP TABLE parent;
DROP FUNCTION by_row(crm, text), is_direct(text);
DROP TABLE crm;
DROP EXTENSION brim CASCADE;
