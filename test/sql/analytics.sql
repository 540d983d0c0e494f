--
-- The analytics views: what they count, where a day and a period begin and
-- end, that nothing in them stops a BI tool, and that a reader needs no more
-- than SELECT.
--
SET client_min_messages = warning;
CREATE EXTENSION brim;
-- An e-mail in a state, as queue, worker and operators leave it.
CREATE FUNCTION put_email(campaign text, company_id text, variant text, score integer, status text, hold_reason text, sent_at timestamptz,
                          generated_by text DEFAULT 'template') RETURNS void LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO brim.email (campaign, company_id, variant, score, node_id, recipient, subject, body, message_id, message_date, generated_by)
    VALUES (campaign, company_id, variant, score, 'n', 'a@c.example', 's', 'b', 'm', now(), generated_by);
    INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id)
    SELECT e.email_id, e.campaign, e.company_id, e.choice, e.score, e.node_id
      FROM brim.email AS e
     WHERE (e.campaign, e.company_id, e.variant) = (put_email.campaign, put_email.company_id, put_email.variant) AND status = 'queued';
    INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id, status, hold_reason)
    SELECT e.email_id, e.campaign, e.company_id, e.choice, e.score, e.node_id, status, hold_reason
      FROM brim.email AS e
     WHERE (e.campaign, e.company_id, e.variant) = (put_email.campaign, put_email.company_id, put_email.variant)
       AND status IN ('draft', 'held', 'failed', 'cancelled', 'suppressed');
    INSERT INTO brim.send_ledger (email_id, campaign, company_id, score, node_id, claims, state, claimed_at, sent_at)
    SELECT e.email_id, e.campaign, e.company_id, e.score, e.node_id, 1, status, coalesce(put_email.sent_at, now()), put_email.sent_at
      FROM brim.email AS e
     WHERE (e.campaign, e.company_id, e.variant) = (put_email.campaign, put_email.company_id, put_email.variant)
       AND status IN ('sent', 'uncertain');
END;
SET brim.report_timezone = 'UTC';
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';

--
-- Promise: every column of every view has one of the nine types that BI tools
-- read; every view says its grain and key in its first line; every column has
-- a comment.  brim.model_spec holds models as values, brim.journal has the data of brim.event; they are no views for them.
--
SELECT c.relname, a.attname, format_type(a.atttypid, NULL) AS type
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'brim'::regnamespace AND c.relkind IN ('v', 'm') AND c.relname NOT IN ('model_spec', 'journal')
   AND a.atttypid NOT IN ('text'::regtype, 'boolean'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype,
                          'double precision'::regtype, 'date'::regtype, 'timestamptz'::regtype)
 ORDER BY 1, a.attnum;
SELECT c.relname, split_part(obj_description(c.oid, 'pg_class'), E'\n', 1) AS first_line
  FROM pg_class AS c
 WHERE c.relnamespace = 'brim'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('model_spec', 'journal')
   AND split_part(obj_description(c.oid, 'pg_class'), E'\n', 1) ~ '^One row.* Key: ' IS NOT TRUE
 ORDER BY 1;
SELECT c.relname, a.attname AS column_without_comment
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'brim'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('model_spec', 'journal')
   AND col_description(c.oid, a.attnum) IS NULL
 ORDER BY 1, a.attnum;
-- Plain views with their owner's rights, no materialized ones.
SELECT c.relname, c.relkind, c.reloptions
  FROM pg_class AS c
 WHERE c.relnamespace = 'brim'::regnamespace AND (c.relkind = 'm' OR c.relkind = 'v' AND c.reloptions IS NOT NULL);
-- The fixed views are there, and the KPIs have the fixed columns in front.
SELECT name AS missing_view
  FROM unnest(ARRAY['kpi_qualified_leads', 'kpi_email_engagement', 'kpi_new_activations', 'kpi_funnel_conversion',
                    'funnel_daily', 'score_distribution', 'top_leads', 'activation_funnel', 'email_performance',
                    'scored_leads', 'attempts', 'generation_cost', 'score_band_outcomes']) AS name
 WHERE to_regclass('brim.' || name) IS NULL;
SELECT string_agg(DISTINCT k.columns, E'\n') AS columns_of_the_kpis
  FROM (SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) AS columns
          FROM pg_attribute AS a
          JOIN pg_class AS c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'brim'::regnamespace AND c.relname LIKE 'kpi\_%\_%' AND c.relkind = 'v' AND a.attnum > 0
         GROUP BY c.oid) AS k;

--
-- Promise: without any data every view answers: rates are NULL, counts are 0,
-- spines are whole.
--
SELECT metric_name, current_value, previous_value, percentage_change, current_numerator AS num, current_denominator AS den,
       previous_numerator AS prev_num, previous_denominator AS prev_den,
       period_start = brim.report_today() - 29 AS starts, period_end = brim.report_today() + 1 AS ends
  FROM brim.kpi ORDER BY 1;
SELECT day = brim.report_today() AS is_today, scored, qualified_leads, generated, sent, activations, outcomes
  FROM brim.funnel_daily;
SELECT * FROM brim.score_distribution;
SELECT * FROM brim.activation_funnel;
SELECT campaign, variant, sent, opened, open_rate, open_rate_low FROM brim.email_performance ORDER BY 1, 2;
SELECT count(*), sum(mailed), max(conversion_rate), sum(won_value) FROM brim.score_band_outcomes;
SELECT (SELECT count(*) FROM brim.top_leads) AS top_leads, (SELECT count(*) FROM brim.scored_leads) AS scored_leads,
       (SELECT count(*) FROM brim.attempts) AS attempts, (SELECT count(*) FROM brim.generation_cost) AS generation_cost,
       (SELECT count(*) FROM brim.sent_email) AS sent_email, (SELECT count(*) FROM brim.kpi_fact) AS kpi_fact,
       (SELECT count(*) FROM brim.activated_user) AS activated_user;

--
-- Promise: a day begins at the first instant of its date, also where midnight
-- comes twice or never or the whole day is left out.
--
SELECT zone, day, brim.day_start(day, zone) AS begins, brim.day_start(day + 1, zone) - brim.day_start(day, zone) AS lasts
  FROM (VALUES ('America/Havana', date '2024-03-10'),   -- 00:00 jumps to 01:00
               ('America/Havana', '2024-11-03'),        -- 01:00 falls back to 00:00
               ('America/Havana', '2024-11-04'),
               ('Pacific/Apia', '2011-12-29'),
               ('Pacific/Apia', '2011-12-30'),          -- was left out
               ('Pacific/Apia', '2011-12-31'),
               ('Australia/Lord_Howe', '2024-04-07'),   -- half an hour
               ('America/Sao_Paulo', '2018-02-17'),     -- 24:00 falls back to 23:00
               ('UTC', '2024-02-29')) AS d(zone, day);
SELECT z.zone, count(*) AS instants,
       count(*) FILTER (WHERE NOT (i.at >= brim.day_start(d.day, z.zone) AND i.at < brim.day_start(d.day + 1, z.zone))) AS astray
  FROM unnest(ARRAY['America/Havana', 'America/Asuncion', 'America/Sao_Paulo', 'Asia/Beirut', 'Atlantic/Azores',
                    'Australia/Lord_Howe', 'Africa/Casablanca']) AS z(zone)
 CROSS JOIN LATERAL (SELECT timestamptz '2018-01-01 00:00+00' + n * interval '30 minutes' AS at
                       FROM generate_series(0, 17520) AS n) AS i
 CROSS JOIN LATERAL (SELECT (i.at AT TIME ZONE z.zone)::date AS day) AS d
 WHERE extract(month FROM i.at) IN (2, 3, 4, 10, 11)
 GROUP BY z.zone ORDER BY z.zone;

--
-- Fixed events around the edges of one period in America/Havana: the days
-- 2024-10-28 to 2024-11-03, whose last one has 25 hours, against the week
-- before.  Triggers are off: the stored scores and events are these alone.
--
SET session_replication_role = replica;
BEGIN;
SET LOCAL brim.report_timezone = 'America/Havana';
INSERT INTO brim.event (event_type, occurred_at, company_id, data) VALUES
('score_calculated', '2024-10-21 03:59:59.999999+00', 'before', '{"qualified": true}'),
('score_calculated', '2024-10-21 04:00:00+00', 'prev_first', '{"qualified": true}'),
('score_calculated', '2024-10-28 03:59:59.999999+00', 'prev_last', '{"qualified": true}'),
('score_calculated', '2024-10-28 04:00:00+00', 'cur_first', '{"qualified": true}'),
('score_calculated', '2024-10-29 12:00:00+00', 'cur_first', '{"qualified": true}'),
('score_calculated', '2024-10-29 12:00:00+00', 'both', '{"qualified": true}'),
('score_calculated', '2024-10-22 12:00:00+00', 'both', '{"qualified": true}'),
('score_calculated', '2024-10-29 13:00:00+00', 'unqualified', '{"qualified": false}'),
('score_calculated', '2024-10-29 13:00:00+00', 'unsaid', '{}'),
('lead_deleted', '2024-10-29 13:00:00+00', 'another_type', '{"qualified": true}'),
('score_calculated', '2024-11-04 04:59:59.999999+00', 'cur_last', '{"qualified": true}'),
('score_calculated', '2024-11-04 05:00:00+00', 'after', '{"qualified": true}');
SELECT current_value, previous_value, percentage_change, period_start, period_end,
       current_numerator AS num, current_denominator AS den, previous_numerator AS prev_num
  FROM brim_kpi_qualified_leads('2024-11-04', 7);
-- The first of the two hours from 0 to 1 on 2024-11-03 belongs to that day.
INSERT INTO brim.event (event_type, occurred_at, company_id, data) VALUES
('score_calculated', '2024-11-03 04:00:00+00', 'twice_1', '{"qualified": true}'),
('score_calculated', '2024-11-03 05:00:00+00', 'twice_2', '{"qualified": true}');
SELECT k.current_value, k.previous_value FROM brim_kpi_qualified_leads('2024-11-04', 1) AS k;
SELECT k.current_value, k.previous_value FROM brim_kpi_qualified_leads('2024-11-03', 1) AS k;
ROLLBACK;
-- A day that was left out holds nothing and takes nothing from its neighbours.
BEGIN;
SET LOCAL brim.report_timezone = 'Pacific/Apia';
INSERT INTO brim.event (event_type, occurred_at, company_id, data) VALUES
('score_calculated', '2011-12-30 09:59:59+00', 'on_29', '{"qualified": true}'),
('score_calculated', '2011-12-30 10:00:00+00', 'on_31', '{"qualified": true}');
SELECT d, (SELECT current_value FROM brim_kpi_qualified_leads(d + 1, 1)) AS qualified
  FROM (VALUES (date '2011-12-29'), ('2011-12-30'), ('2011-12-31')) AS v(d);
ROLLBACK;

--
-- Promise: new activations are users whose first step ever is in the period.
--
BEGIN;
INSERT INTO brim.event (event_type, occurred_at, user_id, data) VALUES
('activation_step_completed', '2024-05-20 10:00+00', 'old', '{"step": "file_upload"}'),
('activation_step_completed', '2024-06-10 10:00+00', 'old', '{"step": "result_viewed"}'),
('activation_step_completed', '2024-06-10 10:00+00', 'new', '{"step": "file_upload"}'),
('activation_step_completed', '2024-06-10 10:00+00', 'new', '{"step": "result_viewed"}'),
('activation_step_completed', '2024-06-12 10:00+00', 'new', '{"step": "share_step_reached"}'),
('activation_step_completed', '2024-06-12 10:00+00', 'late', '{"step": "zoom"}'),
('activation_step_completed', '2024-06-12 11:00+00', 'late', '{"step": "invite"}'),
('activation_step_completed', '2024-06-12 11:00+00', NULL, '{"step": "invite"}'),
('activation_step_completed', '2024-06-12 12:00+00', 'late', '{}');
SELECT current_value, previous_value, percentage_change FROM brim_kpi_new_activations('2024-06-15', 14);
SELECT current_value, previous_value, percentage_change FROM brim_kpi_new_activations('2024-06-29', 14);
SELECT * FROM brim.activated_user ORDER BY user_id;
-- The three known steps in their order, then the others by name.
SELECT * FROM brim.activation_funnel;
ROLLBACK;

--
-- E-mails: ten sent by problem_focused (four in the week before), one by
-- roi_focused, one of a variant that is gone, and some in every other state.
--
BEGIN;
INSERT INTO brim.campaign (name) VALUES ('spring');
INSERT INTO brim.lead (company_id, company_name, employee_count, industry, fit_score, intent_score, total_score,
                       confidence, action, model, model_version, scored_at)
SELECT 'c' || to_char(n, 'FM00'), 'Company ' || n, 100, 'SaaS', s, s, s, 0.57, 'high_priority_outreach', 'balanced', 1,
       '2024-06-01 00:00+00'
  FROM (SELECT n, CASE n WHEN 20 THEN 0 WHEN 19 THEN 10 WHEN 18 THEN 11 WHEN 17 THEN 90 WHEN 16 THEN 91 WHEN 1 THEN 100
                         ELSE 70 + n END AS s
          FROM generate_series(1, 20) AS n) AS l;
INSERT INTO brim.lead (company_id, company_name, model) VALUES ('zz', 'Not scored', 'balanced');
INSERT INTO brim.lead (company_id, company_name, employee_count, total_score, model) VALUES ('withdrawn', 'Old model', 9, 50, 'gone');
SELECT count(put_email(e.campaign, e.company_id, e.variant, e.score, e.status, e.hold_reason, e.sent_at))
  FROM (SELECT 'default' AS campaign, 'c' || to_char(n, 'FM00') AS company_id, 'problem_focused' AS variant, 60 + 2 * n AS score,
               'sent' AS status, NULL AS hold_reason,
               CASE WHEN n > 6 THEN timestamptz '2024-06-05 12:00+00' ELSE '2024-06-12 12:00+00' END AS sent_at
          FROM generate_series(1, 10) AS n
        UNION ALL VALUES
        ('default', 'c01', 'roi_focused', 62, 'superseded', NULL, NULL),
        ('default', 'c11', 'roi_focused', 80, 'sent', NULL, timestamptz '2024-06-12 13:00+00'),
        ('spring', 'c01', 'bold', 10, 'sent', NULL, '2024-06-13 12:00+00'),
        ('spring', 'c02', 'bold', 80, 'queued', NULL, NULL),
        ('default', 'c12', 'roi_focused', 80, 'uncertain', NULL, NULL),
        ('default', 'c13', 'roi_focused', 80, 'failed', NULL, NULL),
        ('default', 'c13', 'problem_focused', 80, 'superseded', NULL, NULL),
        ('spring', 'c13', 'bold', 80, 'cancelled', NULL, NULL),
        ('default', 'c14', 'roi_focused', 80, 'suppressed', NULL, NULL),
        ('default', 'c15', 'roi_focused', 80, 'held', 'operator', NULL),
        ('default', 'c15', 'problem_focused', 80, 'failed', NULL, NULL),
        ('default', 'c16', 'roi_focused', 80, 'draft', NULL, NULL)) AS e;
INSERT INTO brim.generation (node_id, campaign, company_id, score, status, provider, model, model_version, attempts,
                             prompt_tokens, output_tokens, thought_tokens) VALUES
('n', 'default', 'c01', 80, 'done', 'gemini', 'gemini-3.5-flash-lite', 'gemini-3.5-flash-lite-002', 1, 1000000, 200000, 50000),
('n', 'default', 'c02', 80, 'done', 'gemini', 'gemini-3.5-flash-lite', 'gemini-3.5-flash-lite-002', 3, 500000, 0, NULL),
('n', 'default', 'c03', 80, 'done', 'gemini', 'gemini-3.5-flash-lite', 'gemini-3.5-flash-lite-002', 1, NULL, NULL, NULL),
('n', 'default', 'c04', 80, 'done', 'gemini', 'no-such-model', 'no-such-model', 1, 1000, 1000, 0),
('n', 'default', 'c05', 80, 'done', 'template', NULL, NULL, 0, NULL, NULL, NULL),
('n', 'default', 'c17', 80, 'running', NULL, NULL, NULL, 0, NULL, NULL, NULL),
('n', 'spring', 'c17', 80, 'cancelled', NULL, NULL, NULL, 0, NULL, NULL, NULL),
('n', 'default', 'c18', 80, 'cancelled', NULL, NULL, NULL, 0, NULL, NULL, NULL);
INSERT INTO brim.event (event_type, occurred_at, email_id, data)
SELECT t.event_type, '2024-06-20 10:00+00', e.email_id, '{}'
  FROM (VALUES ('email_opened', 1, 8), ('email_opened', 1, 3), ('email_clicked', 1, 2), ('email_replied', 1, 1)) AS t(event_type, lo, hi)
  JOIN brim.outbound_email AS e ON e.campaign = 'default' AND e.variant = 'problem_focused'
   AND substr(e.company_id, 2)::int BETWEEN t.lo AND t.hi;
INSERT INTO brim.outcome (company_id, outcome, occurred_at, value, campaign) VALUES
('c01', 'demo_booked', '2024-06-14 10:00+00', NULL, NULL),      -- after both e-mails
('c01', 'closed_won', '2024-06-25 10:00+00', 1200.50, 'default'),
('c02', 'demo_booked', '2024-06-12 11:59+00', NULL, NULL),      -- before the e-mail
('c03', 'not_a_fit', '2024-06-13 10:00+00', NULL, NULL),
('c09', 'not_a_fit', '2024-06-12 10:00+00', NULL, NULL),        -- engaged though not opened
('c10', 'demo_booked', '2024-06-05 12:00+00', NULL, NULL),      -- at the very time
('c11', 'demo_booked', '2024-06-14 10:00+00', NULL, 'spring');  -- of another campaign

-- Promise: rates with their counts, Wilson bounds, every variant there is or was.
SELECT campaign, variant, sent, opened, open_rate, open_rate_low AS low, open_rate_high AS high,
       clicked, click_rate, replied, reply_rate FROM brim.email_performance ORDER BY 1, 2;
SELECT campaign, variant, sent, converted, conversion_rate, conversion_rate_low AS low, conversion_rate_high AS high
  FROM brim.email_performance ORDER BY 1, 2;
-- Known bounds: 8 of 10, none, all, one of one, half of a thousand; nothing of nothing.
SELECT part, whole, brim.wilson_bound(part, whole, -1.959964) AS low, brim.wilson_bound(part, whole, 1.959964) AS high
  FROM (VALUES (8, 10), (0, 10), (10, 10), (1, 1), (500, 1000), (0, 0)) AS v(part, whole);
-- Promise: engagement counts e-mails, conversion counts companies (c01 got two).
SELECT metric_name, current_value, previous_value, percentage_change, current_numerator AS num, current_denominator AS den,
       previous_numerator AS prev_num, previous_denominator AS prev_den
  FROM (SELECT * FROM brim_kpi_email_engagement('2024-06-17', 7)
        UNION ALL SELECT * FROM brim_kpi_funnel_conversion('2024-06-17', 7)) AS k
 ORDER BY 1;
SELECT entity_id, is_hit FROM brim.kpi_fact
 WHERE metric_name = 'funnel_conversion' AND occurred_at >= '2024-06-10' AND occurred_at < '2024-06-17' ORDER BY 1, 2;
-- Promise: companies by the score of their first e-mail, and what became of them.
SELECT bin, mailed, with_outcome AS outc, not_a_fit AS nofit, converted AS conv, conversion_rate AS rate,
       conversion_rate_low AS low, conversion_rate_high AS high, won, win_rate, won_value
  FROM brim.score_band_outcomes WHERE mailed > 0;
-- Promise: ten bins, both edges of each in the right one.
SELECT * FROM brim.score_distribution;
-- Promise: the best first, ties by company, reasons in words; no model, no reasons, but no error.
SELECT * FROM brim.top_leads WHERE rank <= 3;
SELECT rank, company_id, positive_reasons FROM brim.top_leads WHERE company_id = 'withdrawn';
-- Promise: one row a company, the status of its most advanced campaign.
SELECT company_id, total_score, status, campaign, variant_sent, sent_at, email_id IS NOT NULL AS has_email
  FROM brim.scored_leads ORDER BY company_id;
-- Promise: thought tokens are output; own prices come first; no price, no cost.
SELECT * FROM brim.generation_cost ORDER BY provider, model;
INSERT INTO brim.model_price VALUES ('no-such-model', 1, 2), ('gemini-3.5-flash-lite-002', 0.5, 4);
SELECT provider, model, model_version, input_usd_per_million, output_usd_per_million, cost_usd FROM brim.generation_cost ORDER BY provider, model;
INSERT INTO brim.model_price VALUES ('gemini-3.5-flash-lite', 9, 9);
SELECT * FROM brim.known_price ORDER BY model;
-- Promise: attempts in words, also of a company whose lead is gone.
-- One that was accepted is in the ledger, any other is a row of its own.
UPDATE brim.send_ledger
   SET claims = 2, started_at = sent_at - interval '1.25 s', phase = 'DOT', smtp_code = 250, enhanced_code = '2.0.0', reply = '250 2.0.0 Ok',
       relay = 'mx.example'
 WHERE campaign = 'default' AND company_id IN ('c01', 'c02');
INSERT INTO brim.email_attempt
SELECT email_id, 1, 'RCPT', 'retry', 451, NULL, '451 later', 'mx.example', '2024-06-12 11:00+00', '2024-06-12 11:00:01.25+00'
  FROM brim.outbound_email WHERE campaign = 'default' AND company_id = 'c02' AND status = 'sent';
DELETE FROM brim.lead WHERE company_id = 'c02';
SELECT attempt_no, campaign, company_id, company_name, variant, email_status, phase, outcome, smtp_code, enhanced_code, reply,
       relay, started_at, ended_at, seconds FROM brim.attempts ORDER BY company_id, attempt_no;
ROLLBACK;

--
-- Promise: a KPI view is its function for the 30 days up to and with today.
--
BEGIN;
SET LOCAL brim.report_timezone = 'Pacific/Apia';
INSERT INTO brim.event (event_type, occurred_at, company_id, data)
SELECT 'score_calculated', t, 'c' || row_number() OVER (), '{"qualified": true}'
  FROM (VALUES (now()), (brim.day_start(brim.report_today() - 29, 'Pacific/Apia')),
               (brim.day_start(brim.report_today() - 29, 'Pacific/Apia') - interval '1 microsecond'),
               (brim.day_start(brim.report_today() + 1, 'Pacific/Apia')),
               (brim.day_start(brim.report_today() - 59, 'Pacific/Apia')),
               (brim.day_start(brim.report_today() - 59, 'Pacific/Apia') - interval '1 microsecond'),
               (brim.day_start(brim.report_today() - 40, 'Pacific/Apia'))) AS v(t);
INSERT INTO brim.event (event_type, occurred_at, user_id, data) VALUES
('activation_step_completed', now(), 'u1', '{"step": "file_upload"}'),
('activation_step_completed', now() - interval '3 days', 'u2', '{"step": "file_upload"}'),
('activation_step_completed', now() - interval '45 days', 'u3', '{"step": "file_upload"}');
SELECT current_value, previous_value, percentage_change FROM brim.kpi_qualified_leads;
SELECT current_value, previous_value, percentage_change FROM brim.kpi_new_activations;
WITH v AS (SELECT * FROM brim.kpi_qualified_leads UNION ALL SELECT * FROM brim.kpi_email_engagement
           UNION ALL SELECT * FROM brim.kpi_new_activations UNION ALL SELECT * FROM brim.kpi_funnel_conversion),
     f AS (SELECT * FROM brim_kpi_qualified_leads(brim.report_today() + 1)
           UNION ALL SELECT * FROM brim_kpi_email_engagement(brim.report_today() + 1, 30)
           UNION ALL SELECT * FROM brim_kpi_new_activations(brim.report_today() + 1, 30)
           UNION ALL SELECT * FROM brim_kpi_funnel_conversion(end_date => brim.report_today() + 1, days => 30)),
     a AS (SELECT * FROM brim.kpi)
SELECT (SELECT count(*) FROM v) AS views,
       (SELECT count(*) FROM (SELECT * FROM v EXCEPT SELECT * FROM f) AS x) AS view_only,
       (SELECT count(*) FROM (SELECT * FROM f EXCEPT SELECT * FROM v) AS x) AS function_only,
       (SELECT count(*) FROM (SELECT * FROM a EXCEPT SELECT * FROM v) AS x) AS kpi_only;
ROLLBACK;

-- Promise: a period that is none is refused, not answered with zeros.
\set SHOW_CONTEXT never
SELECT * FROM brim_kpi_qualified_leads('2024-01-01', 0);
SELECT * FROM brim_kpi_email_engagement('2024-01-01', -7);
SELECT * FROM brim_kpi_new_activations('2024-01-01', 2147483647);
SELECT * FROM brim_kpi_funnel_conversion('infinity');
SELECT * FROM brim_kpi_funnel_conversion(NULL);

--
-- Promise: funnel_daily has every day once, without gaps, from the first day
-- with data, and counts each event on its day: 430 days of one event every
-- half hour, in a zone whose midnight comes twice or not at all, against a
-- plain count by local date.  Some events are at the very start of a day.
--
BEGIN;
SET LOCAL brim.report_timezone = 'America/Havana';
INSERT INTO brim.event (event_type, occurred_at, company_id, user_id, data)
SELECT 'score_calculated', date_trunc('hour', now()) - n * interval '30 minutes', 'c' || n, NULL, jsonb_build_object('qualified', n % 3 = 0)
  FROM generate_series(0, 430 * 48) AS n;
INSERT INTO brim.event (event_type, occurred_at, company_id, user_id, data)
SELECT 'activation_step_completed', date_trunc('hour', now()) - n * interval '30 minutes', NULL, 'u' || n % 15000, '{"step": "file_upload"}'
  FROM generate_series(0, 430 * 48) AS n;
INSERT INTO brim.event (event_type, occurred_at, company_id, data)
SELECT 'email_generated', now() - n * interval '7 hours', 'c' || n, '{}' FROM generate_series(0, 1000) AS n;
INSERT INTO brim.outcome (company_id, outcome, occurred_at)
SELECT 'c' || n, 'demo_booked', now() - n * interval '5 hours' FROM generate_series(0, 1000) AS n;
SELECT count(put_email('default', 'c' || n, 'v', 80, 'sent', NULL, now() - n * interval '11 hours')) FROM generate_series(0, 500) AS n;
-- Taken up to a day before.
UPDATE brim.send_ledger SET claimed_at = sent_at - interval '24 hours' WHERE substr(company_id, 2)::int % 2 = 0;
CREATE TEMP TABLE daily AS SELECT * FROM brim.funnel_daily;
SELECT count(*) = count(DISTINCT day) AS unique_days, max(day) - min(day) + 1 = count(*) AS no_gap,
       max(day) = brim.report_today() AS up_to_today,
       min(day) = ((date_trunc('hour', now()) - 430 * 48 * interval '30 minutes') AT TIME ZONE 'America/Havana')::date AS from_the_first,
       sum(scored) AS scored, sum(generated) AS generated, sum(sent) AS sent, sum(activations) AS activations,
       sum(outcomes) AS outcomes
  FROM daily;
WITH plain AS (
    SELECT (occurred_at AT TIME ZONE 'America/Havana')::date AS day, count(*) AS scored,
           count(*) FILTER (WHERE data ->> 'qualified' = 'true') AS qualified_leads
      FROM brim.event WHERE event_type = 'score_calculated' GROUP BY 1)
SELECT count(*) AS days_that_differ
  FROM daily AS d FULL JOIN plain AS p USING (day)
 WHERE (d.scored, d.qualified_leads) IS DISTINCT FROM (p.scored, p.qualified_leads);
WITH plain AS (SELECT (sent_at AT TIME ZONE 'America/Havana')::date AS day, count(*) AS sent FROM brim.outbound_email GROUP BY 1)
SELECT count(*) AS days_that_differ FROM daily AS d LEFT JOIN plain AS p USING (day) WHERE d.sent <> coalesce(p.sent, 0);
-- A condition on day gives the same rows.
SELECT count(*) AS days, count(*) FILTER (WHERE d.day IS NULL) AS different
  FROM (SELECT * FROM brim.funnel_daily WHERE day > brim.report_today() - 10) AS f
  LEFT JOIN daily AS d ON d = f;
-- One company scored ten times on a day is one; a stray date makes no endless spine.
INSERT INTO brim.event (event_type, occurred_at, company_id, data)
SELECT 'score_calculated', now(), 'c0', '{"qualified": true}' FROM generate_series(1, 10);
INSERT INTO brim.event (event_type, occurred_at, company_id, data) VALUES ('score_calculated', '-infinity', 'c0', '{}');
SELECT f.scored - d.scored AS more FROM brim.funnel_daily AS f JOIN daily AS d USING (day) WHERE day = brim.report_today();
SELECT count(*) BETWEEN 7300 AND 7310 AS twenty_years FROM brim.funnel_daily;
ROLLBACK;

--
-- Promise: SELECT on the views is all a reader needs; the tables stay closed,
-- and so do the functions until they are granted.
--
INSERT INTO brim.lead (company_id, company_name, employee_count, industry, total_score, model)
VALUES ('c1', 'Company 1', 100, 'SaaS', 80, 'balanced');
INSERT INTO brim.generation (node_id, campaign, company_id, score, status, provider, model, prompt_tokens, output_tokens)
VALUES ('n', 'default', 'c1', 80, 'done', 'gemini', 'gemini-3.5-flash-lite', 1000000, 0);
SELECT put_email('default', 'c1', 'roi_focused', 80, 'sent', NULL, now(), 'gemini');
UPDATE brim.send_ledger SET started_at = now(), phase = 'DOT', smtp_code = 250, reply = 'Ok', relay = 'mx.example';
INSERT INTO brim.event (event_type, company_id, user_id, data) VALUES
('score_calculated', 'c1', NULL, '{"qualified": true}'), ('activation_step_completed', NULL, 'u1', '{"step": "file_upload"}');
INSERT INTO brim.outcome (company_id, outcome, occurred_at) VALUES ('c1', 'closed_won', now());
RESET session_replication_role;
CREATE ROLE regress_brim_analytics;
SET ROLE regress_brim_analytics;
SELECT * FROM brim.kpi_qualified_leads;
SELECT * FROM brim_kpi_qualified_leads();
RESET ROLE;
GRANT USAGE ON SCHEMA brim TO regress_brim_analytics;
GRANT SELECT ON brim.kpi, brim.kpi_qualified_leads, brim.kpi_email_engagement, brim.kpi_new_activations, brim.kpi_funnel_conversion,
                brim.kpi_fact, brim.funnel_daily, brim.score_distribution, brim.top_leads, brim.activation_funnel, brim.activated_user,
                brim.email_performance, brim.sent_email, brim.scored_leads, brim.attempts, brim.generation_cost, brim.known_price,
                brim.score_band_outcomes
   TO regress_brim_analytics;
SET ROLE regress_brim_analytics;
SELECT (SELECT count(*) FROM brim.kpi) AS kpi, (SELECT count(*) FROM brim.kpi_qualified_leads) AS k1,
       (SELECT count(*) FROM brim.kpi_email_engagement) AS k2, (SELECT count(*) FROM brim.kpi_new_activations) AS k3,
       (SELECT count(*) FROM brim.kpi_funnel_conversion) AS k4, (SELECT count(*) FROM brim.kpi_fact) AS fact;
SELECT (SELECT sum(scored + activations) FROM brim.funnel_daily) AS funnel, (SELECT sum(companies) FROM brim.score_distribution) AS distribution,
       (SELECT count(positive_reasons) FROM brim.top_leads) AS top, (SELECT sum(users) FROM brim.activation_funnel) AS activation,
       (SELECT count(*) FROM brim.activated_user) AS activated, (SELECT max(open_rate_high) FROM brim.email_performance) AS performance,
       (SELECT count(*) FROM brim.sent_email) AS sent, (SELECT count(status) FROM brim.scored_leads) AS scored,
       (SELECT count(*) FROM brim.attempts) AS attempts, (SELECT sum(cost_usd) FROM brim.generation_cost) AS cost,
       (SELECT max(conversion_rate_high) FROM brim.score_band_outcomes) AS bands, (SELECT count(*) > 0 FROM brim.known_price) AS prices;
SELECT count(*) FROM brim.event;
SELECT * FROM brim_kpi_new_activations();
SELECT * FROM brim.kpi_for('new_activations', current_date, 7);
RESET ROLE;
GRANT EXECUTE ON FUNCTION brim_kpi_new_activations TO regress_brim_analytics;
SET ROLE regress_brim_analytics;
SELECT current_value FROM brim_kpi_new_activations();
RESET ROLE;
DROP OWNED BY regress_brim_analytics;
DROP ROLE regress_brim_analytics;
DROP FUNCTION put_email;
DROP EXTENSION brim;
