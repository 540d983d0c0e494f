/*
 * What a dump is restored into.
 *
 * CREATE EXTENSION makes the tables with all their triggers and foreign keys, and
 * pg_dump brings the rows, several tables at a time with pg_restore -j.  Rows of a
 * dump are the past, complete in themselves: they are stored as they come.  So the
 * statement that loads a table runs as a replica: neither a trigger nor a foreign
 * key fires, since a parallel restore keeps to no order between tables.
 *
 * Triggers that fire even so: begin_restore itself is over by then; a restored row
 * replaces the shipped one of its key; sessions drop the scoring models they have
 * compiled.
 */
CREATE FUNCTION brim.begin_restore() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Until the transaction ends: pg_restore and psql load each table in one of its own.
    -- What was set for a database or role is not said by a script.
    IF brim.is_restoring()
       AND NOT EXISTS (SELECT FROM pg_settings AS s
                        WHERE s.name IN ('check_function_bodies', 'row_security') AND s.source <> 'session')
       AND (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        PERFORM set_config('session_replication_role', 'replica', true);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.begin_restore() IS 'Trigger: a script of pg_dump loads the table without triggers and foreign keys';
REVOKE EXECUTE ON FUNCTION brim.begin_restore() FROM PUBLIC;

CREATE FUNCTION brim.replace_shipped() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT brim.is_restoring() THEN
        RETURN NEW;
    END IF;
    CASE TG_TABLE_NAME
        WHEN 'campaign' THEN DELETE FROM brim.campaign AS x WHERE x.name = NEW.name AND x.is_shipped;
        WHEN 'variant' THEN DELETE FROM brim.variant AS x WHERE x.campaign = NEW.campaign AND x.name = NEW.name AND x.is_shipped;
        WHEN 'intent_class' THEN DELETE FROM brim.intent_class AS x WHERE x.class = NEW.class AND x.is_shipped;
        WHEN 'intent_term' THEN DELETE FROM brim.intent_term AS x WHERE x.class = NEW.class AND x.term_no = NEW.term_no AND x.is_shipped;
        WHEN 'intent_cue' THEN DELETE FROM brim.intent_cue AS x WHERE x.kind = NEW.kind AND x.phrase = NEW.phrase AND x.is_shipped;
    END CASE;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION brim.replace_shipped() IS 'Trigger: a restored row takes the place of the shipped one';
REVOKE EXECUTE ON FUNCTION brim.replace_shipped() FROM PUBLIC;

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.campaign
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.variant
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.template
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.lead
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.generation
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email_queue
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email_parked
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email_owner
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.send_ledger
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email_attempt
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.suppression
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.event
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.outcome
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.scoring_model
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.scoring_signal
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.scoring_rule
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.published_model
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.model_publication
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.intent_class
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.intent_term
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.intent_cue
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.model_price
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.classification
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.classification_event
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.lead_text
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();
CREATE TRIGGER begin_restore BEFORE INSERT ON brim.pending_lead
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.campaign
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();
ALTER TABLE brim.campaign ENABLE ALWAYS TRIGGER replace_shipped;
CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.variant
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();
ALTER TABLE brim.variant ENABLE ALWAYS TRIGGER replace_shipped;
CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.intent_class
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();
ALTER TABLE brim.intent_class ENABLE ALWAYS TRIGGER replace_shipped;
CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.intent_term
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();
ALTER TABLE brim.intent_term ENABLE ALWAYS TRIGGER replace_shipped;
CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.intent_cue
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();
ALTER TABLE brim.intent_cue ENABLE ALWAYS TRIGGER replace_shipped;

ALTER TABLE brim.scoring_model ENABLE ALWAYS TRIGGER scoring_changed;
ALTER TABLE brim.scoring_signal ENABLE ALWAYS TRIGGER scoring_changed;
ALTER TABLE brim.scoring_rule ENABLE ALWAYS TRIGGER scoring_changed;
ALTER TABLE brim.published_model ENABLE ALWAYS TRIGGER scoring_changed;
ALTER TABLE brim.intent_class ENABLE ALWAYS TRIGGER scoring_changed;
ALTER TABLE brim.intent_term ENABLE ALWAYS TRIGGER scoring_changed;
ALTER TABLE brim.intent_cue ENABLE ALWAYS TRIGGER scoring_changed;
