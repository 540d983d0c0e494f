/*
 * brim_edit_model(): change a version of a scoring model by one JSON value.
 *
 * Its keys are the columns of the scoring tables; which there are and what they
 * take is read from the catalog.  All of it is done or nothing, and what has to
 * fit together is checked at the end: the version is rewritten as the change
 * leaves it, its rules last and in one statement.
 */

CREATE FUNCTION brim.settings_problem(target regclass, settings jsonb, fixed text[], needed text[] DEFAULT '{}',
                                      OUT problem text, OUT hint text)
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT CASE WHEN a.attname IS NULL THEN format('unknown key "%s"', e.key)
                ELSE format('key "%s": expected %s, found %s', e.key, x.expected,
                            CASE WHEN f.found = 'number' AND x.expected = 'integer' THEN 'a fraction'
                                 WHEN f.found = 'array' AND x.expected = 'array of strings' THEN 'another array'
                                 ELSE f.found END) END
      INTO problem
      FROM jsonb_each(settings) AS e
     CROSS JOIN LATERAL (SELECT jsonb_typeof(e.value) AS found) AS f
      LEFT JOIN pg_attribute AS a ON a.attrelid = target AND a.attname = e.key AND a.attnum > 0
                                 AND NOT a.attisdropped AND a.attname <> ALL (fixed)
     CROSS JOIN LATERAL (SELECT CASE a.atttypid WHEN 'integer'::regtype THEN 'integer'
                                                WHEN 'numeric'::regtype THEN 'number'
                                                WHEN 'boolean'::regtype THEN 'boolean'
                                                WHEN 'text[]'::regtype THEN 'array of strings'
                                                ELSE 'string' END AS expected) AS x
     WHERE a.attname IS NULL
        OR NOT CASE WHEN f.found = 'null' THEN NOT a.attnotnull AND a.attname <> ALL (needed)
                    WHEN x.expected = 'integer'
                    THEN CASE f.found WHEN 'number' THEN e.value::numeric = trunc(e.value::numeric) ELSE false END
                    WHEN x.expected = 'array of strings'
                    THEN f.found = 'array' AND NOT jsonb_path_exists(e.value, 'strict $[*] ? (@.type() != "string")')
                    ELSE f.found = x.expected END
     ORDER BY a.attname IS NOT NULL, e.key
     LIMIT 1;
    SELECT format('Keys are %s.', string_agg(a.attname, ', ' ORDER BY a.attnum))
      INTO hint
      FROM pg_attribute AS a
     WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (fixed);
END;
$$;
COMMENT ON FUNCTION brim.settings_problem(regclass, jsonb, text[], text[]) IS
    'What keeps a JSON object from being columns of a table, except the fixed ones, with null only where none is '
    'needed; NULL where nothing does';
REVOKE EXECUTE ON FUNCTION brim.settings_problem(regclass, jsonb, text[], text[]) FROM PUBLIC;

CREATE FUNCTION brim.refuse_change(place text, problem text, hint text, state text DEFAULT '22023') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'invalid change of a scoring model: %', concat_ws(': ', place, problem)
        USING ERRCODE = state, HINT = hint;
END;
$$;
COMMENT ON FUNCTION brim.refuse_change(text, text, text, text) IS 'Raises the error that a change of a scoring model is not possible';
REVOKE EXECUTE ON FUNCTION brim.refuse_change(text, text, text, text) FROM PUBLIC;

CREATE FUNCTION brim.refuse_row(place text, problem text, state text, target regclass, constraint_name text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM brim.refuse_change(place, problem,
                               coalesce((SELECT format('It has to be: %s.', pg_get_constraintdef(c.oid)) FROM pg_constraint AS c
                                          WHERE c.conrelid = target AND c.conname = constraint_name),
                                        'What the keys may be is in docs/scoring.md.'), state);
END;
$$;
COMMENT ON FUNCTION brim.refuse_row(text, text, text, regclass, text) IS
    'Raises the error that a table does not take a changed row, with the constraint';
REVOKE EXECUTE ON FUNCTION brim.refuse_row(text, text, text, regclass, text) FROM PUBLIC;

-- The entries of a list of changes, each an object, none twice.
CREATE FUNCTION brim.change_list(changes jsonb, list text, what text, VARIADIC key text[])
    RETURNS TABLE (place text, change jsonb, is_delete boolean)
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_list jsonb := changes -> list;
    v_missing text;
    v_seen jsonb := '[]';
BEGIN
    IF v_list IS NULL THEN
        RETURN;
    ELSIF jsonb_typeof(v_list) <> 'array' THEN
        PERFORM brim.refuse_change(format('key "%s"', list), format('expected array of objects, found %s', jsonb_typeof(v_list)),
                                   'It lists what changes: {"rules": [{"rule_no": 20, "points": 90}]}.');
    END IF;
    FOR change IN SELECT e.value FROM jsonb_array_elements(v_list) WITH ORDINALITY AS e (value, n) ORDER BY e.n LOOP
        IF jsonb_typeof(change) <> 'object' THEN
            PERFORM brim.refuse_change(format('key "%s"', list),
                                       format('expected array of objects, found an entry that is %s', left(change::text, 100)),
                                       'It lists what changes: {"rules": [{"rule_no": 20, "points": 90}]}.');
        END IF;
        SELECT k INTO v_missing FROM unnest(key) WITH ORDINALITY AS u (k, n)
         WHERE coalesce(jsonb_typeof(change -> k), 'null') = 'null' ORDER BY u.n LIMIT 1;
        IF FOUND THEN
            PERFORM brim.refuse_change(format('%s %s', what, left(change::text, 100)), format('no key "%s"', v_missing),
                                       format('Say which %s changes: %s.', what,
                                              (SELECT string_agg(format('"%s"', k), ', ') FROM unnest(key) AS k)));
        END IF;
        place := format('%s %s', what, (SELECT string_agg(change ->> k, '/' ORDER BY u.n) FROM unnest(key) WITH ORDINALITY AS u (k, n)));
        IF v_seen ? place THEN
            PERFORM brim.refuse_change(place, 'given twice', 'Put all that changes into one entry.');
        END IF;
        v_seen := v_seen || to_jsonb(place);
        IF jsonb_typeof(change -> 'delete') NOT IN ('boolean', 'null') THEN
            PERFORM brim.refuse_change(place, format('key "delete": expected boolean, found %s', jsonb_typeof(change -> 'delete')),
                                       'An entry with "delete": true is deleted.');
        END IF;
        is_delete := coalesce((change ->> 'delete')::boolean, false);
        change := change - 'delete';
        IF is_delete AND change - key <> '{}' THEN
            PERFORM brim.refuse_change(place, 'is to be deleted and changed', 'An entry with "delete" has no other keys.');
        END IF;
        RETURN NEXT;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION brim.change_list(jsonb, text, text, text[]) IS
    'Checks a list of changes and returns it with the place of each entry in words';
REVOKE EXECUTE ON FUNCTION brim.change_list(jsonb, text, text, text[]) FROM PUBLIC;

-- What a change makes of the rows of a version; nothing is written.
CREATE FUNCTION brim.changed_rules(name text, version integer, changes jsonb) RETURNS SETOF brim.scoring_rule
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_item record;
    v_fault record;
    v_old brim.scoring_rule;
    v_new brim.scoring_rule;
    v_missing text;
    v_named integer[] := '{}';
BEGIN
    FOR v_item IN SELECT c.* FROM brim.change_list(changed_rules.changes, 'rules', 'rule', 'rule_no') AS c LOOP
        SELECT p.* INTO v_fault FROM brim.settings_problem('brim.scoring_rule', v_item.change, '{model,version,is_shipped}') AS p;
        IF v_fault.problem IS NOT NULL THEN
            PERFORM brim.refuse_change(v_item.place, v_fault.problem, v_fault.hint);
        END IF;
        SELECT r.* INTO v_old FROM brim.scoring_rule AS r
         WHERE r.model = changed_rules.name AND r.version = changed_rules.version
           AND r.rule_no::numeric = (v_item.change -> 'rule_no')::numeric;
        v_named := v_named || v_old.rule_no;
        IF v_item.is_delete THEN
            IF v_old.model IS NULL THEN
                PERFORM brim.refuse_change(v_item.place, 'does not exist and cannot be deleted',
                                           'brim.scoring_rule has the rules of each version.', '42704');
            END IF;
            CONTINUE;
        END IF;
        BEGIN
            IF v_old.model IS NOT NULL THEN
                v_new := jsonb_populate_record(v_old, v_item.change);
            ELSE
                v_new := jsonb_populate_record(NULL::brim.scoring_rule,
                             jsonb_build_object('model', changed_rules.name, 'version', changed_rules.version, 'is_shipped', false,
                                                'weight', 1, 'stem', false)
                             || CASE WHEN v_item.change ->> 'dimension' = 'disqualifier' THEN '{"points": 0}' ELSE '{}' END::jsonb
                             || v_item.change);
            END IF;
        EXCEPTION WHEN numeric_value_out_of_range OR invalid_text_representation THEN
            PERFORM brim.refuse_row(v_item.place, SQLERRM, SQLSTATE, 'brim.scoring_rule', NULL);
        END;
        SELECT a.attname INTO v_missing FROM pg_attribute AS a
         WHERE a.attrelid = 'brim.scoring_rule'::regclass AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
           AND to_jsonb(v_new) ->> a.attname IS NULL
         ORDER BY a.attnum LIMIT 1;
        IF FOUND THEN
            PERFORM brim.refuse_change(v_item.place, format('is new and has no key "%s"', v_missing),
                                       'A new rule needs dimension, signal, attribute, kind and points.');
        END IF;
        RETURN NEXT v_new;
    END LOOP;

    RETURN QUERY
    SELECT r.* FROM brim.scoring_rule AS r
     WHERE r.model = changed_rules.name AND r.version = changed_rules.version
       AND NOT coalesce(r.rule_no = ANY (v_named), false);
END;
$$;
COMMENT ON FUNCTION brim.changed_rules(text, integer, jsonb) IS
    'The rules of a version of a scoring model as a change leaves them, those that it names first';
REVOKE EXECUTE ON FUNCTION brim.changed_rules(text, integer, jsonb) FROM PUBLIC;

CREATE FUNCTION brim.changed_signals(name text, version integer, changes jsonb, rules brim.scoring_rule[]) RETURNS SETOF brim.scoring_signal
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_item record;
    v_fault record;
    v_old brim.scoring_signal;
    v_named jsonb := '{}';
BEGIN
    FOR v_item IN SELECT c.* FROM brim.change_list(changed_signals.changes, 'signals', 'signal', 'dimension', 'signal') AS c LOOP
        SELECT p.* INTO v_fault FROM brim.settings_problem('brim.scoring_signal', v_item.change, '{model,version,is_shipped}') AS p;
        IF v_fault.problem IS NOT NULL THEN
            PERFORM brim.refuse_change(v_item.place, v_fault.problem, v_fault.hint);
        ELSIF NOT v_item.is_delete
              AND NOT EXISTS (SELECT FROM unnest(rules) AS r
                               WHERE r.dimension = v_item.change ->> 'dimension' AND r.signal = v_item.change ->> 'signal') THEN
            PERFORM brim.refuse_change(v_item.place, 'has no rule',
                                       'A signal is made by its rules; here its settings are changed.', '42704');
        END IF;
        SELECT s.* INTO v_old FROM brim.scoring_signal AS s
         WHERE s.model = changed_signals.name AND s.version = changed_signals.version
           AND s.dimension = v_item.change ->> 'dimension' AND s.signal = v_item.change ->> 'signal';
        IF v_item.is_delete AND NOT FOUND THEN
            PERFORM brim.refuse_change(v_item.place, 'has no settings that could be deleted',
                                       'brim.scoring_signal has the settings of each version.', '42704');
        END IF;
        v_named := v_named || jsonb_build_object(v_item.place, true);
        CONTINUE WHEN v_item.is_delete;
        IF v_old.model IS NULL THEN
            v_old := jsonb_populate_record(NULL::brim.scoring_signal,
                         jsonb_build_object('model', changed_signals.name, 'version', changed_signals.version, 'is_shipped', false,
                                            'combine', 'average', 'min_points', -100, 'max_points', 100));
        END IF;
        BEGIN
            v_old := jsonb_populate_record(v_old, v_item.change);
        EXCEPTION WHEN numeric_value_out_of_range OR invalid_text_representation THEN
            PERFORM brim.refuse_row(v_item.place, SQLERRM, SQLSTATE, 'brim.scoring_signal', NULL);
        END;
        RETURN NEXT v_old;
    END LOOP;

    -- Settings go with the last rule of their signal.
    RETURN QUERY
    SELECT s.* FROM brim.scoring_signal AS s
     WHERE s.model = changed_signals.name AND s.version = changed_signals.version
       AND NOT v_named ? format('signal %s/%s', s.dimension, s.signal)
       AND EXISTS (SELECT FROM unnest(rules) AS r WHERE r.dimension = s.dimension AND r.signal = s.signal);
END;
$$;
COMMENT ON FUNCTION brim.changed_signals(text, integer, jsonb, brim.scoring_rule[]) IS
    'The settings of signals of a version of a scoring model as a change leaves them, where its rules are to be these';
REVOKE EXECUTE ON FUNCTION brim.changed_signals(text, integer, jsonb, brim.scoring_rule[]) FROM PUBLIC;

CREATE FUNCTION brim.edit_model_row(name text, version integer, settings jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_settings jsonb := settings;
    v_fault record;
    v_constraint text;
BEGIN
    SELECT p.* INTO v_fault FROM brim.settings_problem('brim.scoring_model', v_settings, '{name,version,kind,is_shipped,created_at}',
                                                       '{fit_weight,intent_weight,missing_policy,language}') AS p;
    IF v_fault.problem IS NOT NULL THEN
        PERFORM brim.refuse_change(NULL, v_fault.problem, rtrim(v_fault.hint, '.') || '; rules and signals are lists.');
    END IF;
    -- The weights add up to 1, so one of them says it all.
    IF v_settings ? 'fit_weight' AND NOT v_settings ? 'intent_weight' THEN
        v_settings := v_settings || jsonb_build_object('intent_weight', 1 - (v_settings -> 'fit_weight')::numeric);
    ELSIF v_settings ? 'intent_weight' AND NOT v_settings ? 'fit_weight' THEN
        v_settings := v_settings || jsonb_build_object('fit_weight', 1 - (v_settings -> 'intent_weight')::numeric);
    END IF;

    UPDATE brim.scoring_model AS m
       SET fit_weight = n.fit_weight, intent_weight = n.intent_weight, high_above = n.high_above, medium_above = n.medium_above,
           qualified_above = n.qualified_above, missing_policy = n.missing_policy, language = n.language, description = n.description
      FROM brim.scoring_model AS o
     CROSS JOIN LATERAL jsonb_populate_record(o, v_settings) AS n
     WHERE o.name = edit_model_row.name AND o.version = edit_model_row.version AND m.name = o.name AND m.version = o.version;
EXCEPTION WHEN check_violation OR numeric_value_out_of_range THEN
    GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
    PERFORM brim.refuse_row(NULL, SQLERRM, SQLSTATE, 'brim.scoring_model', v_constraint);
END;
$$;
COMMENT ON FUNCTION brim.edit_model_row(text, integer, jsonb) IS
    'Changes weights, thresholds and description of a version of a scoring model';
REVOKE EXECUTE ON FUNCTION brim.edit_model_row(text, integer, jsonb) FROM PUBLIC;

-- Of a version without rules: nothing is checked then but each row by itself.
CREATE FUNCTION brim.write_signals(signals brim.scoring_signal[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_signal brim.scoring_signal;
    v_constraint text;
BEGIN
    FOREACH v_signal IN ARRAY signals LOOP
        INSERT INTO brim.scoring_signal SELECT v_signal.*;
    END LOOP;
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
    PERFORM brim.refuse_row(format('signal %s/%s', v_signal.dimension, v_signal.signal), SQLERRM, SQLSTATE,
                            'brim.scoring_signal', v_constraint);
END;
$$;
COMMENT ON FUNCTION brim.write_signals(brim.scoring_signal[]) IS
    'Writes the settings of signals of a version of a scoring model that has no rules yet';
REVOKE EXECUTE ON FUNCTION brim.write_signals(brim.scoring_signal[]) FROM PUBLIC;

-- In one statement, so that the rules are checked together and not one after the other.
CREATE FUNCTION brim.write_rules(rules brim.scoring_rule[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_rule brim.scoring_rule;
    v_message text;
    v_constraint text;
    v_hint text;
    v_context text;
BEGIN
    INSERT INTO brim.scoring_rule SELECT r.* FROM unnest(rules) AS r;
EXCEPTION WHEN invalid_regular_expression OR undefined_object THEN
    -- What the server says of a pattern or language; the context has the rule.
    GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, v_hint = PG_EXCEPTION_HINT, v_context = PG_EXCEPTION_CONTEXT;
    PERFORM brim.refuse_change(substring(v_context FROM '(rule \d+) of a scoring model'), v_message,
                               coalesce(nullif(v_hint, ''), 'What the keys may be is in docs/scoring.md.'), SQLSTATE);
WHEN check_violation THEN
    GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, v_constraint = CONSTRAINT_NAME;
    IF v_constraint = '' THEN
        PERFORM brim.refuse_row(NULL, v_message, SQLSTATE, NULL, NULL);
    END IF;
    -- A rule that is wrong by itself. The statement does not say which: try them alone.
    FOREACH v_rule IN ARRAY rules LOOP
        BEGIN
            INSERT INTO brim.scoring_rule SELECT v_rule.*;
            DELETE FROM brim.scoring_rule AS r
             WHERE r.model = v_rule.model AND r.version = v_rule.version AND r.rule_no = v_rule.rule_no;
        EXCEPTION WHEN check_violation THEN
            GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, v_constraint = CONSTRAINT_NAME;
            IF v_constraint <> '' THEN
                PERFORM brim.refuse_row('rule ' || v_rule.rule_no, v_message, SQLSTATE, 'brim.scoring_rule', v_constraint);
            END IF;
        END;
    END LOOP;
    RAISE;
END;
$$;
COMMENT ON FUNCTION brim.write_rules(brim.scoring_rule[]) IS 'Writes all rules of a version of a scoring model that has none yet';
REVOKE EXECUTE ON FUNCTION brim.write_rules(brim.scoring_rule[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_edit_model(name text, changes jsonb, version integer DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_from brim.scoring_model := brim.version_to_copy(brim_edit_model.name, brim_edit_model.version);
    v_version integer := v_from.version;
    v_rules brim.scoring_rule[];
    v_signals brim.scoring_signal[];
BEGIN
    IF changes IS NULL OR jsonb_typeof(changes) <> 'object' THEN
        PERFORM brim.refuse_change(NULL, format('expected a JSON object, found %s', coalesce(jsonb_typeof(changes), 'NULL')),
                                   'For example {"fit_weight": 0.5, "rules": [{"rule_no": 20, "points": 90}]}.');
    ELSIF brim_edit_model.version IS NULL THEN
        v_version := brim.copy_version(v_from.name, v_from.version, v_from.name);
    ELSIF v_from.is_shipped THEN
        RAISE EXCEPTION 'version % of scoring model "%" came with brim and cannot be changed', v_version, v_from.name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Leave the version out, and a copy of the published version is changed.';
    ELSIF EXISTS (SELECT FROM brim.model_publication AS p WHERE p.name = v_from.name AND p.version = v_version) THEN
        RAISE EXCEPTION 'version % of scoring model "%" has been published and is not changed any more', v_version, v_from.name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Leave the version out, and a copy of the published version is changed.';
    END IF;

    -- Two changes of one version come one after the other.
    PERFORM FROM brim.scoring_model AS m WHERE m.name = v_from.name AND m.version = v_version FOR NO KEY UPDATE;
    v_rules := ARRAY(SELECT r FROM brim.changed_rules(v_from.name, v_version, changes) AS r);
    v_signals := ARRAY(SELECT s FROM brim.changed_signals(v_from.name, v_version, changes, v_rules) AS s);
    IF cardinality(v_rules) = 0 THEN
        PERFORM brim.refuse_change(NULL, 'no rule would be left', 'A scoring model has at least one rule.', '23514');
    END IF;
    -- A version without rules takes what will be right only with its new ones.
    DELETE FROM brim.scoring_rule AS r WHERE r.model = v_from.name AND r.version = v_version;
    DELETE FROM brim.scoring_signal AS s WHERE s.model = v_from.name AND s.version = v_version;
    PERFORM brim.edit_model_row(v_from.name, v_version, changes - '{rules,signals}'::text[]);
    PERFORM brim.write_signals(v_signals);
    PERFORM brim.write_rules(v_rules);
    PERFORM brim.check_model(v_from.name, v_version);
    INSERT INTO brim.event (event_type, data)
    VALUES ('model_edited', jsonb_build_object('model', v_from.name, 'version', v_version, 'from_version', v_from.version,
                                               'changes', changes, 'by', session_user));
    RETURN v_version;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_edit_model(text, jsonb, integer) IS
    'Changes settings, rules and signals of a scoring model: of a copy of the published version, or of a version that '
    'was never published. Returns the version, which takes effect when it is published';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_edit_model(text, jsonb, integer) FROM PUBLIC;
