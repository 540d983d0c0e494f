-- Promise: every operation checks the state of the e-mail, says why it cannot
-- be done, journals who did it, and never lets a company be mailed twice.
\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS brim;
CREATE EXTENSION brim;
RESET client_min_messages;
\pset format unaligned
CREATE VIEW queue AS
SELECT email_id AS id, company_id AS company, variant, status, hold_reason AS hold, recipient, message_id IS NOT NULL AS fixed
  FROM brim.outbound_email;
-- Drafts for every job that has none, as the worker stores them, in an order that no plan changes.
CREATE FUNCTION draft() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(brim.store_emails(g.generation_id, '[{"variant": "problem_focused", "subject": "S", "body": "B"},
                                                      {"variant": "roi_focused", "subject": "S", "body": "B"}]', 'template'))
      FROM (SELECT q.generation_id FROM brim.generation AS q
             WHERE q.status = 'queued' AND NOT EXISTS (SELECT FROM brim.outbound_email AS e WHERE e.generation_id = q.generation_id)
             ORDER BY q.company_id OFFSET 0) AS g
$$;
-- An e-mail in another state, as if worker or operators had brought it there.
CREATE FUNCTION put(id bigint, status text, hold text DEFAULT NULL, attempts integer DEFAULT 0, worker integer DEFAULT NULL,
                    token bigint DEFAULT NULL, node text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM brim.email_queue WHERE email_id = id;
    DELETE FROM brim.email_parked WHERE email_id = id;
    DELETE FROM brim.send_ledger WHERE email_id = id;
    IF status = 'queued' THEN
        INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id)
        SELECT e.email_id, e.campaign, e.company_id, e.choice, e.score, coalesce(node, e.node_id) FROM brim.email AS e WHERE e.email_id = id;
    ELSIF status IN ('claimed', 'committing', 'uncertain') THEN
        INSERT INTO brim.send_ledger (email_id, campaign, company_id, score, node_id, claims, state, claim_token, claimed_by)
        SELECT e.email_id, e.campaign, e.company_id, e.score, e.node_id, 1, status, token, worker FROM brim.email AS e WHERE e.email_id = id;
    ELSE
        INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id, attempts, status, hold_reason)
        SELECT e.email_id, e.campaign, e.company_id, e.choice, e.score, e.node_id, attempts, status, hold FROM brim.email AS e WHERE e.email_id = id;
    END IF;
END;
$$;

-- An incomplete campaign holds its e-mails; once complete, it releases them.
INSERT INTO brim.lead (company_id, company_name, contact_name, contact_email, employee_count, industry, tech_stack)
SELECT c, initcap(c), 'Anna', e, 120, 'SaaS', '{zapier}'
  FROM (VALUES ('c1', 'anna@c1.example'), ('c2', NULL), ('c3', 'anna(at)c3.example')) AS v (c, e);
SELECT kind, company_id, reason, detail FROM brim.queue_blocked ORDER BY company_id;
SELECT draft();
SELECT * FROM queue ORDER BY id;
SELECT data FROM brim.event WHERE event_type = 'email_generated' ORDER BY event_id LIMIT 1;
UPDATE brim.campaign SET product_pitch = 'We automate.', postal_address = '1 Main Street';
SELECT DISTINCT detail FROM brim.queue_blocked WHERE kind = 'email';
UPDATE brim.campaign SET sender_address = 'anna@sender.example';
SELECT company, status, hold, fixed, count(*) FROM queue GROUP BY 1, 2, 3, 4 ORDER BY 1;
SELECT count(DISTINCT message_id) AS ids, bool_and(message_id ~ '^[0-9a-f]{32}@sender\.example$') AS shaped FROM brim.outbound_email WHERE status = 'queued';
SELECT company_id, reason, detail FROM brim.queue_blocked WHERE kind = 'email' AND company_id <> 'c1' ORDER BY id;
SELECT reason, count(*) FROM brim.queue_blocked WHERE company_id = 'c1' AND kind = 'email' GROUP BY 1 ORDER BY 1;

-- A recipient that becomes known releases what waited for it; the Message-ID of others stays.
CREATE TEMP TABLE ids AS SELECT email_id, message_id, message_date FROM brim.outbound_email WHERE message_id IS NOT NULL;
UPDATE brim.lead SET contact_email = 'bo@c2.example', contact_name = 'Bo' WHERE company_id = 'c2';
UPDATE brim.lead SET contact_email = 'still bad' WHERE company_id = 'c3';
SELECT company, status, hold, recipient FROM queue WHERE company > 'c1' ORDER BY id;

-- Review: what is written waits for approval, and the state decides what can be done.
UPDATE brim.campaign SET approval = 'review';
INSERT INTO brim.lead (company_id, company_name, contact_email, employee_count, industry, tech_stack)
SELECT c, c, 'x@' || c || '.example', 120, 'SaaS', '{zapier}' FROM unnest(ARRAY['d1', 'd2', 'd3']) AS c;
SELECT draft();
SELECT id, company, status, fixed FROM queue WHERE company LIKE 'd_' ORDER BY id;
SELECT brim_release(7);
SELECT brim_retry(7);
SELECT brim_resolve(7, 'delivered');
SELECT brim_approve(7);
SELECT brim_approve(7);
SELECT brim_approve(999);
SELECT brim_approve(NULL);
SELECT brim_hold(7, 'wait for the fair');
SELECT brim_hold(7);
SELECT id, reason FROM brim.queue_blocked WHERE kind = 'email' AND id = 7;
SELECT brim_release(7);
SELECT brim_release(7);
SELECT brim_cancel(8, 'wrong tone');
SELECT brim_cancel(8);
SELECT id, status, hold, fixed FROM queue WHERE company = 'd1' ORDER BY id;
SELECT event_type, email_id, data - 'by' AS data, data ->> 'by' = session_user AS by_me
  FROM brim.event WHERE event_type LIKE 'email\_%' AND event_type <> 'email_generated' ORDER BY event_id;

INSERT INTO ids SELECT email_id, message_id, message_date FROM brim.outbound_email WHERE email_id = 7;

-- A failed e-mail can be tried again, with all of its attempts, unless the company was mailed.
SELECT put(7, 'failed', attempts => 6);
SELECT brim_retry(7);
SELECT status, attempts FROM brim.outbound_email WHERE email_id = 7;
SELECT put(9, 'failed');
INSERT INTO brim.send_ledger (campaign, company_id, email_id, score, node_id, state) VALUES ('default', 'd2', 900, 80, 'n', 'committing');
SELECT brim_retry(9);
SELECT brim_approve(10);
DELETE FROM brim.send_ledger WHERE company_id = 'd2';
SELECT brim_approve(10);
SELECT put(10, 'claimed', worker => 1, token => 5);
SELECT brim_retry(9);
SELECT brim_cancel(10);

-- In doubt: delivered, not delivered, abandoned.
SELECT put(10, 'uncertain');
UPDATE brim.send_ledger SET dot_at = '2026-01-02 10:00+00', claimed_at = '2026-01-02 09:58+00' WHERE email_id = 10;
SELECT put(9, 'held', 'operator');
SELECT brim_release(9);
SELECT brim_resolve(10, 'perhaps');
SELECT brim_resolve(10, 'delivered', 'the relay has it in its log');
SELECT id, status FROM queue WHERE company = 'd2' ORDER BY id;
SELECT state FROM brim.send_ledger WHERE company_id = 'd2';
SELECT sent_at = '2026-01-02 10:00+00' AS sent_then FROM brim.outbound_email WHERE email_id = 10;
SELECT event_type, occurred_at = '2026-01-02 10:00+00' AS then, data - 'by' - 'message_id' AS data FROM brim.journal WHERE email_id = 10 AND event_type IN ('email_sent', 'email_resolved') ORDER BY 1;
SELECT brim_resolve(10, 'abandon');
SELECT brim_approve(11);
SELECT put(11, 'uncertain', worker => 0, token => 1);
SELECT brim_resolve(11, 'not_delivered');
SELECT status, claimed_by, (SELECT state FROM brim.send_ledger WHERE company_id = 'd3') AS ledger FROM brim.outbound_email WHERE email_id = 11;
SELECT put(11, 'uncertain');
SELECT brim_resolve(11, 'abandon');
SELECT id, status FROM queue WHERE company = 'd3' ORDER BY id;
SELECT brim_approve(12);

-- The do-not-contact list takes out what waits; an import does not bring it back.
SELECT brim_suppress('address', ' BO@C2.example ', 'asked') AS new;
SELECT brim_suppress('address', 'bo@c2.example') AS new;
SELECT brim_suppress('domain', '@www.C1.example') AS new;
SELECT kind, value, reason, created_by = session_user AS by_me FROM brim.suppression ORDER BY kind;
SELECT company, status, count(*) FROM queue WHERE company IN ('c1', 'c2') GROUP BY 1, 2 ORDER BY 1;
SELECT company_id, status, error FROM brim.generation WHERE company_id IN ('c1', 'c2') ORDER BY 1;
SELECT brim_score_company('{"company_id": "c2", "company_name": "C2", "industry": "AI", "contact_name": "New"}') ->> 'total_score' AS score;
UPDATE brim.campaign SET is_active = false;
UPDATE brim.campaign SET is_active = true;
SELECT status, count(*) FROM queue WHERE company = 'c2' GROUP BY 1;
SELECT brim_suppress('company', 'd1') AS new;
SELECT id, status FROM queue WHERE company = 'd1' ORDER BY id;
SELECT put(7, 'failed');
SELECT brim_retry(7);
SELECT brim_unsuppress('company', 'd1') AS found;
SELECT brim_unsuppress('company', 'd1') AS found;
SELECT brim_retry(7);
SELECT brim_suppress('address', 'nobody');
SELECT brim_suppress('domain', 'nodot');
SELECT brim_suppress('person', 'x');
SELECT brim_suppress('company', ' ');
SELECT brim_suppress('domain', NULL);
SELECT brim_suppress(NULL, 'x');
INSERT INTO brim.suppression (kind, value) VALUES ('address', 'Upper@case.example');

-- Message-ID and Date were fixed when the e-mails were queued first.
SELECT count(*) AS kept FROM brim.outbound_email AS e JOIN ids USING (email_id, message_id, message_date);

-- Jobs that are held or failed.
UPDATE brim.generation SET status = 'held', hold_reason = 'poison', crashes = 2 WHERE company_id = 'd3';
SELECT reason FROM brim.queue_blocked WHERE kind = 'generation' AND company_id = 'd3';
SELECT brim_retry_generation(generation_id) FROM brim.generation WHERE company_id = 'd3';
SELECT status, hold_reason, crashes FROM brim.generation WHERE company_id = 'd3';
SELECT brim_retry_generation(generation_id) FROM brim.generation WHERE company_id = 'c1';

-- A lead that is gone gets nothing.
UPDATE brim.campaign SET approval = 'auto';
INSERT INTO brim.lead (company_id, company_name, contact_email, employee_count, industry, tech_stack) VALUES ('g', 'G', 'g@g.example', 120, 'SaaS', '{zapier}');
UPDATE brim.generation SET status = 'running' WHERE company_id = 'g';
DELETE FROM brim.lead WHERE company_id = 'g';
SELECT brim.store_emails(generation_id, '[{"variant": "roi_focused", "subject": "S", "body": "B"}]', 'template') FROM brim.generation WHERE company_id = 'g';

-- Pausing.
SELECT brim_pause() AS changed, brim_pause() AS again;
SELECT reason, count(*) > 0 AS some FROM brim.queue_blocked WHERE reason = 'paused' GROUP BY 1;
SELECT status, detail, hint FROM brim_status() WHERE check_name = 'paused';
SELECT brim_resume() AS changed, brim_resume() AS again;

-- Another installation's e-mails are not sent before they are adopted.
SELECT put(7, 'queued', node => 'elsewhere');
SELECT reason FROM brim.queue_blocked WHERE kind = 'email' AND id = 7;
SELECT brim_release(7);
SELECT count(*) AS adopted FROM brim.outbound_email JOIN brim.node USING (node_id) WHERE email_id = 7;

-- A place that was copied: shown first, armed only with its own confirmation, in flight becomes uncertain.
SELECT * FROM brim_arm();
UPDATE brim.node SET system_identifier = '1', timeline_id = 9, database_oid = 1, host = 'old', data_directory = '/old';
SELECT put(7, 'claimed', worker => 1, token => 5);
SELECT status, detail LIKE 'This is a copy, or was moved: system identifier was 1, is %' AS told FROM brim_status() WHERE check_name = 'node';
SELECT item, count FROM brim_arm() ORDER BY item;
SELECT brim_arm('yes');
SELECT brim_arm(NULL, 'maybe');
SELECT substring(detail FROM $$'([0-9a-f]{12})'$$) AS token FROM brim_arm() WHERE item = 'confirm' LIMIT 1 \gset
-- released: the original was stopped before the copy was complete
BEGIN;
SELECT item, count FROM brim_arm(:'token', 'release') ORDER BY item;
SELECT 'generation' AS kind, status, hold_reason, count(*) FROM brim.generation GROUP BY 2, 3
 UNION ALL SELECT 'email', status, hold_reason, count(*) FROM brim.outbound_email GROUP BY 2, 3 ORDER BY 1, 2, 3;
ROLLBACK;
-- held: it may have sent since
SELECT item, count FROM brim_arm(:'token') ORDER BY item;
SELECT 'generation' AS kind, status, hold_reason, count(*) FROM brim.generation GROUP BY 2, 3
 UNION ALL SELECT 'email', status, hold_reason, count(*) FROM brim.outbound_email GROUP BY 2, 3 ORDER BY 1, 2, 3;
SELECT e.status, l.state, e.claimed_by FROM brim.outbound_email AS e JOIN brim.send_ledger AS l USING (email_id) WHERE e.email_id = 7;
SELECT item, detail FROM brim_arm();

-- Whatever the code does: at most one e-mail of a company is in flight, sent or in doubt.
INSERT INTO brim.send_ledger (campaign, company_id, email_id, score, node_id, state) VALUES ('default', 'once', 901, 90, 'n', 'uncertain');
INSERT INTO brim.send_ledger (campaign, company_id, email_id, score, node_id, state) VALUES ('default', 'once', 902, 90, 'n', 'claimed');
-- And the view is to be read.
UPDATE brim.outbound_email SET status = 'queued';

-- What is set up and what is not, in words, and what to do.
SELECT check_name, status, hint FROM brim_status()
 WHERE check_name IN ('generate', 'send', 'gemini', 'campaign default', 'uncertain', 'held invalid_recipient') ORDER BY 1;
SELECT check_name, status, left(detail, 16) AS detail FROM brim_status() OFFSET (SELECT count(*) - 1 FROM brim_status());

-- brim_status() is the union of its checks, which can be asked one by one, and a summary.
SELECT string_agg(format('SELECT * FROM %s', p.oid::regprocedure), ' UNION ALL ') AS checks
  FROM pg_proc AS p
 WHERE p.pronamespace = 'brim'::regnamespace AND p.proname LIKE 'check\_%' AND p.prorettype = 'brim.check_result'::regtype \gset
SELECT (SELECT count(*) FROM (:checks) AS c) + 1 = (SELECT count(*) FROM brim_status()) AS complete;
SELECT * FROM (SELECT * FROM brim_status() EXCEPT ALL (:checks)) AS d WHERE check_name <> 'summary';

-- The row of the e-mails is ok while none is held and none failed.
BEGIN;
SELECT status, detail, hint FROM brim_status() WHERE check_name = 'e-mails';
UPDATE brim.email_parked AS p SET status = 'failed', hold_reason = NULL FROM brim.email AS e
 WHERE e.email_id = p.email_id AND p.status = 'held' AND e.variant = 'problem_focused';
SELECT status, detail, hint FROM brim_status() WHERE check_name = 'e-mails';
UPDATE brim.email_parked SET status = 'cancelled', hold_reason = NULL WHERE status IN ('held', 'failed');
SELECT status, detail, hint FROM brim_status() WHERE check_name = 'e-mails';
ROLLBACK;

-- Where no active campaign is complete, nothing can be sent.
BEGIN;
UPDATE brim.campaign SET postal_address = '';
SELECT check_name, status, detail FROM brim_status() WHERE check_name LIKE 'campaign%';
SELECT detail LIKE '%No active campaign is complete.%' AS said FROM brim_status() WHERE check_name = 'summary';
UPDATE brim.campaign SET is_active = false;
SELECT check_name, status, detail FROM brim_status() WHERE check_name LIKE 'campaign%';
ROLLBACK;

SELECT campaign, kind, status, rows, highest_score FROM brim.queue_health ORDER BY 1, 2, 3;
SELECT count(*) FROM brim.worker_status;

-- What comes with the extension is not deleted.
DELETE FROM brim.variant WHERE campaign = 'default' AND name = 'roi_focused';
DELETE FROM brim.campaign WHERE name = 'default';

SET client_min_messages = warning;
DROP VIEW queue;
DROP FUNCTION draft();
DROP FUNCTION put;
DROP EXTENSION brim;
