/*
 * Analytics: plain views for SQL clients and BI tools.
 *
 * Words and rules that hold for every view:
 *	 - the first line of a view's comment says what one row is and its key;
 *	 - every rate and share is in percent with one digit, and the two counts it
 *	   is made of stand beside it; a share of nothing is NULL;
 *	 - a day is a date in the time zone of reports, brim.report_zone(), and
 *	   holds the instants [brim.day_start(day), brim.day_start(day + 1));
 *	 - mailed means that the mail server accepted the e-mail;
 *	 - converted means an outcome other than not_a_fit, at or after the sending.
 *
 * A view reads tables with its owner's rights, but calls functions with the
 * reader's.  So the helpers here touch no table and are executable by all.
 */

-- Engagement by e-mail and the first step of a user, without reading all events.
CREATE INDEX event_response ON brim.event (email_id, event_type)
    WHERE event_type IN ('email_opened', 'email_clicked', 'email_replied');
CREATE INDEX event_activation ON brim.event (user_id, occurred_at)
    WHERE event_type = 'activation_step_completed';

CREATE FUNCTION brim.report_today() RETURNS date
    STABLE PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT (now() AT TIME ZONE brim.report_zone())::date;
END;
COMMENT ON FUNCTION brim.report_today() IS 'Today in the time zone of reports';

-- A local midnight that the clock skips is the instant of the skip, and so is
-- right; of one that comes twice, AT TIME ZONE takes the second, but the day
-- begins with the first: hence the look at the moment before.
CREATE FUNCTION brim.day_start(day date, zone text) RETURNS timestamptz
    STABLE STRICT PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN (m.before AT TIME ZONE day_start.zone)::date = day_start.day
                THEN (day_start.day::timestamp
                      - ((m.before AT TIME ZONE day_start.zone) - (m.before AT TIME ZONE 'UTC')))
                     AT TIME ZONE 'UTC'
                ELSE m.midnight
           END
      FROM (SELECT x.midnight, x.midnight - interval '1 microsecond' AS before
              FROM (SELECT day_start.day::timestamp AT TIME ZONE day_start.zone AS midnight) AS x) AS m;
END;
COMMENT ON FUNCTION brim.day_start(date, text) IS 'First instant of a day in a time zone; the next day''s is where it ends';

CREATE FUNCTION brim.percent(part bigint, whole bigint) RETURNS numeric
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT round(100.0 * percent.part / nullif(percent.whole, 0), 1);
END;
COMMENT ON FUNCTION brim.percent(bigint, bigint) IS 'part of whole in percent, one digit; NULL where whole is 0';

CREATE FUNCTION brim.wilson_bound(part bigint, whole bigint, z double precision) RETURNS numeric
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT round(least(100.0, greatest(0.0,
               100.0 * (s.p + wilson_bound.z * wilson_bound.z / (2 * s.n)
                        + wilson_bound.z * sqrt(s.p * (1 - s.p) / s.n
                                                + wilson_bound.z * wilson_bound.z / (4 * s.n * s.n)))
               / (1 + wilson_bound.z * wilson_bound.z / s.n)))::numeric, 1)
      FROM (SELECT wilson_bound.part::double precision / nullif(wilson_bound.whole, 0) AS p,
                   nullif(wilson_bound.whole, 0)::double precision AS n) AS s
     WHERE s.n IS NOT NULL;
END;
COMMENT ON FUNCTION brim.wilson_bound(bigint, bigint, double precision) IS
    'Bound of the Wilson score interval of part of whole, in percent: the lower one for a negative z, the upper one '
    'for a positive z; 1.96 gives 95 %; NULL where whole is 0';

-- Leads ----------------------------------------------------------------------

CREATE VIEW brim.scored_leads AS
SELECT l.company_id, l.company_name, l.domain, l.industry, l.country, l.employee_count,
       l.fit_score, l.intent_score, l.total_score, l.confidence, l.action, l.model, l.model_version, l.scored_at,
       coalesce((ARRAY['Sent', 'Uncertain', 'Pending', 'Generating', 'Failed', 'Suppressed', 'Cancelled'])[q.progress],
                'Not queued') AS status,
       q.campaign, q.email_id,
       CASE WHEN q.progress = 1 THEN q.variant END AS variant_sent,
       q.sent_at
  FROM brim.lead AS l
  LEFT JOIN LATERAL (
        -- By campaign, so that the keys (campaign, company_id) are used and a
        -- LIMIT reads no more than it shows.
        SELECT j.progress, j.campaign, j.email_id, j.variant, j.sent_at
          FROM brim.campaign AS c
         CROSS JOIN LATERAL (
                SELECT CASE o.status WHEN 'sent' THEN 1
                                     WHEN 'uncertain' THEN 2
                                     WHEN 'failed' THEN 5
                                     WHEN 'suppressed' THEN 6
                                     WHEN 'cancelled' THEN 7
                                     ELSE 3 END AS progress,
                       o.campaign, o.email_id, o.variant, o.sent_at
                  FROM brim.outbound_email AS o
                 WHERE o.campaign = c.name AND o.company_id = l.company_id AND o.status <> 'superseded'
                UNION ALL
                SELECT CASE g.status WHEN 'held' THEN 3
                                     WHEN 'failed' THEN 5
                                     WHEN 'cancelled' THEN 7
                                     ELSE 4 END,
                       g.campaign, NULL, NULL, NULL
                  FROM brim.generation AS g
                 WHERE g.campaign = c.name AND g.company_id = l.company_id AND g.status <> 'done') AS j
         ORDER BY j.progress, j.sent_at DESC NULLS LAST, j.email_id DESC NULLS LAST, j.campaign
         LIMIT 1) AS q ON true
 WHERE l.total_score IS NOT NULL;
COMMENT ON VIEW brim.scored_leads IS 'One row a company with a stored score. Key: company_id.
The status is that of its most advanced campaign';
COMMENT ON COLUMN brim.scored_leads.company_id IS 'Key of the company';
COMMENT ON COLUMN brim.scored_leads.company_name IS 'Name of the company';
COMMENT ON COLUMN brim.scored_leads.domain IS 'Internet domain of the company';
COMMENT ON COLUMN brim.scored_leads.industry IS 'Industry as the lead writes it';
COMMENT ON COLUMN brim.scored_leads.country IS 'Country as the lead writes it';
COMMENT ON COLUMN brim.scored_leads.employee_count IS 'Number of employees';
COMMENT ON COLUMN brim.scored_leads.fit_score IS 'How well the company matches the ideal customer, 0-100';
COMMENT ON COLUMN brim.scored_leads.intent_score IS 'How strong the buying signals of the company are now, 0-100';
COMMENT ON COLUMN brim.scored_leads.total_score IS 'Weighted sum of fit and intent, 0-100';
COMMENT ON COLUMN brim.scored_leads.confidence IS 'Share of the scoring facts that are given, 0-1';
COMMENT ON COLUMN brim.scored_leads.action IS 'What the score advises, such as high_priority_outreach';
COMMENT ON COLUMN brim.scored_leads.model IS 'Scoring model of the stored score';
COMMENT ON COLUMN brim.scored_leads.model_version IS 'Version of that model';
COMMENT ON COLUMN brim.scored_leads.scored_at IS 'When the stored score last changed';
COMMENT ON COLUMN brim.scored_leads.status IS
    'Sent; Uncertain: the server may or may not have taken it; Pending: an e-mail is written and waits or is on its '
    'way; Generating: being written; Failed; Suppressed; Cancelled; Not queued: no campaign has it';
COMMENT ON COLUMN brim.scored_leads.campaign IS 'Campaign that the status is of';
COMMENT ON COLUMN brim.scored_leads.email_id IS 'E-mail that the status is of; NULL while none is written';
COMMENT ON COLUMN brim.scored_leads.variant_sent IS 'Variant that was sent; NULL unless the status is Sent';
COMMENT ON COLUMN brim.scored_leads.sent_at IS 'When the mail server accepted the e-mail';

CREATE VIEW brim.top_leads AS
SELECT t.rank, (t.lead).company_id, (t.lead).company_name, (t.lead).total_score, (t.lead).fit_score,
       (t.lead).intent_score, (t.lead).confidence, (t.lead).action, (t.lead).model,
       (SELECT string_agg(r.reason, ' ' ORDER BY r.n)
          FROM jsonb_array_elements_text(x.explained -> 'reasoning' -> 'positive')
               WITH ORDINALITY AS r(reason, n)) AS positive_reasons
  FROM (SELECT l AS lead, row_number() OVER (ORDER BY l.total_score DESC NULLS LAST, l.company_id) AS rank
          FROM brim.lead AS l
         WHERE l.total_score IS NOT NULL
         ORDER BY l.total_score DESC NULLS LAST, l.company_id
         LIMIT 100) AS t
  -- A model that was withdrawn since can give no reasons, but must not break the list.
 CROSS JOIN LATERAL (
        SELECT CASE WHEN EXISTS (SELECT FROM brim.model_spec AS s WHERE s.name = (t.lead).model AND s.is_published)
                    THEN @extschema@.brim_explain(t.lead, (t.lead).model)
               END AS explained) AS x
 ORDER BY t.rank;
COMMENT ON VIEW brim.top_leads IS 'One row a company among the 100 with the highest stored score. Key: rank; company_id is unique too';
COMMENT ON COLUMN brim.top_leads.rank IS '1 is the highest score; equal scores by company_id';
COMMENT ON COLUMN brim.top_leads.company_id IS 'Key of the company';
COMMENT ON COLUMN brim.top_leads.company_name IS 'Name of the company';
COMMENT ON COLUMN brim.top_leads.total_score IS 'Weighted sum of fit and intent, 0-100';
COMMENT ON COLUMN brim.top_leads.fit_score IS 'How well the company matches the ideal customer, 0-100';
COMMENT ON COLUMN brim.top_leads.intent_score IS 'How strong the buying signals of the company are now, 0-100';
COMMENT ON COLUMN brim.top_leads.confidence IS 'Share of the scoring facts that are given, 0-1';
COMMENT ON COLUMN brim.top_leads.action IS 'What the score advises, such as high_priority_outreach';
COMMENT ON COLUMN brim.top_leads.model IS 'Scoring model of the stored score';
COMMENT ON COLUMN brim.top_leads.positive_reasons IS
    'What speaks for the company, in sentences, by the model''s present rules; NULL if nothing does';

CREATE VIEW brim.score_distribution AS
SELECT b.bin_no, b.low || '-' || b.high AS bin, b.low, b.high, coalesce(s.companies, 0) AS companies
  FROM (SELECT n AS bin_no, CASE n WHEN 1 THEN 0 ELSE n * 10 - 9 END AS low, n * 10 AS high
          FROM generate_series(1, 10) AS n) AS b
  LEFT JOIN (SELECT least(10, greatest(1, (l.total_score + 9) / 10)) AS bin_no, count(*) AS companies
               FROM brim.lead AS l
              WHERE l.total_score IS NOT NULL
              GROUP BY 1) AS s ON s.bin_no = b.bin_no
 ORDER BY b.bin_no;
COMMENT ON VIEW brim.score_distribution IS 'One row a range of ten points. Key: bin_no.
Companies by the total score stored with the lead; all ten rows are always there';
COMMENT ON COLUMN brim.score_distribution.bin_no IS 'Number of the range, 1 to 10';
COMMENT ON COLUMN brim.score_distribution.bin IS 'The range in words: 0-10, 11-20, ... 91-100';
COMMENT ON COLUMN brim.score_distribution.low IS 'Lowest score of the range';
COMMENT ON COLUMN brim.score_distribution.high IS 'Highest score of the range';
COMMENT ON COLUMN brim.score_distribution.companies IS 'Companies whose stored score is in the range';

-- E-mails --------------------------------------------------------------------

CREATE VIEW brim.sent_email AS
SELECT o.email_id, o.campaign, e.variant, o.company_id, o.score, e.generated_by, o.sent_at,
       EXISTS (SELECT FROM brim.event AS v
                WHERE v.event_type = 'email_opened' AND v.email_id = o.email_id) AS is_opened,
       EXISTS (SELECT FROM brim.event AS v
                WHERE v.event_type = 'email_clicked' AND v.email_id = o.email_id) AS is_clicked,
       EXISTS (SELECT FROM brim.event AS v
                WHERE v.event_type = 'email_replied' AND v.email_id = o.email_id) AS is_replied,
       EXISTS (SELECT FROM brim.event AS v
                WHERE v.event_type IN ('email_opened', 'email_clicked', 'email_replied')
                  AND v.email_id = o.email_id)
       OR EXISTS (SELECT FROM brim.outcome AS r
                   WHERE r.company_id = o.company_id AND r.occurred_at >= o.sent_at
                     AND (r.campaign IS NULL OR r.campaign = o.campaign)) AS is_engaged,
       EXISTS (SELECT FROM brim.outcome AS r
                WHERE r.company_id = o.company_id AND r.occurred_at >= o.sent_at
                  AND (r.campaign IS NULL OR r.campaign = o.campaign)
                  AND r.outcome <> 'not_a_fit') AS is_converted,
       o.claimed_at
  FROM brim.send_ledger AS o
  JOIN brim.email AS e ON e.email_id = o.email_id
 WHERE o.state = 'sent';
COMMENT ON VIEW brim.sent_email IS 'One row an e-mail that the mail server accepted. Key: email_id.
What the figures about e-mails are counted from';
COMMENT ON COLUMN brim.sent_email.email_id IS 'Key of the e-mail';
COMMENT ON COLUMN brim.sent_email.campaign IS 'Campaign of the e-mail';
COMMENT ON COLUMN brim.sent_email.variant IS 'Variant of the e-mail';
COMMENT ON COLUMN brim.sent_email.company_id IS 'Company that was mailed';
COMMENT ON COLUMN brim.sent_email.score IS 'Total score with which the e-mail was queued';
COMMENT ON COLUMN brim.sent_email.generated_by IS 'gemini or template';
COMMENT ON COLUMN brim.sent_email.sent_at IS 'When the mail server accepted the e-mail';
COMMENT ON COLUMN brim.sent_email.claimed_at IS
    'When the worker took the e-mail, at most 24 hours before sent_at. There is an index on this time: a range of '
    'sent_at is found fast where the same range, begun a day earlier, is given for it';
COMMENT ON COLUMN brim.sent_email.is_opened IS 'An email_opened event was reported for it';
COMMENT ON COLUMN brim.sent_email.is_clicked IS 'An email_clicked event was reported for it';
COMMENT ON COLUMN brim.sent_email.is_replied IS 'An email_replied event was reported for it';
COMMENT ON COLUMN brim.sent_email.is_engaged IS
    'Opened, clicked or replied to, or any outcome of the company at or after the sending, of this campaign or of '
    'none';
COMMENT ON COLUMN brim.sent_email.is_converted IS 'An outcome other than not_a_fit at or after the sending, of this campaign or of none';

CREATE VIEW brim.email_performance AS
SELECT k.campaign, k.variant, k.sent,
       k.opened, brim.percent(k.opened, k.sent) AS open_rate,
       brim.wilson_bound(k.opened, k.sent, -1.959964) AS open_rate_low,
       brim.wilson_bound(k.opened, k.sent, 1.959964) AS open_rate_high,
       k.clicked, brim.percent(k.clicked, k.sent) AS click_rate,
       brim.wilson_bound(k.clicked, k.sent, -1.959964) AS click_rate_low,
       brim.wilson_bound(k.clicked, k.sent, 1.959964) AS click_rate_high,
       k.replied, brim.percent(k.replied, k.sent) AS reply_rate,
       brim.wilson_bound(k.replied, k.sent, -1.959964) AS reply_rate_low,
       brim.wilson_bound(k.replied, k.sent, 1.959964) AS reply_rate_high,
       k.converted, brim.percent(k.converted, k.sent) AS conversion_rate,
       brim.wilson_bound(k.converted, k.sent, -1.959964) AS conversion_rate_low,
       brim.wilson_bound(k.converted, k.sent, 1.959964) AS conversion_rate_high
  FROM (SELECT coalesce(v.campaign, m.campaign) AS campaign, coalesce(v.name, m.variant) AS variant,
               coalesce(m.sent, 0) AS sent, coalesce(m.opened, 0) AS opened, coalesce(m.clicked, 0) AS clicked,
               coalesce(m.replied, 0) AS replied, coalesce(m.converted, 0) AS converted
          FROM brim.variant AS v
          -- Responses are gathered once here: asking for each e-mail takes three times as long.
          FULL JOIN (SELECT s.campaign, s.variant, count(*) AS sent,
                            count(*) FILTER (WHERE r.opened) AS opened,
                            count(*) FILTER (WHERE r.clicked) AS clicked,
                            count(*) FILTER (WHERE r.replied) AS replied,
                            count(*) FILTER (WHERE s.is_converted) AS converted
                       FROM brim.sent_email AS s
                       LEFT JOIN (SELECT e.email_id, bool_or(e.event_type = 'email_opened') AS opened,
                                         bool_or(e.event_type = 'email_clicked') AS clicked,
                                         bool_or(e.event_type = 'email_replied') AS replied
                                    FROM brim.event AS e
                                   WHERE e.event_type IN ('email_opened', 'email_clicked', 'email_replied')
                                     AND e.email_id IS NOT NULL
                                   GROUP BY e.email_id) AS r ON r.email_id = s.email_id
                      GROUP BY s.campaign, s.variant) AS m ON m.campaign = v.campaign AND m.variant = v.name) AS k;
COMMENT ON VIEW brim.email_performance IS
    'One row a variant of a campaign. Key: campaign, variant.
Rates are shares of the e-mails sent, in percent, each '
    'with the bounds of its 95 % Wilson interval: where the intervals of two variants overlap, the difference may be '
    'chance';
COMMENT ON COLUMN brim.email_performance.campaign IS 'Campaign';
COMMENT ON COLUMN brim.email_performance.variant IS 'Variant';
COMMENT ON COLUMN brim.email_performance.sent IS 'E-mails that the mail server accepted: the denominator of every rate';
COMMENT ON COLUMN brim.email_performance.opened IS 'Of these, reported as opened';
COMMENT ON COLUMN brim.email_performance.open_rate IS 'opened of sent, percent';
COMMENT ON COLUMN brim.email_performance.open_rate_low IS 'Lower bound of open_rate, percent';
COMMENT ON COLUMN brim.email_performance.open_rate_high IS 'Upper bound of open_rate, percent';
COMMENT ON COLUMN brim.email_performance.clicked IS 'Of these, reported as clicked';
COMMENT ON COLUMN brim.email_performance.click_rate IS 'clicked of sent, percent';
COMMENT ON COLUMN brim.email_performance.click_rate_low IS 'Lower bound of click_rate, percent';
COMMENT ON COLUMN brim.email_performance.click_rate_high IS 'Upper bound of click_rate, percent';
COMMENT ON COLUMN brim.email_performance.replied IS 'Of these, reported as replied to';
COMMENT ON COLUMN brim.email_performance.reply_rate IS 'replied of sent, percent';
COMMENT ON COLUMN brim.email_performance.reply_rate_low IS 'Lower bound of reply_rate, percent';
COMMENT ON COLUMN brim.email_performance.reply_rate_high IS 'Upper bound of reply_rate, percent';
COMMENT ON COLUMN brim.email_performance.converted IS 'Of these, with an outcome other than not_a_fit at or after the sending';
COMMENT ON COLUMN brim.email_performance.conversion_rate IS 'converted of sent, percent';
COMMENT ON COLUMN brim.email_performance.conversion_rate_low IS 'Lower bound of conversion_rate, percent';
COMMENT ON COLUMN brim.email_performance.conversion_rate_high IS 'Upper bound of conversion_rate, percent';

CREATE VIEW brim.score_band_outcomes AS
SELECT b.bin_no, b.low || '-' || b.high AS bin, b.low, b.high,
       coalesce(s.mailed, 0) AS mailed, coalesce(s.with_outcome, 0) AS with_outcome,
       coalesce(s.not_a_fit, 0) AS not_a_fit, coalesce(s.converted, 0) AS converted,
       brim.percent(s.converted, s.mailed) AS conversion_rate,
       brim.wilson_bound(s.converted, s.mailed, -1.959964) AS conversion_rate_low,
       brim.wilson_bound(s.converted, s.mailed, 1.959964) AS conversion_rate_high,
       coalesce(s.won, 0) AS won, brim.percent(s.won, s.mailed) AS win_rate,
       coalesce(s.won_value, 0) AS won_value
  FROM (SELECT n AS bin_no, CASE n WHEN 1 THEN 0 ELSE n * 10 - 9 END AS low, n * 10 AS high
          FROM generate_series(1, 10) AS n) AS b
  LEFT JOIN (SELECT least(10, greatest(1, (f.score + 9) / 10)) AS bin_no, count(*) AS mailed,
                    count(*) FILTER (WHERE r.outcomes > 0) AS with_outcome,
                    count(*) FILTER (WHERE r.not_a_fit) AS not_a_fit,
                    count(*) FILTER (WHERE r.converted) AS converted,
                    count(*) FILTER (WHERE r.won) AS won,
                    sum(r.won_value) AS won_value
               FROM (SELECT DISTINCT ON (m.company_id) m.company_id, m.score, m.sent_at
                       FROM brim.sent_email AS m
                      ORDER BY m.company_id, m.sent_at, m.email_id) AS f
              CROSS JOIN LATERAL (
                     SELECT count(*) AS outcomes, bool_or(o.outcome = 'not_a_fit') AS not_a_fit,
                            bool_or(o.outcome <> 'not_a_fit') AS converted, bool_or(o.outcome = 'closed_won') AS won,
                            sum(o.value) FILTER (WHERE o.outcome = 'closed_won') AS won_value
                       FROM brim.outcome AS o
                      WHERE o.company_id = f.company_id AND o.occurred_at >= f.sent_at) AS r
              GROUP BY 1) AS s ON s.bin_no = b.bin_no
 ORDER BY b.bin_no;
COMMENT ON VIEW brim.score_band_outcomes IS
    'One row a range of ten points. Key: bin_no.
What became of the companies mailed, by the score of their first '
    'e-mail, any campaign: does a higher score mean more customers?';
COMMENT ON COLUMN brim.score_band_outcomes.bin_no IS 'Number of the range, 1 to 10';
COMMENT ON COLUMN brim.score_band_outcomes.bin IS 'The range in words: 0-10, 11-20, ... 91-100';
COMMENT ON COLUMN brim.score_band_outcomes.low IS 'Lowest score of the range';
COMMENT ON COLUMN brim.score_band_outcomes.high IS 'Highest score of the range';
COMMENT ON COLUMN brim.score_band_outcomes.mailed IS 'Companies mailed: the denominator of every rate';
COMMENT ON COLUMN brim.score_band_outcomes.with_outcome IS 'Of these, with any outcome since';
COMMENT ON COLUMN brim.score_band_outcomes.not_a_fit IS 'Of these, with the outcome not_a_fit since';
COMMENT ON COLUMN brim.score_band_outcomes.converted IS 'Of these, with an outcome other than not_a_fit since';
COMMENT ON COLUMN brim.score_band_outcomes.conversion_rate IS 'converted of mailed, percent';
COMMENT ON COLUMN brim.score_band_outcomes.conversion_rate_low IS 'Lower bound of conversion_rate (95 % Wilson interval), percent';
COMMENT ON COLUMN brim.score_band_outcomes.conversion_rate_high IS 'Upper bound of conversion_rate (95 % Wilson interval), percent';
COMMENT ON COLUMN brim.score_band_outcomes.won IS 'Of these, with the outcome closed_won since';
COMMENT ON COLUMN brim.score_band_outcomes.win_rate IS 'won of mailed, percent';
COMMENT ON COLUMN brim.score_band_outcomes.won_value IS 'Sum of the values reported with closed_won';

CREATE VIEW brim.attempts AS
SELECT a.email_id, a.attempt_no, o.campaign, o.company_id, l.company_name, o.variant, o.status AS email_status,
       a.phase, a.outcome, a.smtp_code, a.enhanced_code, a.reply, a.relay, a.started_at, a.ended_at,
       round(extract(epoch FROM a.ended_at - a.started_at), 3) AS seconds
  FROM (SELECT f.email_id, f.attempt_no, f.phase, f.outcome, f.smtp_code, f.enhanced_code, f.reply, f.relay,
               f.started_at, f.ended_at
          FROM brim.email_attempt AS f
        UNION ALL
        SELECT s.email_id, s.claims, s.phase, 'sent', s.smtp_code, s.enhanced_code, s.reply, s.relay,
               s.started_at, greatest(s.sent_at, s.started_at)
          FROM brim.send_ledger AS s
         WHERE s.state = 'sent' AND s.started_at IS NOT NULL) AS a
  JOIN brim.outbound_email AS o ON o.email_id = a.email_id
  LEFT JOIN brim.lead AS l ON l.company_id = o.company_id;
COMMENT ON VIEW brim.attempts IS 'One row a try to hand an e-mail to the mail server. Key: email_id, attempt_no';
COMMENT ON COLUMN brim.attempts.email_id IS 'E-mail';
COMMENT ON COLUMN brim.attempts.attempt_no IS 'Number of the try, from 1';
COMMENT ON COLUMN brim.attempts.campaign IS 'Campaign of the e-mail';
COMMENT ON COLUMN brim.attempts.company_id IS 'Company of the e-mail';
COMMENT ON COLUMN brim.attempts.company_name IS 'Name of the company; NULL if the lead was deleted';
COMMENT ON COLUMN brim.attempts.variant IS 'Variant of the e-mail';
COMMENT ON COLUMN brim.attempts.email_status IS 'Status of the e-mail now';
COMMENT ON COLUMN brim.attempts.phase IS 'How far the dialogue with the server came';
COMMENT ON COLUMN brim.attempts.outcome IS 'How the try ended';
COMMENT ON COLUMN brim.attempts.smtp_code IS 'Reply code of the server, such as 250 or 550';
COMMENT ON COLUMN brim.attempts.enhanced_code IS 'Enhanced status code of the server, such as 5.1.1';
COMMENT ON COLUMN brim.attempts.reply IS 'Last reply of the server, or what was read of it';
COMMENT ON COLUMN brim.attempts.relay IS 'Mail server that was spoken to';
COMMENT ON COLUMN brim.attempts.started_at IS 'When the try began';
COMMENT ON COLUMN brim.attempts.ended_at IS 'When the try ended';
COMMENT ON COLUMN brim.attempts.seconds IS 'How long the try took';
