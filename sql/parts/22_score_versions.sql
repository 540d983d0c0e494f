/*
 * Versions of scoring models: copy, change, publish, go back.
 *
 * Each operation is one call, checks first, and journals what was done and by
 * whom.  A version that is or was published is not changed by them any more,
 * so that scores stored with it can be explained.
 */

CREATE FUNCTION brim.lead_scores(lead record, model text DEFAULT NULL, OUT fit_score integer, OUT intent_score integer,
                                 OUT total_score integer, OUT confidence numeric, OUT action text, OUT model text,
                                 OUT model_version integer)
    STABLE PARALLEL SAFE COST 20 LANGUAGE c AS 'MODULE_PATHNAME', 'brim_lead_scores';
COMMENT ON FUNCTION brim.lead_scores(record, text) IS 'All that is stored of a score: of a lead by a model (NULL: the default)';

CREATE FUNCTION brim.find_model(model text, OUT name text, OUT version integer, OUT qualified_above integer)
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT s.model, s.model_version, m.qualified_above
      FROM brim.lead_scores(jsonb_populate_record(NULL::brim.lead, '{}'), find_model.model) AS s
      JOIN brim.scoring_model AS m ON m.name = s.model AND m.version = s.model_version;
END;
COMMENT ON FUNCTION brim.find_model(text) IS
    'Which version a name of a model stands for (NULL: the default); an error where it is none that can score';
REVOKE EXECUTE ON FUNCTION brim.find_model(text) FROM PUBLIC;

-- What was published when ----------------------------------------------------

CREATE TABLE brim.model_publication (
    publication_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    version integer,
    is_default boolean NOT NULL,
    is_rollback boolean NOT NULL DEFAULT false,
    published_at timestamptz NOT NULL DEFAULT now(),
    published_by text NOT NULL,
    follows bigint
);
COMMENT ON TABLE brim.model_publication IS
    'One row a publication of a version of a scoring model. Key: publication_id. Kept by a trigger of '
    'brim.published_model; rows stay when the version is deleted';
COMMENT ON COLUMN brim.model_publication.publication_id IS 'Grows with each publication';
COMMENT ON COLUMN brim.model_publication.name IS 'Name of the model';
COMMENT ON COLUMN brim.model_publication.version IS 'Version that scored from then on; NULL: the model was withdrawn';
COMMENT ON COLUMN brim.model_publication.is_default IS 'The model was the default then: it scored where none is named';
COMMENT ON COLUMN brim.model_publication.is_rollback IS 'Published by brim_rollback_model()';
COMMENT ON COLUMN brim.model_publication.published_at IS 'When it was published';
COMMENT ON COLUMN brim.model_publication.published_by IS 'Who published it; brim: the version came with the extension';
COMMENT ON COLUMN brim.model_publication.follows IS 'Publication that brim_rollback_model() goes back to';
CREATE INDEX model_publication_name ON brim.model_publication (name, publication_id);
SELECT pg_catalog.pg_extension_config_dump('brim.model_publication', '');
SELECT pg_catalog.pg_extension_config_dump('brim.model_publication_publication_id_seq', '');

CREATE FUNCTION brim.published_model_journal() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_name text := CASE TG_OP WHEN 'DELETE' THEN OLD.name ELSE NEW.name END;
    v_shipped brim.scoring_model;
    v_last brim.model_publication;
    v_version integer;
    v_default boolean := CASE TG_OP WHEN 'DELETE' THEN false ELSE NEW.is_default END
                         OR v_name = 'balanced' AND NOT EXISTS (SELECT FROM brim.published_model AS p WHERE p.is_default);
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    END IF;

    SELECT m.* INTO v_shipped FROM brim.scoring_model AS m
     WHERE m.name = v_name AND m.is_shipped ORDER BY m.version DESC LIMIT 1;
    SELECT p.* INTO v_last FROM brim.model_publication AS p
     WHERE p.name = v_name ORDER BY p.publication_id DESC LIMIT 1;
    -- Without a row a shipped model was published, as it came.
    IF v_last.publication_id IS NULL AND v_shipped.version IS NOT NULL THEN
        INSERT INTO brim.model_publication (name, version, is_default, published_at, published_by)
        VALUES (v_name, v_shipped.version,
                v_name = 'balanced' AND NOT EXISTS (SELECT FROM brim.published_model AS p WHERE p.is_default AND p.name <> v_name),
                v_shipped.created_at, 'brim')
        RETURNING * INTO v_last;
    END IF;

    v_version := CASE TG_OP WHEN 'DELETE' THEN v_shipped.version ELSE NEW.version END;
    INSERT INTO brim.model_publication (name, version, is_default, published_by, follows)
    VALUES (v_name, v_version, v_default, session_user,
            CASE WHEN v_last.version IS NOT DISTINCT FROM v_version THEN v_last.follows ELSE v_last.publication_id END);
    INSERT INTO brim.event (event_type, data)
    VALUES (CASE WHEN v_version IS NULL THEN 'model_withdrawn' ELSE 'model_published' END,
            jsonb_build_object('model', v_name, 'version', v_version, 'from_version', v_last.version,
                               'is_default', v_default, 'by', session_user));
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.published_model_journal() IS 'Trigger: keeps the history of published models';
REVOKE EXECUTE ON FUNCTION brim.published_model_journal() FROM PUBLIC;

CREATE TRIGGER published_model_journal AFTER INSERT OR UPDATE OR DELETE ON brim.published_model
    FOR EACH ROW EXECUTE FUNCTION brim.published_model_journal();

CREATE VIEW brim.model_history AS
SELECT p.publication_id, p.name, p.version, p.is_default, p.is_rollback, p.published_at, p.published_by,
       lead(p.published_at) OVER w AS replaced_at,
       m.description
  FROM brim.model_publication AS p
  LEFT JOIN brim.scoring_model AS m ON m.name = p.name AND m.version = p.version
WINDOW w AS (PARTITION BY p.name ORDER BY p.publication_id);
COMMENT ON VIEW brim.model_history IS 'One row a publication of a version of a scoring model. Key: publication_id.
A shipped model appears when something else is published in its place';
COMMENT ON COLUMN brim.model_history.publication_id IS 'Number of the publication; they rise';
COMMENT ON COLUMN brim.model_history.name IS 'Name of the model';
COMMENT ON COLUMN brim.model_history.version IS 'Version that scored from then on; NULL: the model was withdrawn';
COMMENT ON COLUMN brim.model_history.is_default IS 'The model was the default when it was published: it scored where none is named';
COMMENT ON COLUMN brim.model_history.is_rollback IS 'Published by brim_rollback_model()';
COMMENT ON COLUMN brim.model_history.published_at IS 'When it was published';
COMMENT ON COLUMN brim.model_history.published_by IS 'Who published it; brim: the version came with the extension';
COMMENT ON COLUMN brim.model_history.replaced_at IS 'When something else was published in its place; NULL: it is published now';
COMMENT ON COLUMN brim.model_history.description IS 'What the version is for; NULL where it was deleted';

-- What stored scores refer to stays, under its name and number.
CREATE FUNCTION brim.guard_scored_model() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.name, NEW.version) IS NOT DISTINCT FROM (OLD.name, OLD.version) THEN
        RETURN NEW;
    ELSIF EXISTS (SELECT FROM brim.lead AS l WHERE l.model = OLD.name AND l.model_version = OLD.version) THEN
        RAISE EXCEPTION 'version % of scoring model "%" cannot be %: stored leads have their scores from it',
                        OLD.version, OLD.name, CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'renamed' END
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Give them another model or version first, with brim_rescore().';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END;
$$;
COMMENT ON FUNCTION brim.guard_scored_model() IS 'Trigger: a version that stored scores are from is neither deleted nor renamed';
REVOKE EXECUTE ON FUNCTION brim.guard_scored_model() FROM PUBLIC;

CREATE TRIGGER guard_scored BEFORE DELETE OR UPDATE OF name, version ON brim.scoring_model
    FOR EACH ROW EXECUTE FUNCTION brim.guard_scored_model();

-- Copying ----------------------------------------------------------------------

CREATE FUNCTION brim.copy_version(name text, version integer, new_name text) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_new jsonb;
    v_version integer;
BEGIN
    -- Two copies at the same time get numbers of their own.
    LOCK TABLE brim.scoring_model IN SHARE ROW EXCLUSIVE MODE;
    SELECT coalesce(max(m.version), 0) + 1 INTO v_version FROM brim.scoring_model AS m WHERE m.name = copy_version.new_name;
    v_new := jsonb_build_object('name', copy_version.new_name, 'model', copy_version.new_name, 'version', v_version,
                                'is_shipped', false, 'created_at', now());

    INSERT INTO brim.scoring_model
    SELECT c.* FROM brim.scoring_model AS m CROSS JOIN LATERAL jsonb_populate_record(m, v_new) AS c
     WHERE m.name = copy_version.name AND m.version = copy_version.version;
    INSERT INTO brim.scoring_signal
    SELECT c.* FROM brim.scoring_signal AS s CROSS JOIN LATERAL jsonb_populate_record(s, v_new) AS c
     WHERE s.model = copy_version.name AND s.version = copy_version.version;
    INSERT INTO brim.scoring_rule
    SELECT c.* FROM brim.scoring_rule AS r CROSS JOIN LATERAL jsonb_populate_record(r, v_new) AS c
     WHERE r.model = copy_version.name AND r.version = copy_version.version;
    RETURN v_version;
END;
$$;
COMMENT ON FUNCTION brim.copy_version(text, integer, text) IS
    'Copies a version of a model with its rules and signals to the next version of a name, and returns that';
REVOKE EXECUTE ON FUNCTION brim.copy_version(text, integer, text) FROM PUBLIC;

CREATE FUNCTION brim.version_to_copy(name text, version integer) RETURNS brim.scoring_model
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_model brim.scoring_model;
BEGIN
    IF version_to_copy.name IS NULL THEN
        RAISE EXCEPTION 'name of the scoring model must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT m.* INTO v_model
      FROM brim.scoring_model AS m
     WHERE m.name = version_to_copy.name
       AND m.version = coalesce(version_to_copy.version,
                                (SELECT f.version FROM brim.find_model(version_to_copy.name) AS f));
    IF v_model.name IS NULL THEN
        RAISE EXCEPTION 'version % of scoring model "%" does not exist', version_to_copy.version, version_to_copy.name
            USING ERRCODE = 'undefined_object', HINT = 'The view brim.model_spec lists the models and their versions.';
    END IF;
    RETURN v_model;
END;
$$;
COMMENT ON FUNCTION brim.version_to_copy(text, integer) IS
    'A version of a model, the published one where none is named; an error where it does not exist';
REVOKE EXECUTE ON FUNCTION brim.version_to_copy(text, integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_copy_model(name text, version integer DEFAULT NULL, new_name text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_from brim.scoring_model := brim.version_to_copy(name, version);
    v_name text := coalesce(new_name, v_from.name);
    v_version integer;
BEGIN
    IF v_name !~ '^[[:alnum:]][[:alnum:]_.-]{0,62}$' OR octet_length(v_name) > 63 THEN
        RAISE EXCEPTION 'invalid name of a scoring model: %', quote_literal(left(v_name, 100))
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A name begins with a letter or digit and goes on with these, "_", "." and "-", 63 bytes at most.';
    END IF;
    v_version := brim.copy_version(v_from.name, v_from.version, v_name);
    INSERT INTO brim.event (event_type, data)
    VALUES ('model_copied', jsonb_build_object('model', v_name, 'version', v_version, 'from_model', v_from.name,
                                               'from_version', v_from.version, 'by', session_user));
    RETURN v_version;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_copy_model(text, integer, text) IS
    'Copies a version of a scoring model, the published one where none is named, to the next version of the same or a '
    'new name; returns the version. It takes effect when it is published';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_copy_model(text, integer, text) FROM PUBLIC;

-- Going back --------------------------------------------------------------------

CREATE FUNCTION @extschema@.brim_rollback_model(name text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now brim.model_publication;
    v_target brim.model_publication;
BEGIN
    IF brim_rollback_model.name IS NULL THEN
        RAISE EXCEPTION 'name of the scoring model must not be null' USING ERRCODE = 'null_value_not_allowed';
    ELSIF NOT EXISTS (SELECT FROM brim.scoring_model AS m WHERE m.name = brim_rollback_model.name) THEN
        RAISE EXCEPTION 'scoring model "%" does not exist', brim_rollback_model.name
            USING ERRCODE = 'undefined_object', HINT = 'The view brim.model_spec lists the models.';
    END IF;

    LOCK TABLE brim.published_model IN SHARE ROW EXCLUSIVE MODE;
    SELECT p.* INTO v_now FROM brim.model_publication AS p
     WHERE p.name = brim_rollback_model.name ORDER BY p.publication_id DESC LIMIT 1;
    v_target := v_now;
    LOOP
        SELECT p.* INTO v_target FROM brim.model_publication AS p WHERE p.publication_id = v_target.follows;
        IF v_target.publication_id IS NULL THEN
            RAISE EXCEPTION 'scoring model "%" has no earlier version to go back to', brim_rollback_model.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'The view brim.model_history shows what was published; '
                             'any version can be published with brim_publish_model().';
        END IF;
        -- Past what was deleted since, and past times without any.
        EXIT WHEN v_target.version IS DISTINCT FROM v_now.version
                  AND EXISTS (SELECT FROM brim.scoring_model AS m
                               WHERE m.name = v_target.name AND m.version = v_target.version);
    END LOOP;

    PERFORM brim.check_model(v_target.name, v_target.version);
    INSERT INTO brim.published_model AS p (name, version) VALUES (v_target.name, v_target.version)
        ON CONFLICT (name) DO UPDATE SET version = excluded.version, published_at = now();
    UPDATE brim.model_publication AS p
       SET follows = v_target.follows, is_rollback = true
     WHERE p.publication_id = (SELECT max(x.publication_id) FROM brim.model_publication AS x WHERE x.name = v_target.name);
    INSERT INTO brim.event (event_type, data)
    VALUES ('model_rolled_back', jsonb_build_object('model', v_target.name, 'version', v_target.version,
                                                    'from_version', v_now.version, 'by', session_user));
    RETURN v_target.version;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_rollback_model(text) IS
    'Publishes the version of a scoring model that was published before the present one; again: the one before that. '
    'Returns the version';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_rollback_model(text) FROM PUBLIC;
