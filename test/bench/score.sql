-- Scores of the same million leads, in several ways, and what reading them costs beside them: medians, and how many
-- times what reading the four columns took in the same round.
-- No two have the same job posts, since what repeats is scored once.
\set QUIET 1
\pset tuples_only on
\pset format unaligned
SET max_parallel_workers_per_gather = 0;
SET jit = off;

CREATE TABLE crm AS
SELECT i AS id, 'Company ' || i AS company_name,
       CASE WHEN i % 17 = 0 THEN NULL ELSE i % 700 END AS employee_count,
       (ARRAY['SaaS', 'Fintech', 'AI', 'Technology', 'E-commerce', 'Biotech', 'Education', 'Mining', 'Retail', NULL])[1 + i % 10] AS industry,
       CASE i % 4 WHEN 0 THEN ARRAY['Slack', 'HubSpot', 'Jira'] WHEN 1 THEN ARRAY['slack', 'jira', 'github'] WHEN 2 THEN ARRAY['Zapier'] END AS tech_stack,
       CASE i % 3 WHEN 0 THEN ARRAY['Head of Operations for the northern region, team ' || i, 'Senior accountant (' || i || ')']
                  WHEN 1 THEN ARRAY['Sales representative for laptops and shops, team ' || i, 'Store manager (' || i || ')'] END AS recent_job_posts
  FROM generate_series(1, :rows) AS i;
VACUUM ANALYZE crm;

CREATE FUNCTION score_in_plpgsql(employee_count integer, industry text, tech_stack text[], recent_job_posts text[])
    RETURNS integer IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
    fit_sum integer := 0;
    fit_n integer := 0;
    intent_sum integer := 0;
    intent_n integer := 0;
BEGIN
    IF employee_count <> 0 THEN
        fit_n := 1;
        IF employee_count BETWEEN 30 AND 300 THEN
            fit_sum := 100;
        ELSIF employee_count BETWEEN 15 AND 500 THEN
            fit_sum := 50;
        END IF;
    END IF;
    IF lower(industry) IN ('saas', 'fintech', 'ai', 'technology') THEN
        fit_sum := fit_sum + 100;
        fit_n := fit_n + 1;
    ELSIF lower(industry) IN ('e-commerce', 'biotech', 'education') THEN
        fit_sum := fit_sum + 60;
        fit_n := fit_n + 1;
    END IF;
    IF array_to_string(tech_stack, '') <> '' THEN
        intent_n := 1;
        intent_sum := CASE WHEN lower(tech_stack::text)::text[] && '{zapier,make,workato,hubspot}' THEN 100 ELSE 20 END;
    END IF;
    IF array_to_string(recent_job_posts, ' | ') ~* '\y(operations|ops|revops|devops|automation\s+engineer)\y' THEN
        intent_sum := intent_sum + 100;
        intent_n := intent_n + 1;
    END IF;
    RETURN trunc(coalesce(fit_sum / nullif(fit_n, 0), 0) * 0.6 + coalesce(intent_sum / nullif(intent_n, 0), 0) * 0.4);
END
$$;

-- What is timed; each score gives one sum, so that all must agree.  SQL and PL/pgSQL are the fastest that we know of:
-- unnest() takes three times as long.
CREATE TABLE way (ord integer, name text, query text, workers integer DEFAULT 0);
INSERT INTO way VALUES
(1, 'count(*)', 'SELECT count(*) FROM crm'),
(2, 'the four columns', 'SELECT count(employee_count) + count(industry) + count(tech_stack) + count(recent_job_posts) FROM crm'),
(5, 'the whole row', 'SELECT count(crm) FROM crm'),
(3, 'sizes of the four columns', 'SELECT sum(employee_count) + sum(octet_length(industry)) + sum(cardinality(tech_stack)) + sum(cardinality(recent_job_posts)) FROM crm'),
(4, 'hashes of the four columns', 'SELECT sum(hashint4(employee_count)::bigint) + sum(hashtext(industry)) + sum(hash_array(tech_stack)) + sum(hash_array(recent_job_posts)) FROM crm'),
(6, 'brim_score(row)', 'SELECT sum(brim_score(crm)) FROM crm'),
(8, 'brim_score(row, spec)', 'SELECT sum(brim_score(crm, (SELECT spec FROM brim.model_spec WHERE is_default AND is_published))) FROM crm'),
(9, 'brim_explain(row)', 'SELECT sum((brim_explain(crm) ->> ''total_score'')::integer) FROM crm'),
(10, 'hand-written SQL', $q$
SELECT sum(trunc(fit * 0.6 + intent * 0.4)::integer) FROM (
    SELECT coalesce((coalesce(s.size, 0) + coalesce(s.trade, 0)) / nullif(num_nonnulls(s.size, s.trade), 0), 0) AS fit,
           coalesce((coalesce(s.tools, 0) + coalesce(s.jobs, 0)) / nullif(num_nonnulls(s.tools, s.jobs), 0), 0) AS intent
      FROM crm CROSS JOIN LATERAL (SELECT
           CASE WHEN employee_count = 0 THEN NULL WHEN employee_count BETWEEN 30 AND 300 THEN 100
                WHEN employee_count BETWEEN 15 AND 500 THEN 50 WHEN employee_count IS NOT NULL THEN 0 END AS size,
           CASE WHEN lower(industry) IN ('saas', 'fintech', 'ai', 'technology') THEN 100
                WHEN lower(industry) IN ('e-commerce', 'biotech', 'education') THEN 60 END AS trade,
           CASE WHEN array_to_string(tech_stack, '') <> '' THEN
                CASE WHEN lower(tech_stack::text)::text[] && '{zapier,make,workato,hubspot}' THEN 100 ELSE 20 END END AS tools,
           CASE WHEN array_to_string(recent_job_posts, ' | ') ~* '\y(operations|ops|revops|devops|automation\s+engineer)\y'
                THEN 100 END AS jobs OFFSET 0) AS s) AS x$q$),
(11, 'PL/pgSQL', 'SELECT sum(score_in_plpgsql(employee_count, industry, tech_stack, recent_job_posts)) FROM crm');

-- Models with more and more keywords, none of which the leads have, and the model that looks for events
INSERT INTO brim.scoring_model (name, fit_weight, intent_weight) SELECT 'words' || n, 0, 1 FROM unnest(ARRAY[10, 100, 1000, 10000]) AS n;
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, keywords, points)
SELECT 'words' || n, 1, 1, 'intent', 'posts', 'recent_job_posts', 'words', (SELECT array_agg('z' || md5(k::text)) FROM generate_series(1, n) AS k), 100
  FROM unnest(ARRAY[10, 100, 1000, 10000]) AS n;
DO $$ BEGIN PERFORM brim_publish_model('words' || n) FROM unnest(ARRAY[10, 100, 1000, 10000]) AS n; END $$;
CREATE TABLE news AS SELECT company_name, employee_count, industry, tech_stack, recent_job_posts,
       CASE WHEN id % 2 = 0 THEN ARRAY[(ARRAY['%s raises $12 million Series A', '%s to cut 200 jobs', '%s opens a plant in Ohio', 'Shares of %s close higher', '%s has no plans to expand'])[1 + id % 5]] END AS news_mentions
  FROM crm;
UPDATE news SET news_mentions = ARRAY[format(news_mentions[1], company_name)] WHERE news_mentions IS NOT NULL;
VACUUM ANALYZE news;
INSERT INTO way VALUES
(12, '10 keywords', 'SELECT sum(brim_score(crm, ''words10'')) FROM crm'),
(13, '100 keywords', 'SELECT sum(brim_score(crm, ''words100'')) FROM crm'),
(14, '1,000 keywords', 'SELECT sum(brim_score(crm, ''words1000'')) FROM crm'),
(15, '10,000 keywords', 'SELECT sum(brim_score(crm, ''words10000'')) FROM crm'),
(16, 'intent_plus, half have news', 'SELECT sum(brim_score(news, ''intent_plus'')) FROM news'),
(17, 'top 20', 'SELECT sum(id) FROM (SELECT id FROM crm ORDER BY brim_score(crm) DESC LIMIT 20) AS t'),
(18, 'score above 75', 'SELECT count(*) FROM crm WHERE brim_score(crm) > 75');
INSERT INTO way VALUES (7, 'brim_score(row), 2 workers', 'SELECT sum(brim_score(crm)) FROM crm', 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;

-- In rounds, so that what disturbs the machine disturbs every way; what takes seconds has its turn in five of them only
CREATE TABLE took (round integer, ord integer, ms numeric, answer text);
CREATE FUNCTION time_ways(rounds integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    w way;
    started timestamptz;
    answer text;
BEGIN
    FOR n IN 1 .. rounds LOOP
        FOR w IN SELECT * FROM way
                  WHERE n <= 5 OR ord NOT IN (SELECT t.ord FROM took AS t GROUP BY t.ord HAVING min(ms) > 3000) ORDER BY ord LOOP
            PERFORM set_config('max_parallel_workers_per_gather', w.workers::text, false);
            started := clock_timestamp();
            EXECUTE w.query INTO answer;
            INSERT INTO took VALUES (n, w.ord, extract(epoch FROM clock_timestamp() - started) * 1000, answer);
        END LOOP;
    END LOOP;
END
$$;

SELECT time_ways(15) \g /dev/null
SELECT format('%-28s %9s ms  %12s rows/s  %7s times  answer %s', name, round(ms), to_char(:rows / ms * 1000, 'FM999,999,999'),
              to_char(times, 'FM99990.00'), answers)
  FROM (SELECT t.ord, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms) AS ms,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms / columns.ms) AS times, string_agg(DISTINCT t.answer, ' or ') AS answers
          FROM took AS t JOIN took AS columns ON columns.round = t.round AND columns.ord = 2 GROUP BY t.ord) AS t JOIN way USING (ord)
 ORDER BY ord;
DROP TABLE crm, way, took, news;
DROP FUNCTION time_ways(integer), score_in_plpgsql(integer, text, text[], text[]);
