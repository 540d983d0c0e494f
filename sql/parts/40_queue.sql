/*
 * The queue: what campaigns, suppressions and drafts do to it.
 *
 * A row is shipped as long as it is as CREATE EXTENSION wrote it.  Shipped
 * rows are not dumped; a dumped row of the same key takes the place of the
 * shipped one when it is restored.
 *
 * A session keeps the plans of its functions, and may have made them when all
 * tables were empty.  So statements about many rows are planned again each
 * time, or their functions rule out the plans that would not do.
 */

CREATE FUNCTION brim.campaign_before_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND NEW.name <> OLD.name)
       AND EXISTS (SELECT FROM brim.generation AS g WHERE g.campaign = OLD.name) THEN
        RAISE EXCEPTION 'campaign "%" has jobs and cannot be deleted or renamed', OLD.name
            USING ERRCODE = 'foreign_key_violation',
                  HINT = format('Switch it off: UPDATE brim.campaign SET is_active = false WHERE name = %L.', OLD.name);
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.name = 'default' THEN
            RAISE EXCEPTION 'campaign "%" comes with the extension and cannot be deleted', OLD.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Switch it off: UPDATE brim.campaign SET is_active = false WHERE name = ''default''.';
        END IF;
        RETURN OLD;
    END IF;

    NEW.is_shipped := false;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION brim.campaign_before_write() IS
    'Takes the shipped mark off a changed campaign, keeps the shipped one and those with jobs from being deleted';
REVOKE EXECUTE ON FUNCTION brim.campaign_before_write() FROM PUBLIC;

CREATE TRIGGER campaign_before_write BEFORE INSERT OR UPDATE OR DELETE ON brim.campaign
    FOR EACH ROW EXECUTE FUNCTION brim.campaign_before_write();

CREATE FUNCTION brim.variant_before_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.campaign = 'default' AND OLD.name IN ('problem_focused', 'roi_focused') THEN
            RAISE EXCEPTION 'variant "%" of campaign "default" comes with the extension and cannot be deleted', OLD.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = format('Switch it off: UPDATE brim.variant SET is_active = false '
                                    'WHERE campaign = ''default'' AND name = %L.', OLD.name);
        END IF;
        RETURN OLD;
    END IF;

    NEW.is_shipped := false;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION brim.variant_before_write() IS 'The same for variants';
REVOKE EXECUTE ON FUNCTION brim.variant_before_write() FROM PUBLIC;

CREATE TRIGGER variant_before_write BEFORE INSERT OR UPDATE OR DELETE ON brim.variant
    FOR EACH ROW EXECUTE FUNCTION brim.variant_before_write();

CREATE FUNCTION brim.queue_campaign(campaign text, min_score integer) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    INSERT INTO brim.generation (node_id, campaign, company_id, score)
    SELECT (SELECT coalesce(max(x.node_id), '') FROM brim.node AS x), queue_campaign.campaign, l.company_id, l.total_score
      FROM brim.lead AS l
     WHERE l.total_score >= queue_campaign.min_score
       AND NOT EXISTS (SELECT FROM brim.generation AS g
                        WHERE g.campaign = queue_campaign.campaign AND g.company_id = l.company_id)
       AND NOT brim.is_suppressed(l.company_id, l.contact_email)
        ON CONFLICT ON CONSTRAINT generation_company_id_campaign_key DO NOTHING;
END;
$$;
COMMENT ON FUNCTION brim.queue_campaign(text, integer) IS
    'Queues the e-mails of a campaign for the stored leads with at least this score';
REVOKE EXECUTE ON FUNCTION brim.queue_campaign(text, integer) FROM PUBLIC;

CREATE FUNCTION brim.new_message_id(campaign text) RETURNS text
    VOLATILE LANGUAGE sql
BEGIN ATOMIC
    SELECT replace(gen_random_uuid()::text, '-', '') || '@'
           || coalesce((SELECT nullif(split_part(c.sender_address, '@', -1), '')
                          FROM brim.campaign AS c WHERE c.name = new_message_id.campaign), 'brim.invalid');
END;
COMMENT ON FUNCTION brim.new_message_id(text) IS
    'Message-ID for an e-mail of the campaign. It is given when the e-mail is queued for the first time, with the '
    'Date; both stay the same on every retry';
REVOKE EXECUTE ON FUNCTION brim.new_message_id(text) FROM PUBLIC;

/*
 * The moves between the queue and where nobody claims.  Each takes a row out
 * of one table and puts it into the other in one statement; who comes second
 * finds the row gone.
 */
CREATE FUNCTION brim.return_unowned(email_ids bigint[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    WITH gone AS (
        DELETE FROM brim.send_ledger AS l
         WHERE l.email_id = ANY (return_unowned.email_ids) AND l.state = 'claimed' AND l.claim_token IS NULL
        RETURNING l.*)
    INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes, footer)
    SELECT g.email_id, g.campaign, g.company_id, e.choice, g.score, g.node_id, g.attempts, g.claims, g.crashes, g.footer
      FROM gone AS g
      JOIN brim.email AS e ON e.email_id = g.email_id;
END;
$$;
COMMENT ON FUNCTION brim.return_unowned(bigint[]) IS
    'Puts e-mails back into the queue that another installation had under way and left behind';
REVOKE EXECUTE ON FUNCTION brim.return_unowned(bigint[]) FROM PUBLIC;

CREATE FUNCTION brim.park_queued(email_ids bigint[], status text, hold_reason text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    WITH gone AS (
        DELETE FROM brim.email_queue AS q
         WHERE q.email_id = ANY (park_queued.email_ids)
        RETURNING q.*)
    INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes,
                                   status, hold_reason, footer)
    SELECT g.email_id, g.campaign, g.company_id, g.choice, g.score, g.node_id, g.attempts, g.claims, g.crashes,
           park_queued.status, park_queued.hold_reason, g.footer
      FROM gone AS g;
END;
$$;
COMMENT ON FUNCTION brim.park_queued(bigint[], text, text) IS 'Takes e-mails out of the queue';
REVOKE EXECUTE ON FUNCTION brim.park_queued(bigint[], text, text) FROM PUBLIC;

-- Somebody may be moving one of them to and fro: the queue is looked through again after the wait for the other table.
CREATE FUNCTION brim.park_emails(email_ids bigint[], status text, hold_reason text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    IF cardinality(email_ids) = 0 THEN
        RETURN;
    END IF;
    PERFORM brim.return_unowned(email_ids);
    PERFORM brim.park_queued(email_ids, status, hold_reason);
    UPDATE brim.email_parked AS p
       SET status = park_emails.status, hold_reason = park_emails.hold_reason
     WHERE p.email_id = ANY (park_emails.email_ids) AND p.status IN ('draft', 'held')
       -- not what the line above has just parked as held
       AND (p.status, p.hold_reason) IS DISTINCT FROM (park_emails.status, park_emails.hold_reason);
    PERFORM brim.park_queued(email_ids, status, hold_reason);
END;
$$;
COMMENT ON FUNCTION brim.park_emails(bigint[], text, text) IS
    'Gives e-mails that wait (queued, draft or held) a status in which nobody claims them';
REVOKE EXECUTE ON FUNCTION brim.park_emails(bigint[], text, text) FROM PUBLIC;

CREATE FUNCTION brim.review_held(email_ids bigint[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF cardinality(email_ids) = 0 THEN
        RETURN;
    END IF;
    WITH held AS MATERIALIZED (
        SELECT p.email_id, s.status, s.hold_reason
          FROM brim.email_parked AS p
          JOIN brim.email AS e ON e.email_id = p.email_id
         CROSS JOIN LATERAL brim.new_email_state(p.campaign, p.company_id, e.recipient) AS s
         WHERE p.email_id = ANY (review_held.email_ids) AND p.status = 'held'
           FOR UPDATE OF p),
    gone AS (
        DELETE FROM brim.email_parked AS p
         USING held AS h
         WHERE p.email_id = h.email_id AND h.status = 'queued'
        RETURNING p.*),
    named AS (
        UPDATE brim.email AS e
           SET message_id = brim.new_message_id(e.campaign), message_date = now()
          FROM gone AS g
         WHERE e.email_id = g.email_id AND e.message_id IS NULL),
    queued AS (
        INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes, footer)
        SELECT g.email_id, g.campaign, g.company_id, g.choice, g.score, g.node_id, g.attempts, g.claims, g.crashes, g.footer
          FROM gone AS g)
    UPDATE brim.email_parked AS p
       SET status = h.status, hold_reason = h.hold_reason
      FROM held AS h
     WHERE p.email_id = h.email_id AND h.status <> 'queued';
END;
$$;
COMMENT ON FUNCTION brim.review_held(bigint[]) IS 'Gives held e-mails the state in which they would begin if they were written now';
REVOKE EXECUTE ON FUNCTION brim.review_held(bigint[]) FROM PUBLIC;

CREATE FUNCTION brim.release_campaign(campaign text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    PERFORM brim.review_held(ARRAY(SELECT p.email_id FROM brim.email_parked AS p
                                    WHERE p.campaign = release_campaign.campaign
                                      AND p.status = 'held' AND p.hold_reason = 'campaign_incomplete'));
END;
$$;
COMMENT ON FUNCTION brim.release_campaign(text) IS 'Lets the e-mails go on that waited for a campaign to be complete';
REVOKE EXECUTE ON FUNCTION brim.release_campaign(text) FROM PUBLIC;

CREATE FUNCTION brim.campaign_after_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    END IF;

    -- New, switched on, or open to lower scores than before.
    IF NEW.is_active AND (TG_OP = 'INSERT' OR NOT OLD.is_active OR NEW.min_score < OLD.min_score) THEN
        PERFORM brim.queue_campaign(NEW.name, NEW.min_score);
    END IF;
    IF TG_OP = 'UPDATE' AND brim.campaign_problem(NEW.product_pitch, NEW.sender_address, NEW.postal_address) IS NULL THEN
        PERFORM brim.release_campaign(NEW.name);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.campaign_after_write() IS
    'Queues what a new or changed campaign admits and releases the e-mails that waited for it to be complete';
REVOKE EXECUTE ON FUNCTION brim.campaign_after_write() FROM PUBLIC;

CREATE TRIGGER campaign_after_write AFTER INSERT OR UPDATE ON brim.campaign
    FOR EACH ROW EXECUTE FUNCTION brim.campaign_after_write();

/*
 * Runs with the rights of the worker, in the transaction in which the worker
 * records the end of a generation.
 */
CREATE FUNCTION brim.store_emails(generation_id bigint, drafts jsonb, generated_by text) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state record;
    v_stored integer;
BEGIN
    SELECT s.status, s.hold_reason INTO v_state
      FROM brim.generation AS g
      JOIN brim.lead AS l ON l.company_id = g.company_id
     CROSS JOIN LATERAL brim.new_email_state(g.campaign, g.company_id, l.contact_email) AS s
     WHERE g.generation_id = store_emails.generation_id;

    WITH written AS (
        INSERT INTO brim.email (generation_id, campaign, company_id, variant, score, choice, node_id, recipient, recipient_name,
                                subject, body, message_id, message_date, generated_by)
        SELECT g.generation_id, g.campaign, g.company_id, d.variant, coalesce(l.total_score, g.score),
               power(random(), 1 / coalesce(v.weight, 1)), n.node_id, left(l.contact_email, 320), left(l.contact_name, 320),
               d.subject, d.body,
               CASE v_state.status WHEN 'queued' THEN brim.new_message_id(g.campaign) END,
               CASE v_state.status WHEN 'queued' THEN now() END,
               store_emails.generated_by
          FROM brim.generation AS g
          JOIN brim.lead AS l ON l.company_id = g.company_id
         CROSS JOIN brim.node AS n
         CROSS JOIN LATERAL jsonb_to_recordset(store_emails.drafts) AS d (variant text, subject text, body text)
          LEFT JOIN brim.variant AS v ON v.campaign = g.campaign AND v.name = d.variant
         WHERE g.generation_id = store_emails.generation_id
            ON CONFLICT (campaign, company_id, variant) DO NOTHING
        RETURNING email_id, campaign, company_id, choice, score, node_id),
    queued AS (
        INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id)
        SELECT w.email_id, w.campaign, w.company_id, w.choice, w.score, w.node_id
          FROM written AS w WHERE v_state.status = 'queued'),
    parked AS (
        INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id, status, hold_reason)
        SELECT w.email_id, w.campaign, w.company_id, w.choice, w.score, w.node_id, v_state.status, v_state.hold_reason
          FROM written AS w WHERE v_state.status <> 'queued')
    SELECT count(*) INTO v_stored FROM written AS w;

    INSERT INTO brim.event (event_type, company_id, data)
    SELECT 'email_generated', g.company_id,
           jsonb_build_object('campaign', g.campaign, 'provider', store_emails.generated_by, 'variants', v_stored)
      FROM brim.generation AS g
     WHERE v_stored > 0 AND g.generation_id = store_emails.generation_id;
    RETURN v_stored;
END;
$$;
COMMENT ON FUNCTION brim.store_emails(bigint, jsonb, text) IS
    'Stores the drafts [{variant, subject, body}] of a generation as e-mails in the state they begin in; returns how '
    'many. None when the lead is gone';
REVOKE EXECUTE ON FUNCTION brim.store_emails(bigint, jsonb, text) FROM PUBLIC;

CREATE FUNCTION brim.waiting_emails(company_ids text[]) RETURNS bigint[]
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    RETURN ARRAY(SELECT q.email_id FROM brim.email_queue AS q
                  WHERE q.company_id = ANY (waiting_emails.company_ids)
                 UNION ALL
                 SELECT p.email_id FROM brim.email_parked AS p
                  WHERE p.company_id = ANY (waiting_emails.company_ids) AND p.status IN ('draft', 'held')
                 UNION ALL
                 SELECT l.email_id FROM brim.send_ledger AS l
                  WHERE l.company_id = ANY (waiting_emails.company_ids) AND l.state = 'claimed' AND l.claim_token IS NULL);
END;
$$;
COMMENT ON FUNCTION brim.waiting_emails(text[]) IS 'The e-mails of companies that wait: queued, draft or held';
REVOKE EXECUTE ON FUNCTION brim.waiting_emails(text[]) FROM PUBLIC;

/*
 * Companies and addresses are found by index, one by one, for the worker puts
 * single addresses on the list.  Domains are looked for in all that waits.
 */
CREATE FUNCTION brim.suppression_of_contacts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off SET jit = off
    SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_companies text[] := ARRAY(SELECT s.value FROM new_rows AS s WHERE s.kind = 'company');
    v_addresses text[] := ARRAY(SELECT s.value FROM new_rows AS s WHERE s.kind = 'address');
BEGIN
    PERFORM brim.park_emails(brim.waiting_emails(v_companies), 'suppressed');
    PERFORM brim.park_emails(ARRAY(SELECT e.email_id FROM brim.email AS e WHERE lower(e.recipient) = ANY (v_addresses)), 'suppressed');

    v_companies := v_companies
                || ARRAY(SELECT l.company_id FROM unnest(v_addresses) AS a (address)
                          CROSS JOIN LATERAL (SELECT x.company_id FROM brim.lead AS x
                                               WHERE lower(x.contact_email) = a.address OFFSET 0) AS l);
    UPDATE brim.generation AS g
       SET status = 'cancelled', hold_reason = NULL, finished_at = now(), error = 'on the do-not-contact list'
     WHERE g.company_id = ANY (v_companies) AND g.status IN ('queued', 'held');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.suppression_of_contacts() IS 'Takes everything that waits for a suppressed address or company out of the queue';
REVOKE EXECUTE ON FUNCTION brim.suppression_of_contacts() FROM PUBLIC;

CREATE TRIGGER suppression_contacts_insert AFTER INSERT ON brim.suppression
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION brim.suppression_of_contacts();
CREATE TRIGGER suppression_contacts_update AFTER UPDATE ON brim.suppression
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION brim.suppression_of_contacts();

CREATE FUNCTION brim.suppression_of_domains() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_nestloop = off SET jit = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_companies text[];
    v_emails bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows AS s WHERE s.kind = 'domain') THEN
        RETURN NULL;
    END IF;

    v_companies := ARRAY(SELECT l.company_id FROM brim.lead AS l
                           JOIN new_rows AS s ON s.value = brim.domain_host(l.domain) WHERE s.kind = 'domain');
    v_emails := ARRAY(SELECT w.email_id
                        FROM (SELECT q.email_id FROM brim.email_queue AS q
                              UNION ALL
                              SELECT p.email_id FROM brim.email_parked AS p WHERE p.status IN ('draft', 'held')) AS w
                        JOIN brim.email AS e ON e.email_id = w.email_id
                        JOIN new_rows AS s ON s.value = split_part(lower(e.recipient), '@', -1)
                       WHERE s.kind = 'domain');
    PERFORM brim.park_emails(brim.waiting_emails(v_companies), 'suppressed');
    PERFORM brim.park_emails(v_emails, 'suppressed');

    v_companies := v_companies || ARRAY(SELECT l.company_id FROM brim.lead AS l
                                          JOIN new_rows AS s ON s.value = split_part(lower(l.contact_email), '@', -1)
                                         WHERE s.kind = 'domain');
    UPDATE brim.generation AS g
       SET status = 'cancelled', hold_reason = NULL, finished_at = now(), error = 'on the do-not-contact list'
     WHERE g.company_id = ANY (v_companies) AND g.status IN ('queued', 'held');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.suppression_of_domains() IS 'The same for domains: those of addresses and those of companies';
REVOKE EXECUTE ON FUNCTION brim.suppression_of_domains() FROM PUBLIC;

CREATE TRIGGER suppression_domains_insert AFTER INSERT ON brim.suppression
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION brim.suppression_of_domains();
CREATE TRIGGER suppression_domains_update AFTER UPDATE ON brim.suppression
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION brim.suppression_of_domains();
