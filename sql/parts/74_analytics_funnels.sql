/*
 * Funnels by day and by activation step, and what generation costs.  Words as
 * in 70_analytics.sql.
 */

-- The days are integers added to a date: a series of timestamps loses a day
-- where the clock changes at midnight.  Each day is counted by itself, through
-- indexes on the time, so that a condition on day makes the rest cheap; OFFSET 0
-- keeps the planner from calculating the bounds again for each row.
CREATE VIEW brim.funnel_daily AS
SELECT b.first_day + d.n AS day, s.scored, s.qualified_leads, g.generated, m.sent,
       coalesce(a.activations, 0) AS activations, o.outcomes
  FROM (SELECT z.zone, z.today,
               -- cut first: a time of -infinity has no day
               least(z.today, (greatest(f.first_at, now() - interval '20 years') AT TIME ZONE z.zone)::date) AS first_day
          FROM (SELECT brim.report_zone() AS zone, brim.report_today() AS today) AS z,
               (SELECT least((SELECT min(e.occurred_at) FROM brim.event AS e
                               WHERE e.event_type = 'score_calculated'),
                             (SELECT min(e.occurred_at) FROM brim.event AS e
                               WHERE e.event_type = 'email_generated'),
                             (SELECT min(e.occurred_at) FROM brim.event AS e
                               WHERE e.event_type = 'activation_step_completed'),
                             (SELECT min(x.sent_at) FROM brim.send_ledger AS x
                               WHERE x.state = 'sent'
                                 AND x.claimed_at <= (SELECT min(y.claimed_at) FROM brim.send_ledger AS y WHERE y.state = 'sent')
                                                     + interval '24 hours'),
                             (SELECT min(r.occurred_at) FROM brim.outcome AS r),
                             now()) AS first_at) AS f
        OFFSET 0) AS b
 CROSS JOIN LATERAL generate_series(0, b.today - b.first_day) AS d(n)
 CROSS JOIN LATERAL (
        SELECT brim.day_start(b.first_day + d.n, b.zone) AS day_from,
               brim.day_start(b.first_day + d.n + 1, b.zone) AS day_to
        OFFSET 0) AS t
 CROSS JOIN LATERAL (
        SELECT count(*) AS scored, count(*) FILTER (WHERE c.is_qualified) AS qualified_leads
          FROM (SELECT bool_or(e.data @> '{"qualified": true}') AS is_qualified
                  FROM brim.event AS e
                 WHERE e.event_type = 'score_calculated' AND e.company_id IS NOT NULL
                   AND e.occurred_at >= t.day_from AND e.occurred_at < t.day_to
                 GROUP BY e.company_id) AS c) AS s
 CROSS JOIN LATERAL (
        SELECT count(*) AS generated
          FROM brim.event AS e
         WHERE e.event_type = 'email_generated' AND e.occurred_at >= t.day_from AND e.occurred_at < t.day_to) AS g
 CROSS JOIN LATERAL (
        SELECT count(*) AS sent
          FROM brim.send_ledger AS x
         WHERE x.state = 'sent' AND x.sent_at >= t.day_from AND x.sent_at < t.day_to
           AND x.claimed_at >= t.day_from - interval '24 hours' AND x.claimed_at < t.day_to) AS m
 CROSS JOIN LATERAL (
        SELECT count(*) AS outcomes
          FROM brim.outcome AS r
         WHERE r.occurred_at >= t.day_from AND r.occurred_at < t.day_to) AS o
  -- A first step is known only from all steps, so these are not counted by the day.
  LEFT JOIN (SELECT (u.activated_at AT TIME ZONE brim.report_zone())::date AS day, count(*) AS activations
               FROM brim.activated_user AS u
              GROUP BY 1) AS a ON a.day = b.first_day + d.n;
COMMENT ON VIEW brim.funnel_daily IS
    'One row a day. Key: day.
Every day from the first with any data to today, at most 20 years; days without data '
    'are rows of zeros. Give a range of day where the history is long';
COMMENT ON COLUMN brim.funnel_daily.day IS 'Day in the time zone of reports';
COMMENT ON COLUMN brim.funnel_daily.scored IS 'Companies scored on the day, each counted once a day';
COMMENT ON COLUMN brim.funnel_daily.qualified_leads IS 'Of these, companies that a score of the day qualified';
COMMENT ON COLUMN brim.funnel_daily.generated IS 'Companies for which the e-mails of a campaign were written';
COMMENT ON COLUMN brim.funnel_daily.sent IS 'E-mails that the mail server accepted';
COMMENT ON COLUMN brim.funnel_daily.activations IS 'Users whose first activation step ever was on the day';
COMMENT ON COLUMN brim.funnel_daily.outcomes IS 'Outcomes that happened on the day';

CREATE VIEW brim.activation_funnel AS
SELECT row_number() OVER w AS step_no, u.step, u.users,
       first_value(u.users) OVER w AS first_step_users,
       brim.percent(u.users, first_value(u.users) OVER w) AS share_of_first,
       lag(u.users) OVER w AS previous_step_users,
       brim.percent(u.users, lag(u.users) OVER w) AS share_of_previous
  FROM (SELECT coalesce(k.step, s.step) AS step, k.place, coalesce(s.users, 0) AS users
          FROM (VALUES ('file_upload', 1), ('result_viewed', 2), ('share_step_reached', 3)) AS k(step, place)
          FULL JOIN (SELECT t.step, count(*) AS users
                       FROM (SELECT e.data ->> 'step' AS step
                               FROM brim.event AS e
                              WHERE e.event_type = 'activation_step_completed'
                                AND e.user_id IS NOT NULL AND e.data ->> 'step' IS NOT NULL
                              GROUP BY e.user_id, e.data ->> 'step') AS t
                      GROUP BY t.step) AS s ON s.step = k.step) AS u
WINDOW w AS (ORDER BY u.place NULLS LAST, u.step COLLATE "C")
 ORDER BY step_no;
COMMENT ON VIEW brim.activation_funnel IS 'One row an activation step. Key: step; step_no is unique too.
Users by the steps they completed at any time: file_upload, result_viewed, share_step_reached, then others by name';
COMMENT ON COLUMN brim.activation_funnel.step_no IS 'Place of the step in the funnel, from 1';
COMMENT ON COLUMN brim.activation_funnel.step IS 'Name of the step';
COMMENT ON COLUMN brim.activation_funnel.users IS
    'Users who completed the step, each counted once, whether or not they completed the steps before';
COMMENT ON COLUMN brim.activation_funnel.first_step_users IS 'Users of the first step: the denominator of share_of_first';
COMMENT ON COLUMN brim.activation_funnel.share_of_first IS 'users of first_step_users, percent';
COMMENT ON COLUMN brim.activation_funnel.previous_step_users IS
    'Users of the step before: the denominator of share_of_previous; NULL for the first step';
COMMENT ON COLUMN brim.activation_funnel.share_of_previous IS 'users of previous_step_users, percent';

CREATE TABLE brim.model_price (
    model text PRIMARY KEY CHECK (model <> ''),
    input_usd_per_million numeric NOT NULL CHECK (input_usd_per_million >= 0),
    output_usd_per_million numeric NOT NULL CHECK (output_usd_per_million >= 0)
);
COMMENT ON TABLE brim.model_price IS
    'One row the price of a language model, for brim.generation_cost. Key: model. It starts empty: brim.known_price '
    'has the prices brim knows; a row here comes before those';
COMMENT ON COLUMN brim.model_price.model IS 'Name of the model as in brim.gemini_model, or the version that answered';
COMMENT ON COLUMN brim.model_price.input_usd_per_million IS 'US dollars for a million prompt tokens';
COMMENT ON COLUMN brim.model_price.output_usd_per_million IS 'US dollars for a million output tokens, thought tokens among them';
SELECT pg_extension_config_dump('brim.model_price', '');

CREATE VIEW brim.known_price AS
SELECT p.model, p.input_usd_per_million, p.output_usd_per_million, true AS is_own
  FROM brim.model_price AS p
UNION ALL
SELECT s.model, s.input_usd_per_million, s.output_usd_per_million, false
  FROM (VALUES ('gemini-3.5-flash-lite', 0.30, 2.50)) AS s(model, input_usd_per_million, output_usd_per_million)
 WHERE NOT EXISTS (SELECT FROM brim.model_price AS p WHERE p.model = s.model);
COMMENT ON VIEW brim.known_price IS 'One row a language model whose price is known. Key: model';
COMMENT ON COLUMN brim.known_price.model IS 'Name of the model';
COMMENT ON COLUMN brim.known_price.input_usd_per_million IS 'US dollars for a million prompt tokens';
COMMENT ON COLUMN brim.known_price.output_usd_per_million IS 'US dollars for a million output tokens';
COMMENT ON COLUMN brim.known_price.is_own IS 'true: from brim.model_price; false: shipped with brim';

CREATE VIEW brim.generation_cost AS
SELECT c.provider, c.model, c.model_version, c.companies, c.requests, c.companies_without_tokens,
       c.prompt_tokens, c.output_tokens, c.thought_tokens,
       p.input_usd_per_million, p.output_usd_per_million,
       CASE WHEN c.provider = 'template' AND c.model IS NULL AND c.model_version IS NULL THEN 0
            ELSE round((c.prompt_tokens * p.input_usd_per_million
                        + (c.output_tokens + c.thought_tokens) * p.output_usd_per_million) / 1000000, 6)
       END AS cost_usd
  FROM (SELECT g.provider, g.model, g.model_version, count(*) AS companies,
               coalesce(sum(g.attempts), 0) AS requests,
               count(*) FILTER (WHERE g.prompt_tokens IS NULL AND g.output_tokens IS NULL) AS companies_without_tokens,
               coalesce(sum(g.prompt_tokens), 0) AS prompt_tokens,
               coalesce(sum(g.output_tokens), 0) AS output_tokens,
               coalesce(sum(g.thought_tokens), 0) AS thought_tokens
          FROM brim.generation AS g
         WHERE g.provider IS NOT NULL
         GROUP BY g.provider, g.model, g.model_version) AS c
  LEFT JOIN LATERAL (
        SELECT k.input_usd_per_million, k.output_usd_per_million
          FROM brim.known_price AS k
         WHERE k.model IN (c.model_version, c.model)
         ORDER BY k.model = c.model_version DESC NULLS LAST
         LIMIT 1) AS p ON true;
COMMENT ON VIEW brim.generation_cost IS
    'One row a version of a language model that wrote e-mails, and one for the templates. Key: provider, model, '
    'model_version.
What the tokens cost that the provider reported for the answers used; answers that were thrown '
    'away are not in it';
COMMENT ON COLUMN brim.generation_cost.provider IS 'gemini or template';
COMMENT ON COLUMN brim.generation_cost.model IS 'Model that was asked; NULL for templates';
COMMENT ON COLUMN brim.generation_cost.model_version IS 'Version that answered, as the provider names it';
COMMENT ON COLUMN brim.generation_cost.companies IS 'Companies e-mails were written for';
COMMENT ON COLUMN brim.generation_cost.requests IS 'Requests that were made for them, failed ones among them';
COMMENT ON COLUMN brim.generation_cost.companies_without_tokens IS
    'Of the companies, those for which no tokens were reported: their cost is not in cost_usd';
COMMENT ON COLUMN brim.generation_cost.prompt_tokens IS 'Tokens of the prompts';
COMMENT ON COLUMN brim.generation_cost.output_tokens IS 'Tokens of the answers';
COMMENT ON COLUMN brim.generation_cost.thought_tokens IS 'Tokens of the model''s thoughts, billed as output';
COMMENT ON COLUMN brim.generation_cost.input_usd_per_million IS 'Price used; NULL if unknown: add it to brim.model_price';
COMMENT ON COLUMN brim.generation_cost.output_usd_per_million IS 'Price used; NULL if unknown: add it to brim.model_price';
COMMENT ON COLUMN brim.generation_cost.cost_usd IS 'Cost in US dollars; NULL if the price is unknown';

CREATE VIEW brim.classification_cost AS
SELECT c.model, c.model_version, c.texts, c.requests_of_texts, c.texts_without_tokens,
       c.prompt_tokens, c.output_tokens, c.thought_tokens,
       p.input_usd_per_million, p.output_usd_per_million,
       round((c.prompt_tokens * p.input_usd_per_million
              + (c.output_tokens + c.thought_tokens) * p.output_usd_per_million) / 1000000, 6) AS cost_usd
  FROM (SELECT t.model, t.model_version, count(*) AS texts,
               coalesce(sum(t.attempts), 0) AS requests_of_texts,
               count(*) FILTER (WHERE t.prompt_tokens IS NULL AND t.output_tokens IS NULL) AS texts_without_tokens,
               coalesce(sum(t.prompt_tokens), 0) AS prompt_tokens,
               coalesce(sum(t.output_tokens), 0) AS output_tokens,
               coalesce(sum(t.thought_tokens), 0) AS thought_tokens
          FROM brim.classification AS t
         WHERE t.model IS NOT NULL
         GROUP BY t.model, t.model_version) AS c
  LEFT JOIN LATERAL (
        SELECT k.input_usd_per_million, k.output_usd_per_million
          FROM brim.known_price AS k
         WHERE k.model IN (c.model_version, c.model)
         ORDER BY k.model = c.model_version DESC NULLS LAST
         LIMIT 1) AS p ON true;
COMMENT ON VIEW brim.classification_cost IS
    'One row a version of a language model that classified texts. Key: model, model_version.
What the tokens cost '
    'that the provider reported, those of answers that were of no use among them';
COMMENT ON COLUMN brim.classification_cost.model IS 'Model that was asked';
COMMENT ON COLUMN brim.classification_cost.model_version IS 'Version that answered, as the provider names it';
COMMENT ON COLUMN brim.classification_cost.texts IS 'Texts that it was asked about';
COMMENT ON COLUMN brim.classification_cost.requests_of_texts IS
    'Requests in which each of them was asked about, added up; one request holds several texts';
COMMENT ON COLUMN brim.classification_cost.texts_without_tokens IS
    'Of the texts, those for which no tokens were reported: their cost is not in cost_usd';
COMMENT ON COLUMN brim.classification_cost.prompt_tokens IS 'Tokens of the prompts';
COMMENT ON COLUMN brim.classification_cost.output_tokens IS 'Tokens of the answers';
COMMENT ON COLUMN brim.classification_cost.thought_tokens IS 'Tokens of the model''s thoughts, billed as output';
COMMENT ON COLUMN brim.classification_cost.input_usd_per_million IS 'Price used; NULL if unknown: add it to brim.model_price';
COMMENT ON COLUMN brim.classification_cost.output_usd_per_million IS 'Price used; NULL if unknown: add it to brim.model_price';
COMMENT ON COLUMN brim.classification_cost.cost_usd IS 'Cost in US dollars; NULL if the price is unknown';
