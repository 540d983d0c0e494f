-- Promise: a plain role can do nothing but score; every capability is exactly
-- what it says; nobody's objects change what brim does.
\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS brim;
CREATE EXTENSION brim;
RESET client_min_messages;
\pset format unaligned
CREATE ROLE regress_brim_plain;
CREATE ROLE regress_brim_reader;
CREATE ROLE regress_brim_user;
CREATE ROLE regress_brim_operator;
CREATE ROLE regress_brim_admin;
CREATE ROLE regress_brim_worker LOGIN;
UPDATE brim.campaign SET product_pitch = 'We automate.', sender_address = 'anna@sender.example', postal_address = '1 Main Street',
       approval = 'review';
CREATE VIEW object AS
SELECT c.oid, c.relkind, c.relname::text AS name
  FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'brim'
 WHERE c.relkind IN ('r', 'v', 'S');
CREATE VIEW routine AS
SELECT p.oid, p.oid::regprocedure::text AS name, p.proname::text, p.prosecdef, p.proconfig
  FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'brim';

-- What PUBLIC has: the scoring functions, the key of a company and helpers that touch no table.
SELECT name FROM routine WHERE has_function_privilege('public', oid, 'EXECUTE') ORDER BY name COLLATE "C";
SELECT name FROM object WHERE relkind <> 'S' AND has_table_privilege('public', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER');
SELECT name FROM object WHERE CASE relkind WHEN 'S' THEN has_sequence_privilege('public', oid, 'USAGE, SELECT, UPDATE') END;
SELECT has_schema_privilege('public', 'brim', 'USAGE') AS usage, has_schema_privilege('public', 'brim', 'CREATE') AS creation;

-- Functions that run with the owner's rights fix their search path, and views run with them too.
SELECT name FROM routine WHERE prosecdef AND NOT ('search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}')));
SELECT name FROM object JOIN pg_class USING (oid) WHERE object.relkind = 'v' AND reloptions::text LIKE '%security_invoker%';
-- Every object and every column of a view has a comment.
SELECT name FROM object WHERE relkind <> 'S' AND obj_description(oid, 'pg_class') IS NULL ORDER BY 1;
SELECT name FROM routine WHERE obj_description(oid, 'pg_proc') IS NULL ORDER BY 1;

SELECT brim_grant('regress_brim_reader', 'reader');
SELECT brim_grant('regress_brim_user', 'user');
SELECT brim_grant('regress_brim_operator', 'operator');
SELECT brim_grant('regress_brim_admin', 'admin');
SELECT brim_grant('regress_brim_worker', 'worker');
SELECT brim_grant('regress_brim_worker', 'worker');
SELECT brim_grant('regress_brim_plain', 'god');
SELECT brim_grant('regress_brim_plain', NULL);
SELECT brim_grant('regress_brim_nobody', 'reader');
DO $$
BEGIN
    PERFORM brim_grant(session_user::regrole, 'worker');
EXCEPTION WHEN invalid_grant_operation THEN
    RAISE NOTICE 'a superuser is refused';
END $$;

-- What each capability has, beyond PUBLIC.
SELECT r.rolname, p.priv, string_agg(o.name, ' ' ORDER BY o.name) AS tables
  FROM pg_roles AS r CROSS JOIN object AS o
 CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (priv)
 WHERE r.rolname ~ '^regress_brim' AND o.relkind = 'r' AND has_table_privilege(r.oid, o.oid, p.priv)
 GROUP BY 1, 2 ORDER BY 1, 2;
-- All views, except those that show texts, addresses and notes.
SELECT r.rolname, string_agg(o.name, ' ' ORDER BY o.name) FILTER (WHERE NOT has_table_privilege(r.oid, o.oid, 'SELECT')) AS all_views_but
  FROM pg_roles AS r CROSS JOIN object AS o
 WHERE r.rolname ~ '^regress_brim_(reader|user|operator|admin)' AND o.relkind = 'v'
 GROUP BY 1 ORDER BY 1;
SELECT string_agg(o.name, ' ' ORDER BY o.name) AS views_of_the_worker
  FROM object AS o WHERE o.relkind = 'v' AND has_table_privilege('regress_brim_worker', o.oid, 'SELECT');
SELECT r.rolname, string_agg(f.name, ' ' ORDER BY f.name COLLATE "C") AS functions
  FROM pg_roles AS r CROSS JOIN routine AS f
 WHERE r.rolname ~ '^regress_brim' AND has_function_privilege(r.oid, f.oid, 'EXECUTE')
   AND NOT has_function_privilege('public', f.oid, 'EXECUTE')
 GROUP BY 1 ORDER BY 1;
SELECT count(*) AS with_grant_option
  FROM object AS o JOIN pg_class AS c USING (oid) CROSS JOIN aclexplode(c.relacl) AS a WHERE a.is_grantable AND a.grantee <> c.relowner;
SELECT attname FROM pg_attribute WHERE attrelid = 'brim.node'::regclass AND attacl IS NOT NULL ORDER BY attnum;

-- A plain role scores its own rows and nothing else.
SET ROLE regress_brim_plain;
SELECT brim_score(l), brim_score(l, 'aggressive'), brim_explain(l) -> 'action' AS action
  FROM (SELECT 120 AS employee_count, 'SaaS' AS industry) AS l;
SELECT brim_company_id('Acme');
SELECT count(*) FROM brim.lead;
SELECT brim_score_company('{"company_name": "x"}');
SELECT brim_status();
SELECT brim_grant('regress_brim_plain', 'admin');
SELECT brim_pause();
RESET ROLE;

-- A user brings companies in, by function and by INSERT, without rights on what is written behind.
SET ROLE regress_brim_user;
SELECT brim_score_company('{"company_id": "u1", "company_name": "U1", "industry": "AI", "employee_count": 100, "contact_email": "a@u1.example"}') ->> 'total_score' AS score;
INSERT INTO brim.lead (company_id, company_name, industry, employee_count, tech_stack) VALUES ('u2', 'U2', 'AI', 100, '{make}');
UPDATE brim.lead SET tech_stack = '{make}' WHERE company_id = 'u1';
SELECT company_id, total_score FROM brim.lead ORDER BY 1;
SELECT brim_log_event('u', 'file_upload') > 0 AS logged;
SELECT brim_report_outcome('u1', 'demo_booked') AS new;
DELETE FROM brim.lead;
TRUNCATE brim.lead;
SELECT * FROM brim.generation;
SELECT brim_pause();
CREATE TRIGGER t AFTER INSERT ON brim.lead EXECUTE FUNCTION suppress_redundant_updates_trigger();
RESET ROLE;
SELECT company_id, status FROM brim.generation ORDER BY 1;

-- Settings of a dump let nobody but the owner of the tables past the triggers.
SET SESSION AUTHORIZATION regress_brim_user;
SET check_function_bodies = off;
SET row_security = off;
SELECT brim.is_restoring();
RESET SESSION AUTHORIZATION;
SELECT brim.is_restoring();
RESET check_function_bodies;
RESET row_security;

-- The worker does its work with what it has been given.
SET ROLE regress_brim_worker;
SELECT brim.store_emails(generation_id, '[{"variant": "roi_focused", "subject": "S", "body": "B"}]', 'template') FROM brim.generation WHERE company_id = 'u1';
INSERT INTO brim.suppression (kind, value) VALUES ('company', 'u2') ON CONFLICT (kind, value) DO NOTHING;
UPDATE brim.node SET last_batch_at = now();
UPDATE brim.node SET node_id = 'x';
UPDATE brim.campaign SET product_pitch = 'x';
DELETE FROM brim.suppression;
SELECT brim_approve(1);
RESET ROLE;
SELECT company_id, status FROM brim.generation ORDER BY 1;

-- An operator reads what is to be approved, and operates.
SET ROLE regress_brim_operator;
SELECT email_id, status FROM brim.outbound_email;
SELECT brim_approve(1), brim_hold(1), brim_release(1);
SELECT brim_suppress('address', 'b@b.example');
SELECT count(*) > 0 AS status FROM brim_status();
SELECT count(*) FROM brim.queue_blocked;
UPDATE brim.outbound_email SET status = 'sent';
UPDATE brim.email_parked SET status = 'cancelled';
DELETE FROM brim.send_ledger;
SELECT brim_arm();
RESET ROLE;
SELECT data ->> 'by' = session_user AS by_session_user FROM brim.event WHERE event_type = 'email_approved';

-- A reader reads every view.
SET ROLE regress_brim_reader;
SELECT count(*) FROM brim.queue_health;
SELECT count(*) FROM brim.queue_blocked;
SELECT count(*) FROM brim.worker_status;
SELECT count(*) FROM brim.scored_leads;
SELECT count(*) > 0 AS status FROM brim_status();
SELECT count(*) FROM brim_compare_models('balanced', 'aggressive');
SELECT leads FROM brim_compare_models_summary('balanced', 'aggressive');
SELECT count(*) FROM brim.model_comparison;
SELECT (SELECT count(*) FROM brim.model_history) AS publications, (SELECT count(*) FROM brim.score_changes) AS changes, (SELECT count(*) FROM brim.rescore_progress) AS runs;
SELECT brim_copy_model('balanced');
CALL brim_rescore_all();
SELECT count(*) FROM brim.lead;
RESET ROLE;

SET ROLE regress_brim_admin;
UPDATE brim.campaign SET min_score = 70;
SELECT brim_rescore();
SELECT brim_publish_model('aggressive');
SELECT brim_copy_model('aggressive'), brim_edit_model('aggressive', '{"fit_weight": 0.4}', 2), brim_publish_model('aggressive', 2);
SELECT brim_rollback_model('aggressive');
CALL brim_rescore_all();
SELECT state, started_by = session_user AS by_session_user FROM brim.rescore_progress;
SELECT brim.rescore_step(1);
SELECT brim.rescore_step(2);
SELECT published_by = session_user AS by_session_user FROM brim.model_history ORDER BY publication_id;
DELETE FROM brim.model_publication;
SELECT item FROM brim_arm();
SELECT brim_grant('regress_brim_plain', 'admin');
RESET ROLE;

-- Objects of the same names in public and pg_temp change nothing.
CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS $$SELECT 'hijacked'$$;
CREATE FUNCTION public.jsonb_typeof(jsonb) RETURNS text LANGUAGE sql AS $$SELECT 'hijacked'$$;
CREATE FUNCTION public.jsonb_each(jsonb, OUT key text, OUT value jsonb) RETURNS SETOF record LANGUAGE sql AS $$SELECT 'hijacked', '1'::jsonb$$;
CREATE FUNCTION public.wrong(integer, integer) RETURNS boolean LANGUAGE sql AS $$SELECT false$$;
CREATE OPERATOR public.>= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = public.wrong);
CREATE TEMP TABLE lead (x integer);
CREATE TEMP TABLE pg_class (x integer);
CREATE TEMP TABLE pg_roles (x integer);
SET search_path = public, pg_temp, pg_catalog;
SELECT brim_score_company('{"company_id": "h1", "company_name": "H1", "industry": "AI", "employee_count": 100, "contact_email": "A@H1.example"}') ->> 'total_score' AS score;
INSERT INTO brim.lead (company_id, company_name, industry, employee_count, tech_stack) VALUES ('h2', 'H2', 'AI', 100, '{make}');
SELECT brim_suppress('address', 'A@H1.EXAMPLE') AS new, brim_rescore() AS rescored;
SELECT brim_edit_model('balanced', '{"fit_weight": 0.5, "rules": [{"rule_no": 20, "points": 90}]}') AS edited, brim_publish_model('balanced', 2) AS published;
SELECT brim_rollback_model('balanced') AS back, brim_rescore('balanced') AS rescored;
SELECT leads FROM brim_compare_models_summary('balanced', 'balanced@2');
SELECT brim_grant('regress_brim_reader', 'reader');
SELECT company_id, score, status FROM brim.generation WHERE company_id OPERATOR(pg_catalog.~) '^h' ORDER BY 1;
SELECT value FROM brim.suppression WHERE kind OPERATOR(pg_catalog.=) 'address' ORDER BY 1;
RESET search_path;
DROP TABLE pg_temp.lead, pg_temp.pg_class, pg_temp.pg_roles;
DROP OPERATOR public.>= (integer, integer);
DROP FUNCTION public.lower(text), public.jsonb_typeof(jsonb), public.jsonb_each(jsonb), public.wrong(integer, integer);

SET client_min_messages = warning;
DROP VIEW object, routine;
DROP OWNED BY regress_brim_reader, regress_brim_user, regress_brim_operator, regress_brim_admin, regress_brim_worker;
DROP EXTENSION brim;
DROP ROLE regress_brim_plain, regress_brim_reader, regress_brim_user, regress_brim_operator, regress_brim_admin, regress_brim_worker;
