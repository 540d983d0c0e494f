--
-- Leads are scored when they are written, by INSERT, UPDATE and COPY alike;
-- and the key of a company.
--
SET client_min_messages = warning;
CREATE EXTENSION brim;

-- Promise: the key is 15 hex digits of SHA-1, of the host where a domain is given, else of the name.
-- As sha1sum gives it for these bytes.
SELECT n, brim_company_id(n) = id AS is_right
  FROM (VALUES ('Acme', 'ed099798f237671'), ('acme', '293abb6b76d7791'), ('acme.com', '41260d643900e46'), ('Ångström', 'b85bd725755e6bf')) AS s (n, id);
SELECT d, brim_company_id('x', d) = brim_company_id('acme.com') AS same
  FROM unnest(ARRAY['acme.com', 'ACME.com', 'https://acme.com', 'http://www.Acme.com/about?x=1#y', 'acme.com:8080', 'https://user:pw@www.acme.com.:443/',
                    '  acme.com.  ', '//acme.com/x', 'me@acme.com', E'https://acme.com\\x', 'www.acme.com', 'acme.com?q=http://other.com']) AS d;
SELECT brim_company_id('x', d) = brim_company_id('x') AS domain_is_nothing FROM unnest(ARRAY[NULL, '', '  ', 'https://', 'https:///path', '.']) AS d;
SELECT brim_company_id(NULL, 'acme.com') = brim_company_id('acme.com') AS no_name_needed;
SELECT brim_company_id(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT brim_company_id(NULL, 'https://');

-- Promise: INSERT fills the key and the score; what the writer gives for the score does not count.
INSERT INTO brim.lead (company_name, domain, employee_count, industry, tech_stack, fit_score, total_score, action, model_version, scored_at)
VALUES ('Acme', 'https://www.acme.com', 120, 'SaaS', '{Zapier}', 1, 2, 'x', 77, '2000-01-01');
SELECT company_id = brim_company_id('acme.com') AS id, fit_score, intent_score, total_score, confidence, action, model, model_version,
       scored_at = updated_at AND scored_at = created_at AND scored_at > '2020-01-01' AS times FROM brim.lead;
INSERT INTO brim.lead (company_name, model, employee_count) VALUES ('Beta', 'aggressive', 120) RETURNING fit_score, intent_score, total_score, confidence, action, model, model_version;
INSERT INTO brim.lead (company_name, model) VALUES ('Gamma', 'nobody');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO brim.lead (company_name) VALUES (NULL);
\echo :LAST_ERROR_SQLSTATE

-- Promise: COPY scores; many rows at a time too.
COPY brim.lead (company_id, company_name, employee_count, industry, tech_stack, recent_job_posts) FROM stdin;
c1	One	14	saas	\N	{ops}
c2	Two	29	\N	{Slack}	\N
c3	Three	\N	\N	\N	\N
\.
SELECT company_id, fit_score, intent_score, total_score, confidence, action, model FROM brim.lead WHERE company_id LIKE 'c_' ORDER BY 1;

-- Promise: UPDATE scores again; the time of scoring moves only with the score.
UPDATE brim.lead SET scored_at = '2001-01-01', updated_at = '2001-01-01', total_score = 99 WHERE company_id = 'c1';
SELECT company_id, total_score, scored_at < now() - interval '1 hour' AS scored_long_ago, scored_at = created_at AS unmoved, updated_at > scored_at AS updated FROM brim.lead WHERE company_id = 'c1';
SELECT scored_at AS before FROM brim.lead WHERE company_id = 'c1' \gset
UPDATE brim.lead SET contact_name = 'Ann' WHERE company_id = 'c1';
SELECT scored_at = :'before' AS unmoved, updated_at > :'before' AS updated FROM brim.lead WHERE company_id = 'c1';
UPDATE brim.lead SET employee_count = 30 WHERE company_id = 'c1' RETURNING fit_score, intent_score, total_score, scored_at > :'before' AS moved, scored_at = now() AS now;
-- confidence alone is a change of the score too
UPDATE brim.lead SET funding_stage = 'Seed' WHERE company_id = 'c2' RETURNING total_score, confidence, scored_at = now() AS now;

-- Promise: a lead keeps its model until told otherwise; NULL is the default again.
UPDATE brim.lead SET model = 'conservative' WHERE company_id = 'c1' RETURNING total_score, model;
UPDATE brim.lead SET industry = 'Retail' WHERE company_id = 'c1' RETURNING total_score, model;
UPDATE brim.lead SET model = NULL WHERE company_id = 'c1' RETURNING total_score, model;
UPDATE brim.lead SET model = 'nobody' WHERE company_id = 'c1';
\echo :LAST_ERROR_SQLSTATE

-- Promise: a new published version scores what is written from then on.
INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight) VALUES ('balanced', 2, 1, 0);
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, points) VALUES ('balanced', 2, 1, 'fit', 'name', 'company_name', 'present', 42);
SELECT brim_publish_model('balanced');
UPDATE brim.lead SET contact_name = 'Bob' WHERE company_id = 'c1' RETURNING total_score, model, model_version, scored_at = now() AS now;
SELECT total_score, model_version FROM brim.lead WHERE company_id = 'c2';
SELECT brim_publish_model('balanced', 1);

-- Promise: the key of a lead stays.
UPDATE brim.lead SET company_id = 'other' WHERE company_id = 'c1';
\echo :LAST_ERROR_SQLSTATE
UPDATE brim.lead SET company_id = company_id, company_name = 'Renamed' WHERE company_id = 'c1' RETURNING company_id, company_name;
INSERT INTO brim.lead (company_name, domain) VALUES ('Acme again', 'acme.com');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO brim.lead (company_name, domain, employee_count) VALUES ('Acme again', 'acme.com', 20)
    ON CONFLICT (company_id) DO UPDATE SET company_name = excluded.company_name, employee_count = excluded.employee_count
    RETURNING company_name, fit_score, total_score;

-- Promise: large values, stored out of line, are read.
INSERT INTO brim.lead (company_id, company_name, recent_job_posts)
SELECT 'big', 'Big', array_agg(md5(i::text) || ' laptops') || ARRAY['RevOps'] FROM generate_series(1, 20000) AS i;
UPDATE brim.lead SET employee_count = 50 WHERE company_id = 'big' RETURNING fit_score, intent_score;
SELECT brim_score(l) = l.total_score AS same FROM brim.lead AS l WHERE company_id = 'big';

-- Promise: whoever may write leads needs no right on the scoring tables.
CREATE ROLE regress_brim_writer;
GRANT USAGE ON SCHEMA brim TO regress_brim_writer;
GRANT INSERT, UPDATE, SELECT ON brim.lead TO regress_brim_writer;
SET ROLE regress_brim_writer;
INSERT INTO brim.lead (company_id, company_name, employee_count) VALUES ('w', 'Writer', 100) RETURNING total_score;
UPDATE brim.lead SET employee_count = 10, model = 'conservative' WHERE company_id = 'w' RETURNING total_score;
SELECT brim.lead_before_write();
RESET ROLE;
-- While a dump is restored rows are stored as they come, their models may follow; ...
SET check_function_bodies = off;
SET row_security = off;
BEGIN;
INSERT INTO brim.lead (company_id, company_name, total_score, model) VALUES ('restored', 'Restored', 7, 'not there yet') RETURNING total_score, model;
ROLLBACK;
-- ... but a dump's settings do not let others make up scores.
SET SESSION AUTHORIZATION regress_brim_writer;
SET check_function_bodies = off;
SET row_security = off;
INSERT INTO brim.lead (company_id, company_name, total_score, model_version) VALUES ('forged', 'Forged', 100, 1) RETURNING total_score;
RESET SESSION AUTHORIZATION;
RESET check_function_bodies;
RESET row_security;
DROP OWNED BY regress_brim_writer;
DROP ROLE regress_brim_writer;
DROP EXTENSION brim;
