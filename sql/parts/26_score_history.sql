/*
 * History of scores.
 *
 * The journal has an event score_calculated for each stored score; that of a
 * changed one says what it was before, and which reasons came and went
 * (brim.lead_journal_update()).
 */

CREATE INDEX event_score_change ON brim.event (company_id, occurred_at)
    WHERE event_type = 'score_calculated' AND data ? 'old_total_score';

CREATE FUNCTION brim.explain_stored(lead brim.lead) RETURNS jsonb
    STABLE PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    -- UNTIL THE MERGE; then @extschema@.brim_explain
    SELECT brim.tmp_explain(lead, lead.model || '@' || lead.model_version);
END;
COMMENT ON FUNCTION brim.explain_stored(brim.lead) IS 'Explains a lead by the model and version that its stored score is from';
REVOKE EXECUTE ON FUNCTION brim.explain_stored(brim.lead) FROM PUBLIC;

CREATE FUNCTION brim.can_explain(model text, version integer) RETURNS boolean
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_lead brim.lead;
BEGIN
    v_lead.model := model;
    v_lead.model_version := version;
    RETURN brim.explain_stored(v_lead) IS NOT NULL;
EXCEPTION WHEN undefined_object OR object_not_in_prerequisite_state THEN
    -- Deleted since, or its rules do not fit together any more.
    RETURN false;
END;
$$;
COMMENT ON FUNCTION brim.can_explain(text, integer) IS 'Can scores stored with this version of a model still be explained';
REVOKE EXECUTE ON FUNCTION brim.can_explain(text, integer) FROM PUBLIC;

CREATE FUNCTION brim.reasons(explained jsonb) RETURNS jsonb
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT (explained #> '{reasoning,positive}') || (explained #> '{reasoning,negative}');
END;
COMMENT ON FUNCTION brim.reasons(jsonb) IS 'The reasons for and against a lead in what brim_explain() gave, as one list';
REVOKE EXECUTE ON FUNCTION brim.reasons(jsonb) FROM PUBLIC;

CREATE FUNCTION brim.list_without(list jsonb, other jsonb) RETURNS jsonb
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT coalesce(jsonb_agg(e.entry ORDER BY e.n) FILTER (WHERE NOT other ? e.entry), '[]')
      FROM jsonb_array_elements_text(list) WITH ORDINALITY AS e (entry, n);
END;
COMMENT ON FUNCTION brim.list_without(jsonb, jsonb) IS 'The texts of a list that are not in another, in their order';
REVOKE EXECUTE ON FUNCTION brim.list_without(jsonb, jsonb) FROM PUBLIC;

CREATE VIEW brim.score_changes AS
SELECT e.event_id, e.occurred_at AS changed_at, e.company_id, l.company_name,
       (e.data ->> 'old_total_score')::integer AS old_score,
       (e.data ->> 'total_score')::integer AS new_score,
       (e.data ->> 'total_score')::integer - (e.data ->> 'old_total_score')::integer AS difference,
       (e.data ->> 'old_fit_score')::integer AS old_fit_score,
       (e.data ->> 'fit_score')::integer AS new_fit_score,
       (e.data ->> 'old_intent_score')::integer AS old_intent_score,
       (e.data ->> 'intent_score')::integer AS new_intent_score,
       e.data ->> 'old_model' AS old_model,
       (e.data ->> 'old_version')::integer AS old_model_version,
       e.data ->> 'model' AS new_model,
       (e.data ->> 'version')::integer AS new_model_version,
       (SELECT string_agg(r.reason, '; ' ORDER BY r.n)
          FROM jsonb_array_elements_text(CASE jsonb_typeof(e.data -> 'reasons_added') WHEN 'array' THEN e.data -> 'reasons_added' END)
               WITH ORDINALITY AS r (reason, n)) AS reasons_added,
       (SELECT string_agg(r.reason, '; ' ORDER BY r.n)
          FROM jsonb_array_elements_text(CASE jsonb_typeof(e.data -> 'reasons_removed') WHEN 'array' THEN e.data -> 'reasons_removed' END)
               WITH ORDINALITY AS r (reason, n)) AS reasons_removed
  FROM brim.event AS e
  LEFT JOIN brim.lead AS l ON l.company_id = e.company_id
 WHERE e.event_type = 'score_calculated' AND e.data ? 'old_total_score';
COMMENT ON VIEW brim.score_changes IS 'One row a change of a stored score, of its parts or of the model version it is from. Key: event_id.
The first score of a lead is no change. A condition on company_id or changed_at makes it quick';
COMMENT ON COLUMN brim.score_changes.event_id IS 'Key of the event in the journal';
COMMENT ON COLUMN brim.score_changes.changed_at IS 'When the score changed';
COMMENT ON COLUMN brim.score_changes.company_id IS 'Key of the company';
COMMENT ON COLUMN brim.score_changes.company_name IS 'Name of the company now; NULL if the lead was deleted';
COMMENT ON COLUMN brim.score_changes.old_score IS 'Total score before; NULL where none was stored';
COMMENT ON COLUMN brim.score_changes.new_score IS 'Total score since';
COMMENT ON COLUMN brim.score_changes.difference IS 'new_score minus old_score';
COMMENT ON COLUMN brim.score_changes.old_fit_score IS 'Fit score before';
COMMENT ON COLUMN brim.score_changes.new_fit_score IS 'Fit score since';
COMMENT ON COLUMN brim.score_changes.old_intent_score IS 'Intent score before';
COMMENT ON COLUMN brim.score_changes.new_intent_score IS 'Intent score since';
COMMENT ON COLUMN brim.score_changes.old_model IS 'Model of the score before';
COMMENT ON COLUMN brim.score_changes.old_model_version IS 'Version of that model';
COMMENT ON COLUMN brim.score_changes.new_model IS 'Model of the score since';
COMMENT ON COLUMN brim.score_changes.new_model_version IS 'Version of that model';
COMMENT ON COLUMN brim.score_changes.reasons_added IS 'Reasons that hold since and did not before, joined by ''; ''; NULL where there are none, or the old version is gone';
COMMENT ON COLUMN brim.score_changes.reasons_removed IS 'Reasons that held before and do not since, joined by ''; ''; NULL where there are none, or the old version is gone';
