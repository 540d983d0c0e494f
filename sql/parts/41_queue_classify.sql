/*
 * Texts about leads (news mentions, job posts) and the events that a language
 * model finds in them.  Nothing here happens while brim.classify is off.
 *
 * A text is asked about once, however many leads have it: its key is a hash.
 * Writers of leads only append to brim.pending_lead, so that they never wait for
 * each other because of a text they share.  The worker does the rest in steps:
 *
 *	texts	what a lead has to say is noted in brim.lead_text and, where it is new,
 *			in brim.classification, the queue
 *	events	the lead gets what is known of its texts into attributes -> gemini_events
 *
 * A lead's texts and its events never come in one transaction: a text that is
 * done in between would be missed by both.
 */

CREATE TABLE brim.classification (
    content_hash text COLLATE "C" PRIMARY KEY,
    classification_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    source text NOT NULL CHECK (source IN ('news', 'job_post')),
    content text NOT NULL,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed', 'held')),
    hold_reason text,
    node_id text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    goes_apart boolean NOT NULL DEFAULT false,
    claim_token bigint,
    claimed_by integer,
    model text,
    model_version text,
    prompt_tokens integer,
    output_tokens integer,
    thought_tokens integer,
    latency_ms integer,
    error text,
    to_hand_on boolean NOT NULL DEFAULT false,
    handed_to text COLLATE "C" NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE brim.classification IS
    'One row a text about leads that is classified by a language model, once for all leads that have it. Key: '
    'content_hash';
COMMENT ON COLUMN brim.classification.content_hash IS 'SHA-256 of source, a line feed and the whole text, in hex';
COMMENT ON COLUMN brim.classification.classification_id IS 'The order in which texts are asked about';
COMMENT ON COLUMN brim.classification.source IS 'news (news_mentions of a lead) or job_post (recent_job_posts)';
COMMENT ON COLUMN brim.classification.content IS 'The text, its first 4000 characters: what the model reads';
COMMENT ON COLUMN brim.classification.status IS 'queued, running, done, failed or held';
COMMENT ON COLUMN brim.classification.hold_reason IS 'Why it is held, as a word: poison, copied; NULL: not held';
COMMENT ON COLUMN brim.classification.node_id IS 'Installation that queued the text; another one does not ask about it';
COMMENT ON COLUMN brim.classification.attempts IS 'Requests in which the text was asked about';
COMMENT ON COLUMN brim.classification.crashes IS 'Times the worker died while it had this text';
COMMENT ON COLUMN brim.classification.next_attempt_at IS 'Not asked about before; later than created_at after a failed attempt';
COMMENT ON COLUMN brim.classification.goes_apart IS 'Asked about alone, since a request with others was refused or answered badly';
COMMENT ON COLUMN brim.classification.claim_token IS 'Random number of the worker process that asks about it; NULL: none does';
COMMENT ON COLUMN brim.classification.claimed_by IS 'Number of that worker, from 1; NULL: none asks';
COMMENT ON COLUMN brim.classification.model IS 'Model that was asked last; NULL: none was';
COMMENT ON COLUMN brim.classification.model_version IS 'Version of the model, as its reply named it; NULL: none was asked';
COMMENT ON COLUMN brim.classification.prompt_tokens IS 'Share of the text in the tokens of all its requests';
COMMENT ON COLUMN brim.classification.output_tokens IS 'Share of the text in the tokens of all replies about it; NULL: unknown';
COMMENT ON COLUMN brim.classification.thought_tokens IS 'Share of the text in the tokens billed for thinking; NULL: unknown';
COMMENT ON COLUMN brim.classification.latency_ms IS 'Milliseconds from the last request to its reply; NULL: no reply';
COMMENT ON COLUMN brim.classification.error IS 'Why the last attempt failed, in words; NULL: it did not';
COMMENT ON COLUMN brim.classification.to_hand_on IS 'Not all leads that have the text were noted yet to get its events';
COMMENT ON COLUMN brim.classification.handed_to IS 'The last lead that was';
COMMENT ON COLUMN brim.classification.created_at IS 'When a lead had the text first';
COMMENT ON COLUMN brim.classification.finished_at IS 'When it was done or failed; NULL: not yet';
CREATE INDEX classification_queued ON brim.classification (classification_id) WHERE status = 'queued';
CREATE INDEX classification_suspect ON brim.classification (classification_id) WHERE status = 'queued' AND crashes > 0;
CREATE INDEX classification_due ON brim.classification (next_attempt_at) WHERE status = 'queued' AND next_attempt_at > created_at;
CREATE INDEX classification_running ON brim.classification (claimed_by) WHERE status = 'running';
CREATE INDEX classification_to_hand_on ON brim.classification (classification_id) WHERE to_hand_on;

CREATE TABLE brim.classification_event (
    content_hash text COLLATE "C" NOT NULL REFERENCES brim.classification (content_hash) ON DELETE CASCADE,
    event_no integer NOT NULL,
    class text NOT NULL,
    polarity integer NOT NULL,
    certainty text NOT NULL CHECK (certainty IN ('stated', 'hedged')),
    evidence text,
    PRIMARY KEY (content_hash, event_no)
);
COMMENT ON TABLE brim.classification_event IS 'One row an event that was found in a text. Key: content_hash, event_no';
COMMENT ON COLUMN brim.classification_event.content_hash IS 'Text that it was found in';
COMMENT ON COLUMN brim.classification_event.event_no IS 'Number of the event in its text, from 1, in the order of the reply';
COMMENT ON COLUMN brim.classification_event.class IS 'Class of brim.intent_class as it was then';
COMMENT ON COLUMN brim.classification_event.polarity IS '1 good, -1 bad, 0 neither: that of the class when the text was classified';
COMMENT ON COLUMN brim.classification_event.certainty IS 'stated, or hedged: planned, considered, rumoured';
COMMENT ON COLUMN brim.classification_event.evidence IS
    'The words of the text that say so; NULL where the model gave words that are not in it';

CREATE TABLE brim.lead_text (
    content_hash text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (content_hash, company_id)
);
COMMENT ON TABLE brim.lead_text IS
    'One row a lead and text that it has; kept while brim.classify is on, and by brim_classify_leads(). Key: '
    'content_hash, company_id';
COMMENT ON COLUMN brim.lead_text.content_hash IS 'Text, a row of brim.classification';
COMMENT ON COLUMN brim.lead_text.company_id IS 'Lead that has it';
CREATE INDEX lead_text_company ON brim.lead_text (company_id);

CREATE TABLE brim.pending_lead (
    pending_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company_id text COLLATE "C" NOT NULL,
    what text NOT NULL CHECK (what IN ('texts', 'events')),
    due_at timestamptz NOT NULL DEFAULT now(),
    error text
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE brim.pending_lead IS
    'One row a lead whose texts have to be noted, or whose events have to be set; the worker takes it away. Key: '
    'pending_id';
COMMENT ON COLUMN brim.pending_lead.pending_id IS 'The order in which rows that are due are worked off';
COMMENT ON COLUMN brim.pending_lead.company_id IS 'Lead that it is about; may be gone by then';
COMMENT ON COLUMN brim.pending_lead.what IS 'texts: its texts are to be noted; events: it is to be given the events of its texts';
COMMENT ON COLUMN brim.pending_lead.due_at IS 'Not done before; later than the row was made after an error';
COMMENT ON COLUMN brim.pending_lead.error IS 'Why that failed; it is tried again when it is due';
CREATE INDEX pending_lead_due ON brim.pending_lead (what, due_at, pending_id);

SELECT pg_catalog.pg_extension_config_dump('brim.classification', '');
SELECT pg_catalog.pg_extension_config_dump('brim.classification_classification_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('brim.classification_event', '');
SELECT pg_catalog.pg_extension_config_dump('brim.lead_text', '');
SELECT pg_catalog.pg_extension_config_dump('brim.pending_lead', '');
SELECT pg_catalog.pg_extension_config_dump('brim.pending_lead_pending_id_seq', '');

CREATE TRIGGER wake_worker AFTER INSERT OR UPDATE ON brim.classification
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();
CREATE TRIGGER wake_worker AFTER INSERT OR UPDATE ON brim.pending_lead
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();

-- Leads that are written ----------------------------------------------------------

CREATE FUNCTION brim.lead_texts_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT brim.is_on('brim.classify') OR brim.is_restoring() THEN
        RETURN NULL;
    END IF;
    INSERT INTO brim.pending_lead (company_id, what)
    SELECT n.company_id, 'texts'
      FROM new_rows AS n
     WHERE cardinality(n.news_mentions) > 0 OR cardinality(n.recent_job_posts) > 0;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_texts_insert() IS 'While brim.classify is on: has the texts of new leads noted';
REVOKE EXECUTE ON FUNCTION brim.lead_texts_insert() FROM PUBLIC;

CREATE FUNCTION brim.lead_texts_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT brim.is_on('brim.classify') OR brim.is_restoring() THEN
        RETURN NULL;
    END IF;
    -- What the worker sets is right; what somebody else replaced with the other attributes is set again.
    INSERT INTO brim.pending_lead (company_id, what)
    SELECT n.company_id, CASE WHEN c.texts_changed THEN 'texts' ELSE 'events' END
      FROM new_rows AS n
      FULL JOIN old_rows AS o ON o.company_id = n.company_id
     CROSS JOIN LATERAL (SELECT (n.news_mentions, n.recent_job_posts)
                                IS DISTINCT FROM (o.news_mentions, o.recent_job_posts) AS texts_changed) AS c
     WHERE c.texts_changed
        OR n.attributes -> 'gemini_events' IS DISTINCT FROM o.attributes -> 'gemini_events'
           AND session_user <> coalesce(current_setting('brim.worker_role', true), '');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_texts_update() IS 'While brim.classify is on: has changed texts of leads noted, and lost events set again';
REVOKE EXECUTE ON FUNCTION brim.lead_texts_update() FROM PUBLIC;

CREATE FUNCTION brim.lead_texts_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_ids text[] := ARRAY(SELECT o.company_id FROM old_rows AS o);
BEGIN
    DELETE FROM brim.lead_text AS t WHERE t.company_id = ANY (v_ids);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_texts_delete() IS 'Forgets which texts deleted leads had';
REVOKE EXECUTE ON FUNCTION brim.lead_texts_delete() FROM PUBLIC;

CREATE FUNCTION brim.lead_texts_truncate() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM brim.lead_text;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_texts_truncate() IS 'Forgets which texts leads had, since none is left';
REVOKE EXECUTE ON FUNCTION brim.lead_texts_truncate() FROM PUBLIC;

-- Texts ---------------------------------------------------------------------------

CREATE FUNCTION brim.texts_of(news_mentions text[], recent_job_posts text[])
    RETURNS TABLE (content_hash text, source text, content text)
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT encode(sha256(convert_to(x.source || chr(10) || x.content, 'UTF8')), 'hex') COLLATE "C", x.source, left(x.content, 4000)
      FROM (SELECT 'news' AS source, n.content FROM unnest(texts_of.news_mentions) AS n (content)
            UNION ALL
            SELECT 'job_post', p.content FROM unnest(texts_of.recent_job_posts) AS p (content)) AS x
     WHERE btrim(x.content, E' \t\r\n') <> '';
END;
COMMENT ON FUNCTION brim.texts_of(text[], text[]) IS 'The texts of a lead that can be classified, with their keys';
REVOKE EXECUTE ON FUNCTION brim.texts_of(text[], text[]) FROM PUBLIC;

/*
 * In the order of the keys, so that two of these never wait for each other.
 * Leads that have a text which was there before, or have lost one, get their
 * events in a later transaction.
 */
CREATE FUNCTION brim.note_texts(company_ids text[]) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan SET enable_hashjoin = on SET enable_sort = on SET enable_seqscan = on SET jit = off
AS $$
DECLARE
    v_queued bigint;
BEGIN
    WITH texts AS MATERIALIZED (
        SELECT DISTINCT ON (x.content_hash, l.company_id) x.content_hash, l.company_id, x.source, x.content
          FROM brim.lead AS l
         CROSS JOIN LATERAL brim.texts_of(l.news_mentions, l.recent_job_posts) AS x
         WHERE note_texts.company_ids IS NULL OR l.company_id = ANY (note_texts.company_ids)
         ORDER BY x.content_hash, l.company_id),
    queued AS (
        INSERT INTO brim.classification (content_hash, source, content, node_id)
        SELECT DISTINCT ON (x.content_hash) x.content_hash, x.source, x.content,
               (SELECT coalesce(max(n.node_id), '') FROM brim.node AS n)
          FROM texts AS x
         ORDER BY x.content_hash
            ON CONFLICT ON CONSTRAINT classification_pkey DO NOTHING
        RETURNING content_hash),
    gone AS (
        DELETE FROM brim.lead_text AS t
         WHERE (note_texts.company_ids IS NULL OR t.company_id = ANY (note_texts.company_ids))
           AND NOT EXISTS (SELECT FROM texts AS x WHERE x.company_id = t.company_id AND x.content_hash = t.content_hash)
        RETURNING t.company_id),
    noted AS (
        INSERT INTO brim.lead_text (content_hash, company_id)
        SELECT x.content_hash, x.company_id FROM texts AS x ORDER BY x.content_hash, x.company_id
            ON CONFLICT ON CONSTRAINT lead_text_pkey DO NOTHING),
    pending AS (
        INSERT INTO brim.pending_lead (company_id, what)
        SELECT g.company_id, 'events' FROM gone AS g
        UNION
        SELECT x.company_id, 'events' FROM texts AS x
         WHERE NOT EXISTS (SELECT FROM queued AS q WHERE q.content_hash = x.content_hash))
    SELECT count(*) INTO v_queued FROM queued;
    RETURN v_queued;
END;
$$;
COMMENT ON FUNCTION brim.note_texts(text[]) IS
    'Notes which texts these leads have (NULL: all leads) and queues the new ones; returns how many';
REVOKE EXECUTE ON FUNCTION brim.note_texts(text[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_classify_leads() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_queued bigint := brim.note_texts(NULL);
BEGIN
    INSERT INTO brim.pending_lead (company_id, what)
    SELECT l.company_id, 'events' FROM brim.lead AS l WHERE l.attributes ? 'gemini_events';
    INSERT INTO brim.event (event_type, data)
    VALUES ('leads_classified', jsonb_build_object('by', session_user, 'texts', v_queued));
    RETURN v_queued;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_classify_leads() IS
    'Queues the texts of all stored leads that were never queued, and has all leads get what is known of theirs; '
    'returns how many texts were queued';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_classify_leads() FROM PUBLIC;

-- Events --------------------------------------------------------------------------

CREATE FUNCTION brim.set_events(company_ids text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE brim.lead AS l
       SET attributes = CASE WHEN e.events IS NULL THEN l.attributes - 'gemini_events'
                             ELSE jsonb_set(l.attributes, '{gemini_events}', e.events) END
      FROM (SELECT o.company_id,
                   (SELECT jsonb_agg(DISTINCT v.class COLLATE "C" ORDER BY v.class COLLATE "C")
                      FROM brim.lead_text AS t
                      JOIN brim.classification_event AS v ON v.content_hash = t.content_hash
                     WHERE t.company_id = o.company_id) AS events
              FROM unnest(set_events.company_ids) AS o (company_id)) AS e
     WHERE l.company_id = e.company_id AND l.attributes -> 'gemini_events' IS DISTINCT FROM e.events;
END;
$$;
COMMENT ON FUNCTION brim.set_events(text[]) IS
    'Sets attributes -> gemini_events of these leads to the sorted classes of the events in their texts; leads that '
    'have them already are not written';
REVOKE EXECUTE ON FUNCTION brim.set_events(text[]) FROM PUBLIC;

CREATE FUNCTION brim.note_leads() RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_texts integer;
BEGIN
    -- A text that thousands of leads have is handed on a hundred leads at a time.
    WITH pick AS MATERIALIZED (
        SELECT c.classification_id, c.content_hash, c.handed_to
          FROM brim.classification AS c
         WHERE c.to_hand_on
         ORDER BY c.classification_id
         LIMIT 20
           FOR UPDATE SKIP LOCKED),
    leads AS MATERIALIZED (
        SELECT p.classification_id, t.company_id
          FROM pick AS p
         CROSS JOIN LATERAL (SELECT x.company_id FROM brim.lead_text AS x
                              WHERE x.content_hash = p.content_hash AND x.company_id > p.handed_to
                              ORDER BY x.company_id LIMIT 100) AS t),
    pending AS (
        INSERT INTO brim.pending_lead (company_id, what)
        SELECT DISTINCT l.company_id, 'events' FROM leads AS l),
    handed AS (
        UPDATE brim.classification AS c
           SET handed_to = coalesce(n.last, c.handed_to), to_hand_on = (n.leads = 100)
          FROM (SELECT p.classification_id, max(l.company_id) AS last, count(l.company_id) AS leads
                  FROM pick AS p LEFT JOIN leads AS l ON l.classification_id = p.classification_id
                 GROUP BY p.classification_id) AS n
         WHERE c.classification_id = n.classification_id
        RETURNING c.classification_id)
    SELECT count(*) INTO v_texts FROM handed;
    RETURN v_texts;
END;
$$;
COMMENT ON FUNCTION brim.note_leads() IS
    'Notes some of the leads that are to get the events of texts which are done; returns for how many texts';
REVOKE EXECUTE ON FUNCTION brim.note_leads() FROM PUBLIC;

CREATE FUNCTION brim.take_pending(what text, max_leads integer, at timestamptz) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ids text[];
BEGIN
    WITH pick AS MATERIALIZED (
        SELECT p.pending_id FROM brim.pending_lead AS p
         WHERE p.what = take_pending.what AND p.due_at <= take_pending.at
         ORDER BY p.due_at, p.pending_id
         LIMIT take_pending.max_leads
           FOR UPDATE SKIP LOCKED),
    taken AS (
        DELETE FROM brim.pending_lead AS p USING pick AS k WHERE p.pending_id = k.pending_id RETURNING p.company_id)
    SELECT coalesce(array_agg(DISTINCT t.company_id ORDER BY t.company_id), '{}') INTO v_ids FROM taken AS t;
    RETURN v_ids;
END;
$$;
COMMENT ON FUNCTION brim.take_pending(text, integer, timestamptz) IS 'Takes some leads out of brim.pending_lead';
REVOKE EXECUTE ON FUNCTION brim.take_pending(text, integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION brim.passes(code text) RETURNS boolean
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
RETURN left(passes.code, 2) IN ('25', '40', '53', '55', '57', '58');
COMMENT ON FUNCTION brim.passes(text) IS 'True if an error is one of the server that passes, not of what is stored';
REVOKE EXECUTE ON FUNCTION brim.passes(text) FROM PUBLIC;

CREATE FUNCTION brim.do_pending(what text, company_ids text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF what = 'texts' THEN
        PERFORM brim.note_texts(company_ids);
    ELSE
        PERFORM brim.set_events(company_ids);
    END IF;
END;
$$;
COMMENT ON FUNCTION brim.do_pending(text, text[]) IS 'Does for some leads what they were pending for';
REVOKE EXECUTE ON FUNCTION brim.do_pending(text, text[]) FROM PUBLIC;

-- A lead that cannot be written, say because its model was withdrawn, stops no other. Nor does a lock that somebody
-- holds, on a text that brim_classify_leads() has queued and not committed: these leads come later.
CREATE FUNCTION brim.try_pending(what text, company_ids text[], at timestamptz) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms'
AS $$
DECLARE
    v_id text;
BEGIN
    BEGIN
        PERFORM brim.do_pending(what, company_ids);
        RETURN;
    EXCEPTION WHEN lock_not_available THEN
        INSERT INTO brim.pending_lead (company_id, what, due_at)
        SELECT DISTINCT x.company_id, try_pending.what, try_pending.at + interval '2 seconds' FROM unnest(company_ids) AS x (company_id);
        RETURN;
    WHEN OTHERS THEN
        IF brim.passes(SQLSTATE) THEN
            RAISE;
        END IF;
    END;
    FOREACH v_id IN ARRAY company_ids LOOP
        BEGIN
            PERFORM brim.do_pending(what, ARRAY[v_id]);
        EXCEPTION WHEN OTHERS THEN
            IF brim.passes(SQLSTATE) THEN
                RAISE;
            END IF;
            INSERT INTO brim.pending_lead (company_id, what, due_at, error)
            VALUES (v_id, try_pending.what, try_pending.at + interval '1 hour', left(SQLERRM, 500));
        END;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION brim.try_pending(text, text[], timestamptz) IS
    'The same, one by one where it fails for all; what fails alone is due again in an hour, what has to wait for a '
    'lock in two seconds';
REVOKE EXECUTE ON FUNCTION brim.try_pending(text, text[], timestamptz) FROM PUBLIC;

CREATE FUNCTION brim.give_events(max_leads integer, at timestamptz) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ids text[] := brim.take_pending('events', max_leads, at);
    v_free text[];
BEGIN
    IF v_ids = '{}' THEN
        RETURN 0;
    END IF;
    -- Leads that somebody else is writing come later.
    v_free := ARRAY(SELECT l.company_id FROM brim.lead AS l
                     WHERE l.company_id = ANY (v_ids) ORDER BY l.company_id FOR NO KEY UPDATE SKIP LOCKED);
    INSERT INTO brim.pending_lead (company_id, what, due_at)
    SELECT l.company_id, 'events', give_events.at + interval '2 seconds'
      FROM brim.lead AS l WHERE l.company_id = ANY (v_ids) AND l.company_id <> ALL (v_free);
    PERFORM brim.try_pending('events', v_free, at);
    RETURN cardinality(v_ids);
END;
$$;
COMMENT ON FUNCTION brim.give_events(integer, timestamptz) IS 'Gives some of the pending leads their events; returns how many were taken';
REVOKE EXECUTE ON FUNCTION brim.give_events(integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION brim.take_texts(max_leads integer, at timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ids text[] := brim.take_pending('texts', max_leads, at);
BEGIN
    IF v_ids = '{}' THEN
        RETURN 0;
    END IF;
    PERFORM brim.try_pending('texts', v_ids, at);
    RETURN cardinality(v_ids);
END;
$$;
COMMENT ON FUNCTION brim.take_texts(integer, timestamptz) IS 'Notes the texts of some of the pending leads; returns how many were taken';
REVOKE EXECUTE ON FUNCTION brim.take_texts(integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_retry_classification(content_hash text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_text brim.classification;
BEGIN
    SELECT c.* INTO v_text FROM brim.classification AS c WHERE c.content_hash = brim_retry_classification.content_hash FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'classification % does not exist', coalesce(quote_literal(left(content_hash, 100)), 'NULL')
            USING ERRCODE = 'no_data_found', HINT = 'content_hash is the key of brim.classification.';
    ELSIF v_text.status NOT IN ('held', 'failed')
          AND NOT (v_text.status = 'queued' AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = v_text.node_id)) THEN
        RAISE EXCEPTION 'classification % is %, not held or failed', v_text.content_hash, v_text.status
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    UPDATE brim.classification AS c
       SET status = 'queued', hold_reason = NULL, attempts = 0, crashes = 0, next_attempt_at = now(), error = NULL, finished_at = NULL,
           node_id = n.node_id
      FROM brim.node AS n
     WHERE c.content_hash = v_text.content_hash;
    INSERT INTO brim.event (event_type, data)
    VALUES ('classification_retried',
            jsonb_build_object('by', session_user, 'content_hash', v_text.content_hash, 'from', v_text.status));
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_retry_classification(text) IS
    'Queues a held or failed text again; adopts one that another installation queued';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_retry_classification(text) FROM PUBLIC;

-- Views ---------------------------------------------------------------------------

CREATE VIEW brim.lead_classification AS
SELECT l.company_id, l.company_name, c.content_hash, c.source, c.content, v.event_no, v.class, v.polarity, v.certainty, v.evidence,
       c.finished_at AS classified_at, coalesce(c.model_version, c.model) AS model
  FROM brim.classification_event AS v
  JOIN brim.classification AS c ON c.content_hash = v.content_hash
  JOIN brim.lead_text AS t ON t.content_hash = v.content_hash
  JOIN brim.lead AS l ON l.company_id = t.company_id;
COMMENT ON VIEW brim.lead_classification IS
    'One row a lead, text and event that a language model found in the text. Key: company_id, content_hash, event_no';
COMMENT ON COLUMN brim.lead_classification.company_id IS 'Key of the company';
COMMENT ON COLUMN brim.lead_classification.company_name IS 'Name of the company';
COMMENT ON COLUMN brim.lead_classification.content_hash IS 'Key of the text';
COMMENT ON COLUMN brim.lead_classification.source IS 'news or job_post';
COMMENT ON COLUMN brim.lead_classification.content IS 'The text, its first 4000 characters';
COMMENT ON COLUMN brim.lead_classification.event_no IS 'Number of the event in its text, from 1';
COMMENT ON COLUMN brim.lead_classification.class IS 'Class of the event, such as funding';
COMMENT ON COLUMN brim.lead_classification.polarity IS '1 good, -1 bad, 0 neither';
COMMENT ON COLUMN brim.lead_classification.certainty IS 'stated, or hedged: planned, considered, rumoured';
COMMENT ON COLUMN brim.lead_classification.evidence IS 'The words of the text that say so; NULL where the model gave none that are in it';
COMMENT ON COLUMN brim.lead_classification.classified_at IS 'When the text was classified';
COMMENT ON COLUMN brim.lead_classification.model IS 'Version of the language model, or its name where it told none';
