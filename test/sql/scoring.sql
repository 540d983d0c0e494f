--
-- The default model, bit for bit: scores, reasons, confidence and action of
-- companies at every edge of every rule, computed by hand.
--
SET client_min_messages = warning;
CREATE EXTENSION brim;

CREATE TABLE company (
    id integer PRIMARY KEY,
    company_name text,
    employee_count integer,
    industry text,
    funding_stage text,
    tech_stack text[],
    recent_job_posts text[],
    news_mentions text[],
    -- what is expected: fit and intent
    fit integer,
    intent integer
);

INSERT INTO company (id, employee_count, fit, intent) VALUES
    (1, 14, 0, 0), (2, 15, 50, 0), (3, 29, 50, 0), (4, 30, 100, 0), (5, 120, 100, 0), (6, 300, 100, 0),
    (7, 301, 50, 0), (8, 500, 50, 0), (9, 501, 0, 0), (10, 0, 0, 0), (11, NULL, 0, 0), (12, 1, 0, 0),
    (13, -3, 0, 0), (14, 2147483647, 0, 0);

-- Industries in odd case; blanks are not trimmed, other industries are left out
INSERT INTO company (id, industry, fit, intent) VALUES
    (20, 'SaaS', 100, 0), (21, 'SAAS', 100, 0), (22, 'fInTeCh', 100, 0), (23, 'Ai', 100, 0), (24, 'TECHNOLOGY', 100, 0),
    (25, 'E-Commerce', 60, 0), (26, 'BioTech', 60, 0), (27, 'EDUCATION', 60, 0),
    (28, 'Healthcare', 0, 0), (29, 'ecommerce', 0, 0), (30, ' saas', 0, 0), (31, 'saas ', 0, 0), (32, '', 0, 0),
    (33, 'Bildungsträger', 0, 0);
-- 100 and 60: 80; 50 and 60: 55; 0 and 100: 50; 50 and left out: 50
INSERT INTO company (id, employee_count, industry, fit, intent) VALUES
    (40, 100, 'education', 80, 0), (41, 20, 'education', 55, 0), (42, 5, 'saas', 50, 0), (43, 500, 'Healthcare', 50, 0),
    (44, 0, 'Biotech', 60, 0), (45, 501, 'retail', 0, 0), (46, 29, 'AI', 75, 0);

-- Tools: whole entries, any case; only other tools give 20; nothing is missing
INSERT INTO company (id, tech_stack, fit, intent) VALUES
    (50, '{Zapier}', 0, 100), (51, '{MAKE}', 0, 100), (52, '{WorkAto}', 0, 100), (53, '{hubSpot,Slack}', 0, 100),
    (54, '{Slack}', 0, 20), (55, '{make.com}', 0, 20), (56, '{" zapier"}', 0, 20), (57, '{makeup,zapiers}', 0, 20),
    (58, '{}', 0, 0), (59, NULL, 0, 0), (60, '{NULL}', 0, 0), (61, '{NULL,""}', 0, 0), (62, '{NULL,Zapier,""}', 0, 100),
    (63, '{NULL,Jira}', 0, 20),
    (64, '[0:1]={Jira,HubSpot}', 0, 100), (65, '[-3:-3]={Jira}', 0, 20),
    (66, '{{Jira,Slack},{Notion,Workato}}', 0, 100), (67, '{{Jira,NULL},{NULL,""}}', 0, 20), (68, '{{NULL},{""}}', 0, 0),
    (69, '{"Zäpier"}', 0, 20), (70, '{NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,make}', 0, 100);

-- Job posts: whole words and the phrase; none is left out, nothing is missing
INSERT INTO company (id, recent_job_posts, fit, intent) VALUES
    (80, '{"Head of Operations"}', 0, 100), (81, '{Ops}', 0, 100), (82, '{"RevOps Manager"}', 0, 100), (83, '{"devOPS (m/f)"}', 0, 100),
    (84, '{"Laptops buyer"}', 0, 0), (85, '{"Manager of shops"}', 0, 0), (86, '{"Automation Engineer"}', 0, 100),
    (87, E'{"automation\t \nengineer, remote"}', 0, 100), (88, '{"Automation","Engineer"}', 0, 0),
    (89, '{"automation-engineer"}', 0, 0), (90, '{"Automation Engineers"}', 0, 0), (91, '{"Sales/Ops"}', 0, 100),
    (92, '{"ops2"}', 0, 0), (93, '{"öops"}', 0, 0), (94, '{"ops"}', 0, 100), (95, E'{"ops\u0301"}', 0, 0),
    (96, '{"Übernahme der Operations-Leitung"}', 0, 100), (97, '{"クラウド運営ops担当"}', 0, 100), (98, '{}', 0, 0), (99, '{NULL,""}', 0, 0),
    (100, '{"cooperations"}', 0, 0), (101, '{NULL,"Cook","DEVOPS"}', 0, 100), (102, '{"co-op","opsec"}', 0, 0),
    (103, '{{Cook,Waiter},{Clerk,"VP Operations"}}', 0, 100), (104, '{"„Ops“"}', 0, 100);
-- 20 and 100: 60; 100 and 100; 20 and left out; 100 and missing
INSERT INTO company (id, tech_stack, recent_job_posts, fit, intent) VALUES
    (110, '{Slack}', '{ops}', 0, 60), (111, '{Make}', '{ops}', 0, 100), (112, '{Slack}', '{Cook}', 0, 20), (113, '{Make}', '{}', 0, 100),
    (114, '{}', '{RevOps}', 0, 100), (115, '{Jira}', NULL, 0, 20);

-- Both sides
INSERT INTO company (id, company_name, employee_count, industry, funding_stage, tech_stack, recent_job_posts, news_mentions, fit, intent) VALUES
    (120, 'All', 120, 'SaaS', 'Series A', '{Zapier,HubSpot}', '{RevOps}', '{x}', 100, 100),
    (121, 'Mixed', 20, 'Education', NULL, '{Slack}', '{ops}', NULL, 55, 60),
    (122, 'Size', 450, NULL, 'Seed', '{Make}', NULL, '{}', 50, 100),
    (123, 'Ångström', 35, 'FINTECH', '', '{NULL}', '{"Reliability engineer"}', '{""}', 100, 0),
    (124, 'Small', 3, 'AI', NULL, '{Jira}', '{Cook}', NULL, 50, 20),
    (125, 'Full fit', 30, 'AI', 'B', '{Jira}', NULL, NULL, 100, 20);

-- Promise: every score is exact. No row: none is off.
SELECT c.id, c.fit, brim_fit_score(c) AS fit_got, c.intent, brim_intent_score(c) AS intent_got
  FROM company AS c
 WHERE brim_fit_score(c) IS DISTINCT FROM c.fit OR brim_intent_score(c) IS DISTINCT FROM c.intent;

-- Promise: total = truncate(fit * 0.6 + intent * 0.4), and as the other models weigh. No row: none is off.
SELECT c.id, c.fit, c.intent, brim_score(c), brim_score(c, 'aggressive'), brim_score(c, 'conservative')
  FROM company AS c
 WHERE brim_score(c) IS DISTINCT FROM trunc(c.fit * 0.6 + c.intent * 0.4)::integer
    OR brim_score(c, 'balanced') IS DISTINCT FROM brim_score(c)
    OR brim_score(c, NULL::text) IS DISTINCT FROM brim_score(c)
    OR brim_score(c, 'aggressive') IS DISTINCT FROM trunc(c.fit * 0.3 + c.intent * 0.7)::integer
    OR brim_score(c, 'conservative') IS DISTINCT FROM trunc(c.fit * 0.8 + c.intent * 0.2)::integer;

-- Promise: totals by hand, and the three models differ.
WITH expected (id, balanced, aggressive, conservative) AS (VALUES
    (5, 60, 30, 80), (120, 100, 100, 100), (121, 57, 58, 56), (122, 70, 85, 60), (123, 60, 30, 80),
    (124, 38, 29, 44), (125, 68, 44, 84), (110, 24, 42, 12), (46, 45, 22, 60), (41, 33, 16, 44))
SELECT e.*, brim_score(c), brim_score(c, 'aggressive'), brim_score(c, 'conservative')
  FROM expected AS e JOIN company AS c USING (id)
 WHERE (brim_score(c), brim_score(c, 'aggressive'), brim_score(c, 'conservative')) <> (e.balanced, e.aggressive, e.conservative);

-- Promise: confidence is the share of the seven facts given, in two digits.
WITH expected (id, confidence) AS (VALUES
    (11, '0.00'), (10, '0.00'), (32, '0.00'), (58, '0.00'), (61, '0.00'), (5, '0.14'), (40, '0.29'), (111, '0.29'),
    (113, '0.14'), (120, '1.00'), (121, '0.71'), (122, '0.57'), (123, '0.57'), (124, '0.71'), (125, '0.71'), (33, '0.14'))
SELECT e.*, brim_explain(c) ->> 'confidence' AS got
  FROM expected AS e JOIN company AS c USING (id)
 WHERE e.confidence <> brim_explain(c) ->> 'confidence';
SELECT brim_explain(l) ->> 'confidence' AS "0.43", brim_explain(m) ->> 'confidence' AS "0.86"
  FROM (SELECT 'x' AS company_name, 'y' AS industry, 'z' AS funding_stage) AS l,
       (SELECT 'x' AS company_name, 'y' AS industry, 'z' AS funding_stage, 1 AS employee_count,
               ARRAY['a'] AS tech_stack, ARRAY['b'] AS recent_job_posts) AS m;

-- Promise: reasons and what is missing, word for word.
SELECT c.id, r.key, r.value
  FROM company AS c, jsonb_each(brim_explain(c) -> 'reasoning') AS r
 WHERE c.id IN (1, 2, 5, 10, 11, 13, 21, 24, 25, 28, 46, 53, 54, 61, 62, 66, 83, 84, 97, 110, 120, 121, 123, 124)
   AND r.value <> '[]'
 ORDER BY c.id, r.key;
-- of the tools the model's keywords, in the model's order
SELECT brim_explain(t) -> 'reasoning' -> 'positive'
  FROM (SELECT ARRAY['HubSpot', 'slack', 'WORKATO', 'Make', 'zapier', 'hubspot'] AS tech_stack) AS t;

-- Promise: action and qualified turn right above 80, 60 and 75.
CREATE TABLE edge (name text, spec jsonb);
INSERT INTO edge
SELECT p::text,
       jsonb_build_object('fit_weight', 1, 'intent_weight', 0, 'rules',
                          jsonb_build_array(jsonb_build_object('dimension', 'fit', 'signal', 's', 'attribute', 'company_name',
                                                               'kind', 'present', 'points', p)))
  FROM unnest(ARRAY[0, 60, 61, 75, 76, 80, 81, 100]) AS p;
SELECT e.name, x.e ->> 'total_score' AS total, x.e ->> 'action' AS action, x.e ->> 'qualified' AS qualified
  FROM edge AS e, LATERAL (SELECT brim_explain(c, e.spec) AS e FROM (SELECT 'x' AS company_name) AS c) AS x
 ORDER BY e.name::integer;

-- One explanation in full.
SELECT jsonb_pretty(brim_explain(c)) FROM company AS c WHERE id = 121;

-- Promise: the same row scores the same whatever composite value it comes as.
CREATE TABLE lead_like (news_mentions text[], extra_first date, tech_stack varchar[], gone integer, recent_job_posts text[],
                        industry varchar(40), gone_too text, employee_count bigint, company_name name, funding_stage char(20), extra_last jsonb);
ALTER TABLE lead_like DROP COLUMN gone;
INSERT INTO lead_like (company_name, employee_count, industry, funding_stage, tech_stack, recent_job_posts, news_mentions)
SELECT coalesce(company_name, ''), employee_count, industry, funding_stage, tech_stack, recent_job_posts, news_mentions FROM company;
ALTER TABLE lead_like DROP COLUMN gone_too;
ALTER TABLE lead_like ADD COLUMN id serial;
CREATE VIEW lead_view AS
    SELECT id, 'x' AS unknown_column, recent_job_posts, tech_stack, employee_count::numeric, industry, company_name, funding_stage, news_mentions
      FROM company;
CREATE DOMAIN headcount AS integer CHECK (VALUE >= -100);
CREATE DOMAIN sector AS text;
CREATE DOMAIN tools AS text[];
CREATE TYPE lead_type AS (employee_count headcount, industry sector, tech_stack tools, recent_job_posts text[],
                          company_name text, funding_stage text, news_mentions text[]);
CREATE DOMAIN lead_domain AS lead_type;
CREATE TABLE lead_parted (LIKE company) PARTITION BY RANGE (id);
CREATE TABLE lead_part_1 PARTITION OF lead_parted FOR VALUES FROM (0) TO (50);
CREATE TABLE lead_part_2 (news_mentions text[], id integer NOT NULL, intent integer, fit integer, recent_job_posts text[], tech_stack text[],
                          funding_stage text, industry text, employee_count integer, company_name text);
ALTER TABLE lead_parted ATTACH PARTITION lead_part_2 FOR VALUES FROM (50) TO (1000);
INSERT INTO lead_parted SELECT * FROM company;
CREATE TABLE lead_child (more integer) INHERITS (company);
INSERT INTO lead_child SELECT * FROM company;
INSERT INTO brim.lead (company_id, company_name, employee_count, industry, funding_stage, tech_stack, recent_job_posts, news_mentions)
SELECT id::text, coalesce(company_name, 'c' || id), employee_count, industry, funding_stage, tech_stack, recent_job_posts, news_mentions
  FROM ONLY company;
ANALYZE company;

CREATE VIEW wrong AS
SELECT c.id, s.*
  FROM ONLY company AS c,
       LATERAL (
           SELECT 'brim.lead', brim_score(l), l.total_score FROM brim.lead AS l WHERE l.company_id = c.id::text
           UNION ALL
           SELECT 'own table', brim_score(l), NULL FROM lead_like AS l
            WHERE l.id = (SELECT count(*) FROM ONLY company AS b WHERE b.id <= c.id)
           UNION ALL
           SELECT 'view', brim_score(v), NULL FROM lead_view AS v WHERE v.id = c.id
           UNION ALL
           SELECT 'subquery', brim_score(q), NULL
             FROM (SELECT c.recent_job_posts, c.industry, c.tech_stack, c.employee_count::float8) AS q
           UNION ALL
           SELECT 'jsonb lists', brim_score(q), NULL
             FROM (SELECT to_jsonb(array(SELECT unnest(c.recent_job_posts))) AS recent_job_posts, c.industry,
                          to_jsonb(array(SELECT unnest(c.tech_stack))) AS tech_stack, c.employee_count::float4) AS q
           UNION ALL
           SELECT 'composite', brim_score(ROW(c.employee_count, c.industry, c.tech_stack, c.recent_job_posts,
                                              c.company_name, c.funding_stage, c.news_mentions)::lead_type), NULL
           UNION ALL
           SELECT 'domain', brim_score(ROW(c.employee_count, c.industry, c.tech_stack, c.recent_job_posts,
                                           c.company_name, c.funding_stage, c.news_mentions)::lead_type::lead_domain), NULL
           UNION ALL
           SELECT 'partitioned', brim_score(p), NULL FROM lead_parted AS p WHERE p.id = c.id
           UNION ALL
           SELECT 'child', brim_score(h), NULL FROM company AS h WHERE h.id = c.id
           UNION ALL
           SELECT 'row of a child', brim_score(h), NULL FROM lead_child AS h WHERE h.id = c.id
           UNION ALL
           SELECT 'spec', brim_score(c, m.spec), NULL FROM brim.model_spec AS m WHERE m.is_default
       ) AS s (source, score, stored)
 WHERE s.score IS DISTINCT FROM trunc(c.fit * 0.6 + c.intent * 0.4)::integer
    OR s.stored <> s.score;
SELECT * FROM wrong;
SELECT count(*) AS rows_compared FROM ONLY company AS c JOIN lead_like AS l ON l.employee_count IS NOT DISTINCT FROM c.employee_count
   AND l.id = (SELECT count(*) FROM ONLY company AS b WHERE b.id <= c.id);

-- Promise: the reasons are the same too.
SELECT c.id FROM ONLY company AS c JOIN brim.lead AS l ON l.company_id = c.id::text
 WHERE brim_explain(c) - 'confidence' <> brim_explain(l) - 'confidence'
    OR (c.company_name IS NOT NULL AND brim_explain(c) <> brim_explain(l));

-- Promise: a parallel plan gives the same.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'debug_parallel_query') THEN
        SET debug_parallel_query = on;
    ELSE
        SET force_parallel_mode = on;
    END IF;
END
$$;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT sum(brim_score(c)) FROM ONLY company AS c;
SELECT sum(brim_score(c)) = sum(trunc(c.fit * 0.6 + c.intent * 0.4)) AS same,
       sum(brim_score(c, 'aggressive')) = sum(trunc(c.fit * 0.3 + c.intent * 0.7)) AS same_named
  FROM ONLY company AS c;
SELECT count(*) FROM ONLY company AS c WHERE brim_explain(c) ->> 'total_score' <> brim_score(c)::text;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'debug_parallel_query') THEN
        RESET debug_parallel_query;
    ELSE
        RESET force_parallel_mode;
    END IF;
END
$$;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- Promise: no lead is no score.
SELECT brim_score(NULL::company) IS NULL AS a, brim_score(NULL::company, 'balanced') IS NULL AS b, brim_explain(NULL::company) IS NULL AS c,
       brim_score(NULL::company, '{}'::jsonb) IS NULL AS d;

DROP TABLE company, lead_parted, lead_child, lead_like, edge CASCADE;
DROP TYPE lead_type CASCADE;
DROP DOMAIN headcount, sector, tools;
DROP EXTENSION brim;
