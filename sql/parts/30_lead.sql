/*
 * Intake: what follows when a lead is written.
 *
 * brim.lead_before_write() has scored the row.  Here the statement as a whole
 * is followed up, in its own transaction: the journal gets what was
 * calculated, every active campaign gets its jobs, e-mails that lacked a
 * recipient get one.  Waiting means: not yet taken by the worker.
 * 43_lead_triggers.sql says what calls these functions, and in which order.
 *
 * PL/pgSQL keeps a plan for the whole session, made for as many rows as the
 * first statement of the session wrote, and maybe for empty tables.  So only
 * plans are possible here that fit one row as well as a hundred thousand: for
 * each new row a probe of an index (OFFSET 0 keeps an EXISTS or a LATERAL from
 * becoming another kind of join), then the rows found by their keys, planned
 * again each time.  Old and new rows, which have no index, meet in a FULL JOIN,
 * which is always a hash or merge join.
 */

CREATE FUNCTION brim.domain_host(domain text) RETURNS text
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT lower(regexp_replace(regexp_replace(domain COLLATE "C",
                                '^\s*([[:alpha:]][[:alnum:]+.-]*://)?([^/?#@]*@)?(www\.)?', '', 'i'),
                                '(\.?[:/?#].*|\.?\s*)$', ''));
END;
COMMENT ON FUNCTION brim.domain_host(text) IS 'The host of a domain as people write it: without scheme, www., port and path, in lower case';

CREATE FUNCTION brim.campaign_problem(product_pitch text, sender_address text, postal_address text) RETURNS text
    IMMUTABLE PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT nullif(concat_ws(', ', CASE WHEN btrim(coalesce(product_pitch, '')) = '' THEN 'product_pitch is empty' END,
                                  CASE WHEN btrim(coalesce(sender_address, '')) = '' THEN 'sender_address is empty'
                                       ELSE 'sender_address ' || brim.address_problem(sender_address) END,
                                  CASE WHEN btrim(coalesce(postal_address, '')) = '' THEN 'postal_address is empty' END),
                  '');
END;
COMMENT ON FUNCTION brim.campaign_problem(text, text, text) IS
    'Which columns keep a campaign from writing and sending e-mails, in words; NULL when it is complete';

CREATE FUNCTION brim.is_suppressed(company_id text, recipient text) RETURNS boolean
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM (VALUES ('company', is_suppressed.company_id),
                            ('address', lower(is_suppressed.recipient COLLATE "C")),
                            ('domain', split_part(lower(is_suppressed.recipient COLLATE "C"), '@', -1)),
                            ('domain', (SELECT brim.domain_host(l.domain) FROM brim.lead AS l
                                         WHERE l.company_id = is_suppressed.company_id))) AS k (kind, value)
          JOIN brim.suppression AS s ON s.kind = k.kind AND s.value = k.value COLLATE "C");
END;
COMMENT ON FUNCTION brim.is_suppressed(text, text) IS
    'True if the company, the address, its domain or the domain of the company is on the do-not-contact list';
REVOKE EXECUTE ON FUNCTION brim.is_suppressed(text, text) FROM PUBLIC;

CREATE FUNCTION brim.email_hold_reason(campaign text, recipient text) RETURNS text
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address) IS NOT NULL
                THEN 'campaign_incomplete'
                WHEN btrim(coalesce(email_hold_reason.recipient, '')) = '' THEN 'no_recipient'
                WHEN brim.address_problem(email_hold_reason.recipient) IS NOT NULL THEN 'invalid_recipient' END
      FROM brim.campaign AS c
     WHERE c.name = email_hold_reason.campaign;
END;
COMMENT ON FUNCTION brim.email_hold_reason(text, text) IS
    'Why an e-mail of this campaign to this recipient has to be held, or NULL when it may go';
REVOKE EXECUTE ON FUNCTION brim.email_hold_reason(text, text) FROM PUBLIC;

CREATE FUNCTION brim.new_email_state(campaign text, company_id text, recipient text, OUT status text, OUT hold_reason text)
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN f.suppressed THEN 'suppressed'
                WHEN f.reason IS NOT NULL THEN 'held'
                WHEN c.approval = 'review' THEN 'draft'
                ELSE 'queued' END,
           CASE WHEN NOT f.suppressed THEN f.reason END
      FROM brim.campaign AS c
     CROSS JOIN LATERAL (SELECT brim.is_suppressed(new_email_state.company_id, new_email_state.recipient) AS suppressed,
                                brim.email_hold_reason(c.name, new_email_state.recipient) AS reason) AS f
     WHERE c.name = new_email_state.campaign;
END;
COMMENT ON FUNCTION brim.new_email_state(text, text, text) IS
    'In which state an e-mail begins that is written now: suppressed, held, draft or queued';
REVOKE EXECUTE ON FUNCTION brim.new_email_state(text, text, text) FROM PUBLIC;

CREATE FUNCTION brim.lead_journal_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    END IF;

    INSERT INTO brim.event (event_type, company_id, data)
    SELECT 'score_calculated', n.company_id,
           jsonb_build_object('model', n.model, 'version', n.model_version, 'fit_score', n.fit_score,
                              'intent_score', n.intent_score, 'total_score', n.total_score, 'confidence', n.confidence,
                              'action', n.action, 'qualified', coalesce(n.total_score > m.qualified_above, false))
      FROM new_rows AS n
      LEFT JOIN brim.scoring_model AS m ON m.name = n.model AND m.version = n.model_version;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_journal_insert() IS 'Journals the scores of new leads';
REVOKE EXECUTE ON FUNCTION brim.lead_journal_insert() FROM PUBLIC;

CREATE FUNCTION brim.lead_journal_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_old record;
    v_usable text[] := '{}';
    v_changed boolean := false;
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    END IF;

    -- The versions that the old scores come from, where they are still there to explain them.
    FOR v_old IN
        SELECT o.model, o.model_version, bool_or((o.model, o.model_version) IS DISTINCT FROM (n.model, n.model_version)) AS is_another
          FROM new_rows AS n
          FULL JOIN old_rows AS o ON o.company_id = n.company_id
         WHERE (n.fit_score, n.intent_score, n.total_score, n.model, n.model_version)
               IS DISTINCT FROM (o.fit_score, o.intent_score, o.total_score, o.model, o.model_version)
         GROUP BY o.model, o.model_version
    LOOP
        v_changed := true;
        -- What has just scored can explain, too.
        v_usable := v_usable || CASE WHEN v_old.is_another THEN brim.usable_version(v_old.model, v_old.model_version)
                                     ELSE v_old.model || '@' || v_old.model_version END;
    END LOOP;
    IF NOT v_changed THEN
        RETURN NULL;
    END IF;

    INSERT INTO brim.event (event_type, company_id, data)
    SELECT 'score_calculated', c.company_id,
           jsonb_build_object('model', c.model, 'version', c.model_version, 'fit_score', c.fit_score,
                              'intent_score', c.intent_score, 'total_score', c.total_score, 'confidence', c.confidence,
                              'action', c.action, 'qualified', coalesce(c.total_score > m.qualified_above, false),
                              'old_model', c.old_model, 'old_version', c.old_version, 'old_fit_score', c.old_fit_score,
                              'old_intent_score', c.old_intent_score, 'old_total_score', c.old_total_score,
                              'reasons_added', (c.reasons).added, 'reasons_removed', (c.reasons).removed)
      FROM (SELECT n.company_id, n.model, n.model_version, n.fit_score, n.intent_score, n.total_score, n.confidence, n.action,
                   o.model AS old_model, o.model_version AS old_version, o.fit_score AS old_fit_score,
                   o.intent_score AS old_intent_score, o.total_score AS old_total_score,
                   brim.reason_changes(o, CASE WHEN o.model || '@' || o.model_version = ANY (v_usable)
                                               THEN o.model || '@' || o.model_version END,
                                       n, n.model || '@' || n.model_version) AS reasons
              FROM new_rows AS n
              FULL JOIN old_rows AS o ON o.company_id = n.company_id
             WHERE (n.fit_score, n.intent_score, n.total_score, n.model, n.model_version)
                   IS DISTINCT FROM (o.fit_score, o.intent_score, o.total_score, o.model, o.model_version)
            OFFSET 0) AS c
      LEFT JOIN brim.scoring_model AS m ON m.name = c.model AND m.version = c.model_version;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_journal_update() IS 'Journals changed scores of leads, with the old ones and the reasons that came and went';
REVOKE EXECUTE ON FUNCTION brim.lead_journal_update() FROM PUBLIC;

CREATE FUNCTION brim.lead_queue_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off SET jit = off
AS $$
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    END IF;

    -- Jobs are left from a lead of the same key that was deleted; nobody else makes any before this one is seen.
    INSERT INTO brim.generation (node_id, campaign, company_id, score)
    SELECT (SELECT coalesce(max(x.node_id), '') FROM brim.node AS x), c.name, n.company_id, n.total_score
      FROM new_rows AS n
      JOIN brim.campaign AS c ON c.is_active AND n.total_score >= c.min_score
     WHERE NOT EXISTS (SELECT FROM brim.generation AS g
                        WHERE g.campaign = c.name AND g.company_id = n.company_id OFFSET 0)
       AND (NOT EXISTS (SELECT FROM brim.suppression)
            OR NOT EXISTS (SELECT FROM brim.suppression AS s WHERE s.kind = 'company' AND s.value = n.company_id OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'address' AND s.value = lower(n.contact_email) OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'domain' AND s.value = split_part(lower(n.contact_email), '@', -1) OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'domain' AND s.value = brim.domain_host(n.domain) OFFSET 0));
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_queue_insert() IS 'Queues the e-mails of new leads that qualify';
REVOKE EXECUTE ON FUNCTION brim.lead_queue_insert() FROM PUBLIC;

CREATE FUNCTION brim.lead_queue_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off SET jit = off
    SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_ids bigint[];
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    END IF;

    INSERT INTO brim.generation (node_id, campaign, company_id, score)
    SELECT (SELECT coalesce(max(x.node_id), '') FROM brim.node AS x), c.name, n.company_id, n.total_score
      FROM new_rows AS n
      JOIN brim.campaign AS c ON c.is_active AND n.total_score >= c.min_score
     WHERE NOT EXISTS (SELECT FROM brim.generation AS g
                        WHERE g.campaign = c.name AND g.company_id = n.company_id OFFSET 0)
       AND (NOT EXISTS (SELECT FROM brim.suppression)
            OR NOT EXISTS (SELECT FROM brim.suppression AS s WHERE s.kind = 'company' AND s.value = n.company_id OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'address' AND s.value = lower(n.contact_email) OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'domain' AND s.value = split_part(lower(n.contact_email), '@', -1) OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'domain' AND s.value = brim.domain_host(n.domain) OFFSET 0))
        ON CONFLICT (campaign, company_id) DO NOTHING;

    -- What waits is taken in the order of the scores as they are now.
    v_ids := ARRAY(SELECT w.generation_id FROM new_rows AS n
                    CROSS JOIN LATERAL (SELECT g.generation_id FROM brim.generation AS g
                                         WHERE g.company_id = n.company_id AND g.status IN ('queued', 'held')
                                           AND g.score <> n.total_score OFFSET 0) AS w);
    UPDATE brim.generation AS g
       SET score = (SELECT l.total_score FROM brim.lead AS l WHERE l.company_id = g.company_id)
     WHERE g.generation_id = ANY (v_ids) AND g.status IN ('queued', 'held');

    v_ids := ARRAY(SELECT w.email_id FROM new_rows AS n
                    CROSS JOIN LATERAL (SELECT q.email_id FROM brim.email_queue AS q
                                         WHERE q.company_id = n.company_id AND q.score <> n.total_score OFFSET 0) AS w);
    UPDATE brim.email_queue AS q
       SET score = (SELECT l.total_score FROM brim.lead AS l WHERE l.company_id = q.company_id)
     WHERE q.email_id = ANY (v_ids);

    v_ids := ARRAY(SELECT w.email_id FROM new_rows AS n
                    CROSS JOIN LATERAL (SELECT p.email_id FROM brim.email_parked AS p
                                         WHERE p.company_id = n.company_id AND p.status IN ('draft', 'held')
                                           AND p.score <> n.total_score OFFSET 0) AS w);
    UPDATE brim.email_parked AS p
       SET score = (SELECT l.total_score FROM brim.lead AS l WHERE l.company_id = p.company_id)
     WHERE p.email_id = ANY (v_ids) AND p.status IN ('draft', 'held');

    -- A recipient has become known, or another one.
    v_ids := ARRAY(SELECT w.email_id FROM new_rows AS n
                    CROSS JOIN LATERAL (SELECT p.email_id FROM brim.email_parked AS p
                                          JOIN brim.email AS e ON e.email_id = p.email_id
                                         WHERE p.company_id = n.company_id AND p.status = 'held'
                                           AND p.hold_reason IN ('no_recipient', 'invalid_recipient')
                                           AND (e.recipient, e.recipient_name)
                                               IS DISTINCT FROM (left(n.contact_email, 320), left(n.contact_name, 320))
                                         OFFSET 0) AS w);
    v_ids := ARRAY(SELECT p.email_id FROM brim.email_parked AS p
                    WHERE p.email_id = ANY (v_ids) AND p.status = 'held' FOR UPDATE);
    UPDATE brim.email AS e
       SET recipient = left(l.contact_email, 320), recipient_name = left(l.contact_name, 320)
      FROM brim.lead AS l
     WHERE e.email_id = ANY (v_ids) AND l.company_id = e.company_id;
    PERFORM brim.review_held(v_ids);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_queue_update() IS
    'Queues what now qualifies, gives what waits the new score, and e-mails the recipient they lacked';
REVOKE EXECUTE ON FUNCTION brim.lead_queue_update() FROM PUBLIC;

CREATE FUNCTION brim.lead_queue_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off SET jit = off
    SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_ids bigint[];
BEGIN
    v_ids := ARRAY(SELECT w.generation_id FROM old_rows AS o
                    CROSS JOIN LATERAL (SELECT g.generation_id FROM brim.generation AS g
                                         WHERE g.company_id = o.company_id AND g.status IN ('queued', 'held') OFFSET 0) AS w);
    UPDATE brim.generation AS g
       SET status = 'cancelled', hold_reason = NULL, finished_at = now(), error = 'the lead was deleted'
     WHERE g.generation_id = ANY (v_ids) AND g.status IN ('queued', 'held');

    PERFORM brim.park_emails(brim.waiting_emails(ARRAY(SELECT o.company_id FROM old_rows AS o)), 'cancelled');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_queue_delete() IS 'Cancels what waits for deleted leads; nothing of the queue is ever deleted';
REVOKE EXECUTE ON FUNCTION brim.lead_queue_delete() FROM PUBLIC;

CREATE FUNCTION brim.lead_queue_truncate() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE brim.generation
       SET status = 'cancelled', hold_reason = NULL, finished_at = now(), error = 'the lead was deleted'
     WHERE status IN ('queued', 'held');

    PERFORM brim.park_emails(ARRAY(SELECT q.email_id FROM brim.email_queue AS q
                                   UNION ALL
                                   SELECT p.email_id FROM brim.email_parked AS p WHERE p.status IN ('draft', 'held')), 'cancelled');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.lead_queue_truncate() IS 'Cancels all that waits, since no lead is left';
REVOKE EXECUTE ON FUNCTION brim.lead_queue_truncate() FROM PUBLIC;
