-- What users and their applications report: activation steps and outcomes.

CREATE FUNCTION @extschema@.brim_log_event(user_id text, step_name text, metadata jsonb DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_event_id bigint;
BEGIN
    IF btrim(coalesce(user_id, '')) = '' OR btrim(coalesce(step_name, '')) = '' THEN
        RAISE EXCEPTION 'user_id and step_name must not be empty' USING ERRCODE = 'invalid_parameter_value';
    ELSIF length(user_id) > 500 OR length(step_name) > 500 THEN
        RAISE EXCEPTION 'user_id or step_name is longer than 500 characters' USING ERRCODE = 'invalid_parameter_value';
    ELSIF jsonb_typeof(metadata) NOT IN ('object', 'null') THEN
        RAISE EXCEPTION 'metadata must be a JSON object, found %', jsonb_typeof(metadata)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example: brim_log_event(''u1'', ''file_upload'', ''{"rows": 120}'').';
    ELSIF length(metadata::text) > 1000000 THEN
        RAISE EXCEPTION 'metadata is longer than 1000000 characters' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    INSERT INTO brim.event (event_type, user_id, data)
    VALUES ('activation_step_completed', brim_log_event.user_id,
            CASE WHEN jsonb_typeof(metadata) = 'object' THEN metadata ELSE '{}' END
            || jsonb_build_object('step', step_name))
    RETURNING event_id INTO v_event_id;
    RETURN v_event_id;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_log_event(text, text, jsonb) IS
    'Logs that a user completed an activation step (file_upload, result_viewed, share_step_reached, ...); returns the '
    'event_id';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_log_event(text, text, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_report_outcome(company_id text, outcome text, occurred_at timestamptz DEFAULT NULL,
                                                value numeric DEFAULT NULL, campaign text DEFAULT NULL,
                                                note text DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_new boolean;
BEGIN
    IF outcome IS NULL OR outcome !~ '^[a-z][a-z0-9_]{0,62}$' THEN
        RAISE EXCEPTION 'invalid outcome %', coalesce(quote_literal(left(outcome, 100)), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'An outcome is a word such as demo_booked, closed_won or not_a_fit: lower-case letters, digits and underscores.';
    ELSIF occurred_at > now() OR NOT isfinite(occurred_at) THEN
        RAISE EXCEPTION 'occurred_at % is not in the past', occurred_at
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Leave occurred_at out for an outcome of just now.';
    ELSIF length(note) > 20000 THEN
        RAISE EXCEPTION 'note is longer than 20000 characters' USING ERRCODE = 'invalid_parameter_value';
    ELSIF campaign IS NOT NULL AND NOT EXISTS (SELECT FROM brim.campaign AS c WHERE c.name = brim_report_outcome.campaign) THEN
        RAISE EXCEPTION 'campaign "%" does not exist', campaign USING ERRCODE = 'undefined_object';
    END IF;

    -- The lock on the lead puts reports that come at the same time in a row.
    PERFORM l.company_id FROM brim.lead AS l WHERE l.company_id = brim_report_outcome.company_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'company % does not exist', coalesce(quote_literal(company_id), 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'company_id is a key of brim.lead; brim_company_id(name, domain) computes it.';
    END IF;

    INSERT INTO brim.outcome (company_id, outcome, occurred_at, value, campaign, note)
    SELECT brim_report_outcome.company_id, brim_report_outcome.outcome, coalesce(brim_report_outcome.occurred_at, now()),
           brim_report_outcome.value, brim_report_outcome.campaign, brim_report_outcome.note
     WHERE brim_report_outcome.occurred_at IS NOT NULL
        OR NOT EXISTS (SELECT FROM brim.outcome AS o
                        WHERE o.company_id = brim_report_outcome.company_id AND o.outcome = brim_report_outcome.outcome)
        ON CONFLICT ON CONSTRAINT outcome_pkey DO NOTHING;
    v_new := FOUND;

    INSERT INTO brim.event (event_type, occurred_at, company_id, data)
    SELECT 'outcome_reported', coalesce(brim_report_outcome.occurred_at, now()), brim_report_outcome.company_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', brim_report_outcome.outcome, 'value', brim_report_outcome.value,
                                                'campaign', brim_report_outcome.campaign, 'note', brim_report_outcome.note,
                                                'by', session_user))
     WHERE v_new;
    RETURN v_new;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_report_outcome(text, text, timestamptz, numeric, text, text) IS
    'Reports what became of a lead; true when it is new. The same company, outcome and time again changes nothing; '
    'without a time an outcome is stored once a company';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_report_outcome(text, text, timestamptz, numeric, text, text) FROM PUBLIC;
