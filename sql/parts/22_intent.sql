-- Events in news and job posts: how the lexicon is kept, the functions that find them.

/*
 * What CREATE EXTENSION brings can be changed and switched off, and is dumped
 * then; when it is restored it takes the place of the row that is there.  It
 * cannot be deleted or get another key: a restored database would have it
 * again.  An upgrade script disables these triggers for its own changes.
 */
CREATE FUNCTION brim.lexicon_guard() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_old jsonb := to_jsonb(OLD);
    v_key text;
BEGIN
    IF OLD.is_standard AND (TG_OP = 'DELETE' OR EXISTS (SELECT FROM unnest(TG_ARGV) AS k (name)
                                                         WHERE v_old -> k.name <> to_jsonb(NEW) -> k.name)) THEN
        SELECT string_agg(format('%I = %L', k.name, v_old ->> k.name), ' AND ' ORDER BY k.n) INTO v_key
          FROM unnest(TG_ARGV) WITH ORDINALITY AS k (name, n);
        RAISE EXCEPTION 'row of brim.% with % came with brim and cannot be %', TG_TABLE_NAME, v_key,
                        CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'given another key' END
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Switch it off: UPDATE brim.%I SET is_active = false WHERE %s.', TG_TABLE_NAME, v_key);
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.is_standard := TG_OP = 'UPDATE' AND OLD.is_standard;
    NEW.is_shipped := false;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION brim.lexicon_guard() IS
    'Trigger: rows of the lexicon that came with brim stay; the shipped mark is taken off changed ones. Its arguments '
    'are the key';
REVOKE EXECUTE ON FUNCTION brim.lexicon_guard() FROM PUBLIC;

CREATE FUNCTION brim.intent_term_before_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM brim.check_intent_term(NEW.class, NEW.term_no, NEW.words, NEW.near, NEW.unless);
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION brim.intent_term_before_write() IS 'Trigger: refuses phrases that cannot be searched';
REVOKE EXECUTE ON FUNCTION brim.intent_term_before_write() FROM PUBLIC;

CREATE FUNCTION brim.intent_cue_before_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM brim.check_intent_cue(NEW.kind, NEW.phrase);
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION brim.intent_cue_before_write() IS 'Trigger: refuses phrases that cannot be searched';
REVOKE EXECUTE ON FUNCTION brim.intent_cue_before_write() FROM PUBLIC;

CREATE FUNCTION brim.check_intent_term(class text, term_no integer, words text[], near text[], unless text[]) RETURNS void
    STABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_check_intent_term';
COMMENT ON FUNCTION brim.check_intent_term(text, integer, text[], text[], text[]) IS
    'Raises what is wrong with the phrases of a term, if something is';
REVOKE EXECUTE ON FUNCTION brim.check_intent_term(text, integer, text[], text[], text[]) FROM PUBLIC;

CREATE FUNCTION brim.check_intent_cue(kind text, phrase text) RETURNS void
    STABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_check_intent_cue';
COMMENT ON FUNCTION brim.check_intent_cue(text, text) IS 'Raises what is wrong with a cue, if something is';
REVOKE EXECUTE ON FUNCTION brim.check_intent_cue(text, text) FROM PUBLIC;

CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON brim.intent_class
    FOR EACH ROW EXECUTE FUNCTION brim.lexicon_guard('class');
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON brim.intent_term
    FOR EACH ROW EXECUTE FUNCTION brim.lexicon_guard('class', 'term_no');
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON brim.intent_cue
    FOR EACH ROW EXECUTE FUNCTION brim.lexicon_guard('kind', 'phrase');
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON brim.intent_class
    FOR EACH STATEMENT EXECUTE FUNCTION brim.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON brim.intent_term
    FOR EACH STATEMENT EXECUTE FUNCTION brim.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON brim.intent_cue
    FOR EACH STATEMENT EXECUTE FUNCTION brim.guard_truncate();
CREATE TRIGGER intent_term_before_write BEFORE INSERT OR UPDATE ON brim.intent_term
    FOR EACH ROW EXECUTE FUNCTION brim.intent_term_before_write();
CREATE TRIGGER intent_cue_before_write BEFORE INSERT OR UPDATE ON brim.intent_cue
    FOR EACH ROW EXECUTE FUNCTION brim.intent_cue_before_write();

-- A change of the lexicon is seen by the next statement of every session.
CREATE TRIGGER scoring_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON brim.intent_class
    FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_changed();
CREATE TRIGGER scoring_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON brim.intent_term
    FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_changed();
CREATE TRIGGER scoring_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON brim.intent_cue
    FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_changed();

CREATE FUNCTION @extschema@.brim_intent_signals(content text, company text DEFAULT NULL, source text DEFAULT NULL)
    RETURNS TABLE (class text, polarity integer, certainty text, subject text, evidence text, "position" integer,
                   amount numeric, currency text, round text, people integer, published_on date, weight numeric)
    STABLE PARALLEL SAFE ROWS 3 LANGUAGE c AS 'MODULE_PATHNAME', 'brim_intent_signals';
COMMENT ON FUNCTION @extschema@.brim_intent_signals(text, text, text) IS
    'The events of a company that a text reports: which, how sure, whose, where in the text, with amount, round and '
    'number of people. source is news or job_post; NULL: decided from the text';

CREATE FUNCTION @extschema@.brim_intent_signals(lead record)
    RETURNS TABLE (attribute text, entry integer, class text, polarity integer, certainty text, subject text, evidence text,
                   "position" integer, amount numeric, currency text, round text, people integer, published_on date,
                   weight numeric)
    STABLE PARALLEL SAFE ROWS 10 LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_lead jsonb := to_jsonb(lead);
BEGIN
    IF v_lead IS NULL THEN
        RETURN;
    END IF;
    IF NOT v_lead ?| ARRAY['news_mentions', 'recent_job_posts'] THEN
        RAISE EXCEPTION 'the row has neither a column news_mentions nor a column recent_job_posts'
            USING ERRCODE = 'undefined_column',
                  HINT = 'Pass a row with one of these columns, or a text.';
    END IF;
    RETURN QUERY
    SELECT a.attribute, e.entry::integer, s.class, s.polarity, s.certainty, s.subject, s.evidence, s."position",
           s.amount, s.currency, s.round, s.people, s.published_on, s.weight
      FROM (VALUES ('news_mentions', 'news'), ('recent_job_posts', 'job_post')) AS a (attribute, source)
     CROSS JOIN LATERAL jsonb_array_elements_text(
               CASE jsonb_typeof(v_lead -> a.attribute)
                   WHEN 'array' THEN v_lead -> a.attribute
                   WHEN 'string' THEN jsonb_build_array(v_lead -> a.attribute)
                   ELSE '[]'::jsonb
               END) WITH ORDINALITY AS e (content, entry)
     CROSS JOIN LATERAL @extschema@.brim_intent_signals(e.content, v_lead ->> 'company_name', a.source) AS s
     ORDER BY a.attribute, e.entry, s."position", s.class;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_intent_signals(record) IS
    'The events that the news and job posts of a lead report, each with its attribute and the number of its '
    'entry';
