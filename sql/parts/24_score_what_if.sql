/*
 * What-if: all leads by two models, side by side, without writing anything.
 *
 * Both scores are reckoned now from the facts that are stored; the stored
 * scores play no part.
 */

CREATE FUNCTION brim.compare_leads(a text, b text)
    RETURNS TABLE (company_id text, company_name text, old_score integer, new_score integer, old_fit_score integer,
                   new_fit_score integer, old_intent_score integer, new_intent_score integer)
    STABLE PARALLEL SAFE ROWS 100000 LANGUAGE sql
BEGIN ATOMIC
    SELECT s.company_id, s.company_name, (s.old).total_score, (s.new).total_score, (s.old).fit_score, (s.new).fit_score,
           (s.old).intent_score, (s.new).intent_score
      -- OFFSET 0 keeps the scores from being reckoned once for each column.
      FROM (SELECT l.company_id, l.company_name, brim.lead_scores(l, a) AS old, brim.lead_scores(l, b) AS new
              FROM brim.lead AS l OFFSET 0) AS s;
END;
COMMENT ON FUNCTION brim.compare_leads(text, text) IS 'The leads with their scores by two models; becomes part of the query that reads it';
REVOKE EXECUTE ON FUNCTION brim.compare_leads(text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_compare_models(a text, b text)
    RETURNS TABLE (company_id text, company_name text, old_score integer, new_score integer, difference integer,
                   old_qualified boolean, new_qualified boolean, crossed text, old_fit_score integer, new_fit_score integer,
                   old_intent_score integer, new_intent_score integer)
    STABLE PARALLEL RESTRICTED ROWS 100000 LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_old integer := (SELECT f.qualified_above FROM brim.find_model(brim_compare_models.a) AS f);
    v_new integer := (SELECT f.qualified_above FROM brim.find_model(brim_compare_models.b) AS f);
BEGIN
    RETURN QUERY
    SELECT c.company_id, c.company_name, c.old_score, c.new_score, c.new_score - c.old_score,
           c.old_score > v_old, c.new_score > v_new,
           CASE WHEN c.new_score > v_new AND c.old_score <= v_old THEN 'up'
                WHEN c.new_score <= v_new AND c.old_score > v_old THEN 'down' END,
           c.old_fit_score, c.new_fit_score, c.old_intent_score, c.new_intent_score
      FROM brim.compare_leads(brim_compare_models.a, brim_compare_models.b) AS c;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_compare_models(text, text) IS
    'One row a lead with its scores by two models (name, name@version, NULL: the default), reckoned now; nothing is '
    'written.
Scores every lead twice and keeps the rows in a temporary file: a few seconds and about 100 MB for a '
    'million leads';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_compare_models(text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_compare_models_summary(a text, b text)
    RETURNS TABLE (old_model text, old_version integer, new_model text, new_version integer,
                   leads bigint, changed bigint, raised bigint, lowered bigint,
                   old_qualified bigint, new_qualified bigint, crossed_up bigint, crossed_down bigint,
                   mean_difference numeric, greatest_raise integer, greatest_drop integer,
                   lowered_over_20 bigint, lowered_11_to_20 bigint, lowered_1_to_10 bigint, unchanged bigint,
                   raised_1_to_10 bigint, raised_11_to_20 bigint, raised_over_20 bigint)
    STABLE PARALLEL RESTRICTED ROWS 1 LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_old record;
    v_new record;
BEGIN
    SELECT f.name, f.version, f.qualified_above INTO v_old FROM brim.find_model(brim_compare_models_summary.a) AS f;
    SELECT f.name, f.version, f.qualified_above INTO v_new FROM brim.find_model(brim_compare_models_summary.b) AS f;
    RETURN QUERY
    SELECT v_old.name, v_old.version, v_new.name, v_new.version,
           count(*), count(*) FILTER (WHERE d <> 0), count(*) FILTER (WHERE d > 0), count(*) FILTER (WHERE d < 0),
           count(*) FILTER (WHERE was), count(*) FILTER (WHERE becomes),
           count(*) FILTER (WHERE becomes AND NOT was), count(*) FILTER (WHERE was AND NOT becomes),
           round(avg(d), 2), greatest(max(d), 0), least(min(d), 0),
           count(*) FILTER (WHERE d < -20), count(*) FILTER (WHERE d BETWEEN -20 AND -11),
           count(*) FILTER (WHERE d BETWEEN -10 AND -1), count(*) FILTER (WHERE d = 0),
           count(*) FILTER (WHERE d BETWEEN 1 AND 10), count(*) FILTER (WHERE d BETWEEN 11 AND 20),
           count(*) FILTER (WHERE d > 20)
      FROM (SELECT c.new_score - c.old_score AS d, c.old_score > v_old.qualified_above AS was,
                   c.new_score > v_new.qualified_above AS becomes
              FROM brim.compare_leads(brim_compare_models_summary.a, brim_compare_models_summary.b) AS c) AS x;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_compare_models_summary(text, text) IS
    'One row: how the scores of all leads differ between two models (name, name@version, NULL: the default); nothing '
    'is written.
Scores every lead twice: a few seconds for a million leads';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_compare_models_summary(text, text) FROM PUBLIC;

CREATE VIEW brim.model_comparison AS
SELECT x.model, x.version, x.default_model, x.default_version, count(x.d) AS leads,
       count(*) FILTER (WHERE x.d <> 0) AS changed,
       count(*) FILTER (WHERE x.d > 0) AS raised,
       count(*) FILTER (WHERE x.d < 0) AS lowered,
       count(*) FILTER (WHERE x.was) AS default_qualified,
       count(*) FILTER (WHERE x.becomes) AS qualified,
       count(*) FILTER (WHERE x.becomes AND NOT x.was) AS crossed_up,
       count(*) FILTER (WHERE x.was AND NOT x.becomes) AS crossed_down,
       round(avg(x.d), 2) AS mean_difference,
       greatest(max(x.d), 0) AS greatest_raise,
       least(min(x.d), 0) AS greatest_drop
  FROM (SELECT m.name AS model, m.version, dm.name AS default_model, dm.version AS default_version,
               s.score - s.default_score AS d,
               s.default_score > dm.qualified_above AS was,
               s.score > m.qualified_above AS becomes
          FROM (brim.scoring_model AS m JOIN brim.model_spec AS p ON p.name = m.name AND p.version = m.version AND p.is_published)
         CROSS JOIN (brim.scoring_model AS dm JOIN brim.model_spec AS dp ON dp.name = dm.name AND dp.version = dm.version AND dp.is_default)
          LEFT JOIN LATERAL (SELECT (brim.lead_scores(l, m.name)).total_score AS score,
                                    (brim.lead_scores(l, dm.name)).total_score AS default_score
                               FROM brim.lead AS l OFFSET 0) AS s ON true
         WHERE m.name <> dm.name) AS x
 GROUP BY x.model, x.version, x.default_model, x.default_version;
COMMENT ON VIEW brim.model_comparison IS
    'One row a published model other than the default one. Key: model.
All leads by this model beside the default '
    'one, reckoned now. Every lead is scored twice for each row: a few seconds a row for a million leads, so a '
    'condition on model makes it quicker';
COMMENT ON COLUMN brim.model_comparison.model IS 'Name of the model';
COMMENT ON COLUMN brim.model_comparison.version IS 'Its published version';
COMMENT ON COLUMN brim.model_comparison.default_model IS 'Name of the default model';
COMMENT ON COLUMN brim.model_comparison.default_version IS 'Its published version';
COMMENT ON COLUMN brim.model_comparison.leads IS 'Leads that were scored by both';
COMMENT ON COLUMN brim.model_comparison.changed IS 'Of these, with another total score than by the default model';
COMMENT ON COLUMN brim.model_comparison.raised IS 'Of these, with a higher one';
COMMENT ON COLUMN brim.model_comparison.lowered IS 'Of these, with a lower one';
COMMENT ON COLUMN brim.model_comparison.default_qualified IS 'Leads that qualify by the default model';
COMMENT ON COLUMN brim.model_comparison.qualified IS 'Leads that qualify by this model';
COMMENT ON COLUMN brim.model_comparison.crossed_up IS 'Leads that qualify by this model and not by the default one';
COMMENT ON COLUMN brim.model_comparison.crossed_down IS 'Leads that qualify by the default model and not by this one';
COMMENT ON COLUMN brim.model_comparison.mean_difference IS 'Mean of score by this model minus score by the default one; NULL without leads';
COMMENT ON COLUMN brim.model_comparison.greatest_raise IS 'Greatest such difference, at least 0';
COMMENT ON COLUMN brim.model_comparison.greatest_drop IS 'Least such difference, at most 0';
