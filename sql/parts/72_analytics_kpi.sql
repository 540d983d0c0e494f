/*
 * Key figures: four KPIs of the last 30 days beside the 30 days before, as
 * views and, for any other period, as functions; the daily and the activation
 * funnel; the cost of generation.  Words as in 70_analytics.sql.
 */

CREATE VIEW brim.activated_user AS
SELECT e.user_id COLLATE "C" AS user_id, min(e.occurred_at) AS activated_at
  FROM brim.event AS e
 WHERE e.event_type = 'activation_step_completed' AND e.user_id IS NOT NULL
 GROUP BY e.user_id;
COMMENT ON VIEW brim.activated_user IS 'One row a user with any activation step. Key: user_id';
COMMENT ON COLUMN brim.activated_user.user_id IS 'Key of the user';
COMMENT ON COLUMN brim.activated_user.activated_at IS 'When the user completed the first activation step ever';

CREATE VIEW brim.kpi_fact AS
SELECT 'qualified_leads'::text AS metric_name, e.company_id AS entity_id, e.occurred_at, true AS is_hit,
       e.occurred_at AS found_at
  FROM brim.event AS e
 WHERE e.event_type = 'score_calculated' AND e.data @> '{"qualified": true}' AND e.company_id IS NOT NULL
UNION ALL
SELECT 'email_engagement', s.email_id::text COLLATE "C", s.sent_at, s.is_engaged, s.claimed_at
  FROM brim.sent_email AS s
UNION ALL
SELECT 'new_activations', a.user_id, a.activated_at, true, a.activated_at
  FROM brim.activated_user AS a
UNION ALL
SELECT 'funnel_conversion', s.company_id, s.sent_at, s.is_converted, s.claimed_at
  FROM brim.sent_email AS s;
COMMENT ON VIEW brim.kpi_fact IS
    'One row a thing that counts for a KPI at one time. Key: none; entities are counted once a period.
Ask it which '
    'companies, e-mails or users stand behind a figure; give metric_name and a range of occurred_at';
COMMENT ON COLUMN brim.kpi_fact.metric_name IS 'KPI: qualified_leads, email_engagement, new_activations or funnel_conversion';
COMMENT ON COLUMN brim.kpi_fact.entity_id IS 'What is counted: company_id (qualified_leads, funnel_conversion), email_id or user_id';
COMMENT ON COLUMN brim.kpi_fact.occurred_at IS 'When it happened: scoring, sending, or the first step of the user';
COMMENT ON COLUMN brim.kpi_fact.found_at IS 'What an index finds it by: at most 24 hours before occurred_at';
COMMENT ON COLUMN brim.kpi_fact.is_hit IS 'Does it count for the numerator; all rows count for the denominator of a rate';

CREATE FUNCTION brim.kpi_period(end_date date, days integer,
                                OUT previous_from timestamptz, OUT current_from timestamptz, OUT current_to timestamptz,
                                OUT period_start date, OUT period_end date)
    STABLE PARALLEL SAFE LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF end_date IS NULL OR days IS NULL THEN
        RAISE EXCEPTION 'the period of a KPI needs an end date and a number of days'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF NOT isfinite(end_date) THEN
        RAISE EXCEPTION 'end date of a KPI is %', end_date
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'The period must end on a day of the calendar.';
    END IF;
    IF days NOT BETWEEN 1 AND 36500 THEN
        RAISE EXCEPTION 'period of a KPI is % days', days
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'It can have 1 to 36500 days.';
    END IF;
    period_start := end_date - days;
    period_end := end_date;
    previous_from := brim.day_start(end_date - 2 * days, brim.report_zone());
    current_from := brim.day_start(end_date - days, brim.report_zone());
    current_to := brim.day_start(end_date, brim.report_zone());
END;
$$;
COMMENT ON FUNCTION brim.kpi_period(date, integer) IS
    'The period of days before end_date, which is not part of it, and where the period before that begins';

CREATE FUNCTION brim.kpi_value(is_rate boolean, numerator bigint, denominator bigint) RETURNS numeric
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN kpi_value.is_rate THEN brim.percent(kpi_value.numerator, kpi_value.denominator)
                ELSE kpi_value.numerator END;
END;
COMMENT ON FUNCTION brim.kpi_value(boolean, bigint, bigint) IS 'Value of a KPI: a rate in percent, or a count';

-- From the counts, not from the rounded values; a rate against a rate is
-- (a / b) / (c / d), and a count has 1 below the line.
CREATE FUNCTION brim.kpi_change(numerator bigint, denominator bigint,
                                previous_numerator bigint, previous_denominator bigint) RETURNS numeric
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT round(100.0 * kpi_change.numerator * kpi_change.previous_denominator
                 / nullif(kpi_change.denominator::numeric * kpi_change.previous_numerator, 0) - 100, 1);
END;
COMMENT ON FUNCTION brim.kpi_change(bigint, bigint, bigint, bigint) IS
    'Change of a KPI in percent of its previous value; NULL where that is 0 or unknown';

CREATE FUNCTION brim.kpi_metric(OUT metric_name text, OUT is_rate boolean, OUT description text) RETURNS SETOF record
    IMMUTABLE PARALLEL SAFE ROWS 4 LANGUAGE sql
BEGIN ATOMIC
    VALUES
    ('qualified_leads', false, 'Companies whose calculated score qualified them, each counted once'),
    ('email_engagement', true,
     'Percentage of the e-mails sent that were opened, clicked or answered, or were followed by an outcome of the company'),
    ('new_activations', false, 'Users whose first activation step ever was in the period'),
    ('funnel_conversion', true, 'Percentage of the companies mailed that later had an outcome other than not_a_fit');
END;
COMMENT ON FUNCTION brim.kpi_metric() IS 'The KPIs: is it a rate or a count, and what it says';

-- The view and the function below differ in their period alone.  They are two
-- because a view reads tables with its owner's rights but calls functions with
-- the reader's.  First one row an entity, so that each counts once.
CREATE VIEW brim.kpi AS
SELECT m.metric_name,
       brim.kpi_value(m.is_rate, c.numerator, c.denominator) AS current_value,
       brim.kpi_value(m.is_rate, c.previous_numerator, c.previous_denominator) AS previous_value,
       CASE WHEN m.is_rate THEN brim.kpi_change(c.numerator, c.denominator, c.previous_numerator, c.previous_denominator)
            ELSE brim.kpi_change(c.numerator, 1, c.previous_numerator, 1) END AS percentage_change,
       m.description, p.period_start, p.period_end,
       c.numerator AS current_numerator, CASE WHEN m.is_rate THEN c.denominator END AS current_denominator,
       c.previous_numerator, CASE WHEN m.is_rate THEN c.previous_denominator END AS previous_denominator
  FROM brim.kpi_metric() AS m
 CROSS JOIN brim.kpi_period(brim.report_today() + 1, 30) AS p
 CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE n.is_hit) AS numerator, count(*) FILTER (WHERE n.is_there) AS denominator,
               count(*) FILTER (WHERE n.was_hit) AS previous_numerator,
               count(*) FILTER (WHERE n.was_there) AS previous_denominator
          FROM (SELECT bool_or(f.occurred_at >= p.current_from) AS is_there,
                       bool_or(f.occurred_at >= p.current_from AND f.is_hit) AS is_hit,
                       bool_or(f.occurred_at < p.current_from) AS was_there,
                       bool_or(f.occurred_at < p.current_from AND f.is_hit) AS was_hit
                  FROM brim.kpi_fact AS f
                 WHERE f.metric_name = m.metric_name
                   AND f.occurred_at >= p.previous_from AND f.occurred_at < p.current_to
                   AND f.found_at >= p.previous_from - interval '24 hours' AND f.found_at < p.current_to
                 GROUP BY f.entity_id) AS n) AS c;

COMMENT ON VIEW brim.kpi IS 'One row a KPI. Key: metric_name.
The last 30 days, today included, beside the 30 days before';
COMMENT ON COLUMN brim.kpi.metric_name IS 'Name of the KPI';
COMMENT ON COLUMN brim.kpi.current_value IS 'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';
COMMENT ON COLUMN brim.kpi.previous_value IS 'Value in the period of equal length right before';
COMMENT ON COLUMN brim.kpi.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';
COMMENT ON COLUMN brim.kpi.description IS 'What the KPI says';
COMMENT ON COLUMN brim.kpi.period_start IS 'First day of the period';
COMMENT ON COLUMN brim.kpi.period_end IS 'First day after the period';
COMMENT ON COLUMN brim.kpi.current_numerator IS 'The count itself, or the numerator of the rate';
COMMENT ON COLUMN brim.kpi.current_denominator IS 'Denominator of the rate; NULL for a count';
COMMENT ON COLUMN brim.kpi.previous_numerator IS 'The same for the period before';
COMMENT ON COLUMN brim.kpi.previous_denominator IS 'The same for the period before';

CREATE FUNCTION brim.kpi_for(metric text, end_date date, days integer) RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE ROWS 1 LANGUAGE sql
BEGIN ATOMIC
    SELECT m.metric_name,
           brim.kpi_value(m.is_rate, c.numerator, c.denominator) AS current_value,
           brim.kpi_value(m.is_rate, c.previous_numerator, c.previous_denominator) AS previous_value,
           CASE WHEN m.is_rate THEN brim.kpi_change(c.numerator, c.denominator, c.previous_numerator, c.previous_denominator)
                ELSE brim.kpi_change(c.numerator, 1, c.previous_numerator, 1) END AS percentage_change,
           m.description, p.period_start, p.period_end,
           c.numerator AS current_numerator, CASE WHEN m.is_rate THEN c.denominator END AS current_denominator,
           c.previous_numerator, CASE WHEN m.is_rate THEN c.previous_denominator END AS previous_denominator
      FROM brim.kpi_metric() AS m
     CROSS JOIN brim.kpi_period(kpi_for.end_date, kpi_for.days) AS p
     CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE n.is_hit) AS numerator, count(*) FILTER (WHERE n.is_there) AS denominator,
                   count(*) FILTER (WHERE n.was_hit) AS previous_numerator,
                   count(*) FILTER (WHERE n.was_there) AS previous_denominator
              FROM (SELECT bool_or(f.occurred_at >= p.current_from) AS is_there,
                           bool_or(f.occurred_at >= p.current_from AND f.is_hit) AS is_hit,
                           bool_or(f.occurred_at < p.current_from) AS was_there,
                           bool_or(f.occurred_at < p.current_from AND f.is_hit) AS was_hit
                      FROM brim.kpi_fact AS f
                     WHERE f.metric_name = m.metric_name
                       AND f.occurred_at >= p.previous_from AND f.occurred_at < p.current_to
                       AND f.found_at >= p.previous_from - interval '24 hours' AND f.found_at < p.current_to
                     GROUP BY f.entity_id) AS n) AS c
     WHERE m.metric_name = kpi_for.metric;
END;
COMMENT ON FUNCTION brim.kpi_for(text, date, integer) IS 'One KPI of the days before end_date, beside as many days before';
REVOKE EXECUTE ON FUNCTION brim.kpi_for(text, date, integer) FROM PUBLIC;

CREATE VIEW brim.kpi_qualified_leads AS
SELECT k.metric_name, k.current_value, k.previous_value, k.percentage_change, k.description, k.period_start, k.period_end,
       k.current_numerator, k.current_denominator, k.previous_numerator, k.previous_denominator
  FROM brim.kpi AS k
 WHERE k.metric_name = 'qualified_leads';
COMMENT ON VIEW brim.kpi_qualified_leads IS
    'One row: the last 30 days, today included, beside the 30 days before. Key: metric_name.
Companies with at least '
    'one score_calculated event in the period that qualified them';
COMMENT ON COLUMN brim.kpi_qualified_leads.metric_name IS 'Name of the KPI';
COMMENT ON COLUMN brim.kpi_qualified_leads.current_value IS
    'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';
COMMENT ON COLUMN brim.kpi_qualified_leads.previous_value IS 'Value in the period of equal length right before';
COMMENT ON COLUMN brim.kpi_qualified_leads.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';
COMMENT ON COLUMN brim.kpi_qualified_leads.description IS 'What the KPI says';
COMMENT ON COLUMN brim.kpi_qualified_leads.period_start IS 'First day of the period';
COMMENT ON COLUMN brim.kpi_qualified_leads.period_end IS 'First day after the period';
COMMENT ON COLUMN brim.kpi_qualified_leads.current_numerator IS 'The count itself, or the numerator of the rate';
COMMENT ON COLUMN brim.kpi_qualified_leads.current_denominator IS 'Denominator of the rate; NULL for a count';
COMMENT ON COLUMN brim.kpi_qualified_leads.previous_numerator IS 'The same for the period before';
COMMENT ON COLUMN brim.kpi_qualified_leads.previous_denominator IS 'The same for the period before';
CREATE FUNCTION @extschema@.brim_kpi_qualified_leads(end_date date DEFAULT current_date + 1, days integer DEFAULT 30)
    RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1 LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.* FROM brim.kpi_for('qualified_leads', brim_kpi_qualified_leads.end_date, brim_kpi_qualified_leads.days) AS k;
END;
COMMENT ON FUNCTION @extschema@.brim_kpi_qualified_leads(date, integer) IS
    'Companies with at least one score_calculated event in the period that qualified them: the days before end_date, '
    'which is not part of the period, beside as many days before';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_kpi_qualified_leads(date, integer) FROM PUBLIC;

CREATE VIEW brim.kpi_email_engagement AS
SELECT k.metric_name, k.current_value, k.previous_value, k.percentage_change, k.description, k.period_start, k.period_end,
       k.current_numerator, k.current_denominator, k.previous_numerator, k.previous_denominator
  FROM brim.kpi AS k
 WHERE k.metric_name = 'email_engagement';
COMMENT ON VIEW brim.kpi_email_engagement IS
    'One row: the last 30 days, today included, beside the 30 days before. Key: metric_name.
Share of the e-mails '
    'sent in the period that were opened, clicked or answered since, or whose company had any outcome since';
COMMENT ON COLUMN brim.kpi_email_engagement.metric_name IS 'Name of the KPI';
COMMENT ON COLUMN brim.kpi_email_engagement.current_value IS
    'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';
COMMENT ON COLUMN brim.kpi_email_engagement.previous_value IS 'Value in the period of equal length right before';
COMMENT ON COLUMN brim.kpi_email_engagement.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';
COMMENT ON COLUMN brim.kpi_email_engagement.description IS 'What the KPI says';
COMMENT ON COLUMN brim.kpi_email_engagement.period_start IS 'First day of the period';
COMMENT ON COLUMN brim.kpi_email_engagement.period_end IS 'First day after the period';
COMMENT ON COLUMN brim.kpi_email_engagement.current_numerator IS 'The count itself, or the numerator of the rate';
COMMENT ON COLUMN brim.kpi_email_engagement.current_denominator IS 'Denominator of the rate; NULL for a count';
COMMENT ON COLUMN brim.kpi_email_engagement.previous_numerator IS 'The same for the period before';
COMMENT ON COLUMN brim.kpi_email_engagement.previous_denominator IS 'The same for the period before';
CREATE FUNCTION @extschema@.brim_kpi_email_engagement(end_date date DEFAULT current_date + 1, days integer DEFAULT 30)
    RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1 LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.* FROM brim.kpi_for('email_engagement', brim_kpi_email_engagement.end_date, brim_kpi_email_engagement.days) AS k;
END;
COMMENT ON FUNCTION @extschema@.brim_kpi_email_engagement(date, integer) IS
    'Share of the e-mails sent in the period that were opened, clicked or answered since, or whose company had any '
    'outcome since: the days before end_date, which is not part of the period, beside as many days before';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_kpi_email_engagement(date, integer) FROM PUBLIC;

CREATE VIEW brim.kpi_new_activations AS
SELECT k.metric_name, k.current_value, k.previous_value, k.percentage_change, k.description, k.period_start, k.period_end,
       k.current_numerator, k.current_denominator, k.previous_numerator, k.previous_denominator
  FROM brim.kpi AS k
 WHERE k.metric_name = 'new_activations';
COMMENT ON VIEW brim.kpi_new_activations IS
    'One row: the last 30 days, today included, beside the 30 days before. Key: metric_name.
Users whose first '
    'activation step ever was in the period';
COMMENT ON COLUMN brim.kpi_new_activations.metric_name IS 'Name of the KPI';
COMMENT ON COLUMN brim.kpi_new_activations.current_value IS
    'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';
COMMENT ON COLUMN brim.kpi_new_activations.previous_value IS 'Value in the period of equal length right before';
COMMENT ON COLUMN brim.kpi_new_activations.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';
COMMENT ON COLUMN brim.kpi_new_activations.description IS 'What the KPI says';
COMMENT ON COLUMN brim.kpi_new_activations.period_start IS 'First day of the period';
COMMENT ON COLUMN brim.kpi_new_activations.period_end IS 'First day after the period';
COMMENT ON COLUMN brim.kpi_new_activations.current_numerator IS 'The count itself, or the numerator of the rate';
COMMENT ON COLUMN brim.kpi_new_activations.current_denominator IS 'Denominator of the rate; NULL for a count';
COMMENT ON COLUMN brim.kpi_new_activations.previous_numerator IS 'The same for the period before';
COMMENT ON COLUMN brim.kpi_new_activations.previous_denominator IS 'The same for the period before';
CREATE FUNCTION @extschema@.brim_kpi_new_activations(end_date date DEFAULT current_date + 1, days integer DEFAULT 30)
    RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1 LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.* FROM brim.kpi_for('new_activations', brim_kpi_new_activations.end_date, brim_kpi_new_activations.days) AS k;
END;
COMMENT ON FUNCTION @extschema@.brim_kpi_new_activations(date, integer) IS
    'Users whose first activation step ever was in the period: the days before end_date, which is not part of the '
    'period, beside as many days before';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_kpi_new_activations(date, integer) FROM PUBLIC;

CREATE VIEW brim.kpi_funnel_conversion AS
SELECT k.metric_name, k.current_value, k.previous_value, k.percentage_change, k.description, k.period_start, k.period_end,
       k.current_numerator, k.current_denominator, k.previous_numerator, k.previous_denominator
  FROM brim.kpi AS k
 WHERE k.metric_name = 'funnel_conversion';
COMMENT ON VIEW brim.kpi_funnel_conversion IS
    'One row: the last 30 days, today included, beside the 30 days before. Key: metric_name.
Share of the companies '
    'mailed in the period that had an outcome other than not_a_fit since';
COMMENT ON COLUMN brim.kpi_funnel_conversion.metric_name IS 'Name of the KPI';
COMMENT ON COLUMN brim.kpi_funnel_conversion.current_value IS
    'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';
COMMENT ON COLUMN brim.kpi_funnel_conversion.previous_value IS 'Value in the period of equal length right before';
COMMENT ON COLUMN brim.kpi_funnel_conversion.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';
COMMENT ON COLUMN brim.kpi_funnel_conversion.description IS 'What the KPI says';
COMMENT ON COLUMN brim.kpi_funnel_conversion.period_start IS 'First day of the period';
COMMENT ON COLUMN brim.kpi_funnel_conversion.period_end IS 'First day after the period';
COMMENT ON COLUMN brim.kpi_funnel_conversion.current_numerator IS 'The count itself, or the numerator of the rate';
COMMENT ON COLUMN brim.kpi_funnel_conversion.current_denominator IS 'Denominator of the rate; NULL for a count';
COMMENT ON COLUMN brim.kpi_funnel_conversion.previous_numerator IS 'The same for the period before';
COMMENT ON COLUMN brim.kpi_funnel_conversion.previous_denominator IS 'The same for the period before';
CREATE FUNCTION @extschema@.brim_kpi_funnel_conversion(end_date date DEFAULT current_date + 1, days integer DEFAULT 30)
    RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1 LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.* FROM brim.kpi_for('funnel_conversion', brim_kpi_funnel_conversion.end_date, brim_kpi_funnel_conversion.days) AS k;
END;
COMMENT ON FUNCTION @extschema@.brim_kpi_funnel_conversion(date, integer) IS
    'Share of the companies mailed in the period that had an outcome other than not_a_fit since: the days before '
    'end_date, which is not part of the period, beside as many days before';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_kpi_funnel_conversion(date, integer) FROM PUBLIC;
