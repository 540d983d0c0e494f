/*
 * History of scores.
 *
 * The journal has an event score_calculated for each stored score; that of a
 * changed one says what it was before, and which reasons came and went
 * (brim.lead_journal_update()).
 */

CREATE INDEX event_score_change ON brim.event (company_id, occurred_at)
    WHERE event_type = 'score_calculated' AND data ? 'old_total_score';

CREATE FUNCTION brim.reason_changes(old_lead record, old_model text, new_lead record, new_model text,
                                    OUT added text[], OUT removed text[])
    STABLE PARALLEL SAFE COST 100 LANGUAGE c AS 'MODULE_PATHNAME', 'brim_reason_changes';
COMMENT ON FUNCTION brim.reason_changes(record, text, record, text) IS
    'Reasons that brim_explain() gives for one lead and not for the other, each by a model of its own; NULLs where a '
    'model or lead is NULL';
REVOKE EXECUTE ON FUNCTION brim.reason_changes(record, text, record, text) FROM PUBLIC;

CREATE FUNCTION brim.usable_version(model text, version integer) RETURNS text
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_name text := model || '@' || version;
BEGIN
    PERFORM brim.find_model(v_name);
    RETURN v_name;
EXCEPTION WHEN undefined_object OR object_not_in_prerequisite_state THEN
    -- Deleted since, or its rules do not fit together any more.
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.usable_version(text, integer) IS 'A version of a model as name@version; NULL where it cannot score any more';
REVOKE EXECUTE ON FUNCTION brim.usable_version(text, integer) FROM PUBLIC;

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
COMMENT ON VIEW brim.score_changes IS
    'One row a change of a stored score, of its parts or of the model version it is from. Key: event_id.
The first '
    'score of a lead is no change. A condition on company_id or changed_at makes it quick';
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
COMMENT ON COLUMN brim.score_changes.reasons_added IS
    'Reasons that hold since and did not before, joined by ''; ''; NULL where there are none, or the old version is '
    'gone';
COMMENT ON COLUMN brim.score_changes.reasons_removed IS
    'Reasons that held before and do not since, joined by ''; ''; NULL where there are none, or the old version is '
    'gone';
