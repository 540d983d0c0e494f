/*
 * Operating the queue from psql.
 *
 * Every function checks the state of the e-mail first, under a lock that the
 * worker respects, and journals what was done and by whom.  Whatever an
 * operator sets in motion belongs to this installation from then on.
 */

CREATE FUNCTION brim.lock_email(email_id bigint, VARIADIC statuses text[]) RETURNS brim.outbound_email
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email;
    v_locked boolean;
BEGIN
    PERFORM brim.return_unowned(ARRAY[lock_email.email_id]);
    -- Whoever held the lock may have moved the e-mail: then it is looked for again.
    LOOP
        PERFORM FROM brim.email_queue AS q WHERE q.email_id = lock_email.email_id FOR UPDATE;
        v_locked := FOUND;
        IF NOT v_locked THEN
            PERFORM FROM brim.email_parked AS p WHERE p.email_id = lock_email.email_id FOR UPDATE;
            v_locked := FOUND;
        END IF;
        IF NOT v_locked THEN
            PERFORM FROM brim.send_ledger AS l WHERE l.email_id = lock_email.email_id FOR UPDATE;
            v_locked := FOUND;
        END IF;
        SELECT e.* INTO v_email FROM brim.outbound_email AS e WHERE e.email_id = lock_email.email_id;
        EXIT WHEN v_locked OR NOT FOUND OR v_email.status = 'superseded';
    END LOOP;
    IF v_email.email_id IS NULL THEN
        RAISE EXCEPTION 'e-mail % does not exist', coalesce(lock_email.email_id::text, 'NULL') USING ERRCODE = 'no_data_found';
    ELSIF v_email.status <> ALL (statuses) THEN
        RAISE EXCEPTION 'e-mail % is %, not %', lock_email.email_id, v_email.status, array_to_string(statuses, ' or ')
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN v_email;
END;
$$;
COMMENT ON FUNCTION brim.lock_email(bigint, text[]) IS 'Locks an e-mail that has to be in one of the statuses';
REVOKE EXECUTE ON FUNCTION brim.lock_email(bigint, text[]) FROM PUBLIC;

CREATE FUNCTION brim.check_not_mailed(email brim.outbound_email) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_taken record;
BEGIN
    PERFORM brim.return_unowned(ARRAY(SELECT l.email_id FROM brim.send_ledger AS l
                                       WHERE l.campaign = email.campaign AND l.company_id = email.company_id));
    SELECT l.email_id, l.state, EXISTS (SELECT FROM brim.email AS e WHERE e.email_id = l.email_id) AS is_known
      INTO v_taken
      FROM brim.send_ledger AS l
     WHERE l.campaign = email.campaign AND l.company_id = email.company_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_taken.state <> 'abandoned' AND v_taken.is_known AND v_taken.email_id <> email.email_id THEN
        RAISE EXCEPTION 'company % has another e-mail in campaign "%": e-mail % is %',
                        email.company_id, email.campaign, v_taken.email_id, v_taken.state
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'A company gets at most one e-mail per campaign.';
    END IF;
    RAISE EXCEPTION 'company % was mailed in campaign "%" or may have been: the ledger says %',
                    email.company_id, email.campaign, v_taken.state
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = 'A company gets at most one e-mail per campaign.';
END;
$$;
COMMENT ON FUNCTION brim.check_not_mailed(brim.outbound_email) IS
    'Raises an error when the company of the e-mail has been mailed in the campaign or may have been';
REVOKE EXECUTE ON FUNCTION brim.check_not_mailed(brim.outbound_email) FROM PUBLIC;

CREATE FUNCTION brim.require_node() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM brim.node) THEN
        RAISE EXCEPTION 'this installation has no row in brim.node'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'SELECT * FROM brim_arm() shows the confirmation for this place.';
    END IF;
END;
$$;
COMMENT ON FUNCTION brim.require_node() IS 'Raises an error where nothing can be queued, since there is no installation to queue it for';
REVOKE EXECUTE ON FUNCTION brim.require_node() FROM PUBLIC;

CREATE FUNCTION brim.queue_email(email brim.outbound_email) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_recipient text := email.recipient;
    v_name text := email.recipient_name;
    v_reason text;
BEGIN
    PERFORM brim.require_node();
    PERFORM brim.check_not_mailed(email);
    IF email.hold_reason IN ('no_recipient', 'invalid_recipient') THEN
        SELECT l.contact_email, l.contact_name INTO v_recipient, v_name
          FROM brim.lead AS l WHERE l.company_id = email.company_id;
    END IF;
    IF brim.is_suppressed(email.company_id, v_recipient) THEN
        RAISE EXCEPTION 'e-mail % must not be sent: the company or its address is on the do-not-contact list', email.email_id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    v_reason := brim.email_hold_reason(email.campaign, v_recipient);
    IF v_reason IS NOT NULL THEN
        RAISE EXCEPTION 'e-mail % cannot be sent: %', email.email_id, v_reason
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = CASE v_reason
                         WHEN 'campaign_incomplete' THEN format('Complete product_pitch, sender_address and postal_address '
                                     'of campaign %I in brim.campaign.', email.campaign)
                         ELSE format('Store an address in contact_email of lead %L in brim.lead.', email.company_id) END;
    END IF;

    UPDATE brim.email AS e
       SET recipient = v_recipient, recipient_name = left(v_name, 320),
           message_id = coalesce(e.message_id, brim.new_message_id(e.campaign)), message_date = coalesce(e.message_date, now())
     WHERE e.email_id = email.email_id
       AND (e.recipient, e.recipient_name) IS DISTINCT FROM (v_recipient, left(v_name, 320))
        OR e.email_id = email.email_id AND e.message_id IS NULL;

    WITH gone AS (DELETE FROM brim.email_parked AS p WHERE p.email_id = email.email_id RETURNING p.*)
    INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id, claims, footer)
    SELECT g.email_id, g.campaign, g.company_id, g.choice, g.score, n.node_id, g.claims, g.footer
      FROM gone AS g CROSS JOIN brim.node AS n;
    IF NOT FOUND THEN
        -- Another installation had queued it.
        UPDATE brim.email_queue AS q
           SET node_id = n.node_id, attempts = 0, crashes = 0, queued_at = now(), next_attempt_at = now()
          FROM brim.node AS n
         WHERE q.email_id = email.email_id;
    END IF;
END;
$$;
COMMENT ON FUNCTION brim.queue_email(brim.outbound_email) IS
    'Queues an e-mail for this installation, or raises an error that says why that cannot be';
REVOKE EXECUTE ON FUNCTION brim.queue_email(brim.outbound_email) FROM PUBLIC;

CREATE FUNCTION brim.log_operation(event_type text, email brim.outbound_email, note text, details jsonb DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF length(note) > 20000 THEN
        RAISE EXCEPTION 'note is longer than 20000 characters' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO brim.event (event_type, company_id, email_id, data)
    VALUES (log_operation.event_type, email.company_id, email.email_id,
            jsonb_strip_nulls(jsonb_build_object('by', session_user, 'note', nullif(log_operation.note, ''),
                                                 'campaign', email.campaign, 'variant', email.variant,
                                                 'from', email.status) || details));
END;
$$;
COMMENT ON FUNCTION brim.log_operation(text, brim.outbound_email, text, jsonb) IS
    'Journals an operation: who, on what, from which status, why';
REVOKE EXECUTE ON FUNCTION brim.log_operation(text, brim.outbound_email, text, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_approve(email_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email := brim.lock_email(email_id, 'draft');
    v_reason text := brim.email_hold_reason(v_email.campaign, v_email.recipient);
BEGIN
    IF v_reason IS NULL THEN
        PERFORM brim.queue_email(v_email);
    ELSE
        PERFORM brim.check_not_mailed(v_email);
        UPDATE brim.email_parked AS p
           SET status = 'held', hold_reason = v_reason, node_id = n.node_id
          FROM brim.node AS n
         WHERE p.email_id = v_email.email_id;
    END IF;
    PERFORM brim.log_operation('email_approved', v_email, NULL);
    RETURN CASE WHEN v_reason IS NULL THEN 'queued' ELSE 'held' END;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_approve(bigint) IS
    'Approves a draft: it is queued, or held where something is missing; returns the new status';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_approve(bigint) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_hold(email_id bigint, note text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email := brim.lock_email(email_id, 'draft', 'queued');
BEGIN
    PERFORM brim.park_emails(ARRAY[v_email.email_id], 'held', 'operator');
    PERFORM brim.log_operation('email_held', v_email, note);
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_hold(bigint, text) IS 'Holds a draft or queued e-mail until brim_release()';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_hold(bigint, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_release(email_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email := brim.lock_email(email_id, 'held', 'queued');
BEGIN
    -- A queued e-mail waits only when another installation queued it.
    IF v_email.status = 'queued' AND EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = v_email.node_id) THEN
        RAISE EXCEPTION 'e-mail % is queued, not held', email_id USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM brim.queue_email(v_email);
    PERFORM brim.log_operation('email_released', v_email, NULL, jsonb_build_object('reason', coalesce(v_email.hold_reason, 'other_node')));
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_release(bigint) IS
    'Queues a held e-mail when nothing else holds it; adopts one that another installation queued';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_release(bigint) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_cancel(email_id bigint, note text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email := brim.lock_email(email_id, 'draft', 'queued', 'held', 'failed');
BEGIN
    PERFORM brim.park_emails(ARRAY[v_email.email_id], 'cancelled');
    UPDATE brim.email_parked AS p SET status = 'cancelled' WHERE p.email_id = v_email.email_id AND p.status = 'failed';
    PERFORM brim.log_operation('email_cancelled', v_email, note);
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_cancel(bigint, text) IS 'Cancels an e-mail that waits or failed, for good';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_cancel(bigint, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_retry(email_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email := brim.lock_email(email_id, 'failed');
BEGIN
    PERFORM brim.queue_email(v_email);
    PERFORM brim.log_operation('email_retried', v_email, NULL);
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_retry(bigint) IS 'Queues a failed e-mail again, with all of its attempts';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_retry(bigint) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_retry_generation(generation_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_job brim.generation;
BEGIN
    SELECT g.* INTO v_job FROM brim.generation AS g WHERE g.generation_id = brim_retry_generation.generation_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'generation % does not exist', coalesce(generation_id::text, 'NULL') USING ERRCODE = 'no_data_found';
    ELSIF v_job.status NOT IN ('held', 'failed')
          AND NOT (v_job.status = 'queued' AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = v_job.node_id)) THEN
        RAISE EXCEPTION 'generation % is %, not held or failed', generation_id, v_job.status
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    UPDATE brim.generation AS g
       SET status = 'queued', hold_reason = NULL, attempts = 0, crashes = 0, next_attempt_at = now(), error = NULL, finished_at = NULL,
           node_id = n.node_id
      FROM brim.node AS n
     WHERE g.generation_id = v_job.generation_id;
    INSERT INTO brim.event (event_type, company_id, data)
    VALUES ('generation_retried', v_job.company_id,
            jsonb_build_object('by', session_user, 'campaign', v_job.campaign, 'generation_id', v_job.generation_id, 'from', v_job.status));
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_retry_generation(bigint) IS
    'Queues a held or failed generation again; adopts one that another installation queued';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_retry_generation(bigint) FROM PUBLIC;

CREATE FUNCTION brim.supersede_others(campaign text, company_id text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- In this order, and the queue once more, for the reason given at brim.park_emails().
    DELETE FROM brim.email_queue AS q
     WHERE q.campaign = supersede_others.campaign AND q.company_id = supersede_others.company_id;
    DELETE FROM brim.email_parked AS p
     WHERE p.campaign = supersede_others.campaign AND p.company_id = supersede_others.company_id AND p.status IN ('draft', 'held');
    DELETE FROM brim.email_queue AS q
     WHERE q.campaign = supersede_others.campaign AND q.company_id = supersede_others.company_id;
END;
$$;
COMMENT ON FUNCTION brim.supersede_others(text, text) IS
    'Ends what still waits for a company in a campaign: an e-mail that is in no table any more is superseded';
REVOKE EXECUTE ON FUNCTION brim.supersede_others(text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_resolve(email_id bigint, verdict text, note text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email;
    v_state record;
BEGIN
    PERFORM brim.require_node();
    -- What another installation had under way may be decided where its copy goes on alone.
    UPDATE brim.send_ledger AS l
       SET state = 'uncertain', claim_token = NULL, claimed_by = NULL
     WHERE l.email_id = brim_resolve.email_id AND l.state = 'committing'
       AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = l.node_id);
    v_email := brim.lock_email(email_id, 'uncertain');
    IF verdict = 'delivered' THEN
        UPDATE brim.send_ledger AS l
           SET state = 'sent', claim_token = NULL, claimed_by = NULL,
               sent_at = least(greatest(coalesce(l.dot_at, l.claimed_at), l.claimed_at), l.claimed_at + interval '24 hours')
         WHERE l.email_id = v_email.email_id;
        PERFORM brim.supersede_others(v_email.campaign, v_email.company_id);
    ELSIF verdict = 'not_delivered' THEN
        IF v_email.claimed_by IS NOT NULL AND brim.claim_owner_alive(v_email.claimed_by) THEN
            RAISE EXCEPTION 'e-mail % may still be on its way', email_id
                USING ERRCODE = 'object_in_use',
                      DETAIL = 'The worker that handed it over is still alive.',
                      HINT = 'Restart the worker, look into the log of the relay again, then try again: '
                             'SELECT pg_terminate_backend(pid) FROM brim.worker_status WHERE component = ''worker'';';
        END IF;
        -- It was approved before it was sent, so it does not become a draft.
        SELECT replace(t.status, 'draft', 'queued') AS status, t.hold_reason INTO v_state
          FROM brim.new_email_state(v_email.campaign, v_email.company_id, v_email.recipient) AS t;
        WITH gone AS (DELETE FROM brim.send_ledger AS l WHERE l.email_id = v_email.email_id RETURNING l.*),
        queued AS (
            INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes, footer)
            SELECT g.email_id, g.campaign, g.company_id, v_email.choice, g.score, n.node_id, g.attempts, g.claims, g.crashes, g.footer
              FROM gone AS g CROSS JOIN brim.node AS n
             WHERE v_state.status = 'queued')
        INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes,
                                       status, hold_reason, footer)
        SELECT g.email_id, g.campaign, g.company_id, v_email.choice, g.score, n.node_id, g.attempts, g.claims, g.crashes,
               v_state.status, v_state.hold_reason, g.footer
          FROM gone AS g CROSS JOIN brim.node AS n
         WHERE v_state.status <> 'queued';
    ELSIF verdict = 'abandon' THEN
        UPDATE brim.send_ledger AS l SET state = 'abandoned', claim_token = NULL, claimed_by = NULL
         WHERE l.email_id = v_email.email_id;
    ELSE
        RAISE EXCEPTION 'invalid verdict %', coalesce(quote_literal(left(verdict, 100)), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A verdict is delivered, not_delivered or abandon.';
    END IF;
    PERFORM brim.log_operation('email_resolved', v_email, note, jsonb_build_object('verdict', verdict));
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_resolve(bigint, text, text) IS
    'Decides about an e-mail in doubt: delivered, not_delivered (it is queued again) or abandon (it is cancelled and '
    'the company stays blocked)';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_resolve(bigint, text, text) FROM PUBLIC;
