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
COMMENT ON FUNCTION brim.queue_campaign(text, integer) IS 'Queues the e-mails of a campaign for the stored leads with at least this score';
REVOKE EXECUTE ON FUNCTION brim.queue_campaign(text, integer) FROM PUBLIC;

CREATE FUNCTION brim.release_campaign(campaign text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    UPDATE brim.outbound_email AS e
       SET status = s.status, hold_reason = s.hold_reason, next_attempt_at = now()
      FROM brim.outbound_email AS w
     CROSS JOIN LATERAL brim.new_email_state(w.campaign, w.company_id, w.recipient) AS s
     WHERE w.campaign = release_campaign.campaign AND w.status = 'held' AND w.hold_reason = 'campaign_incomplete'
       AND e.email_id = w.email_id AND e.status = 'held' AND e.hold_reason = 'campaign_incomplete';
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

CREATE FUNCTION brim.email_before_queue() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.message_id := replace(gen_random_uuid()::text, '-', '') || '@'
        || coalesce((SELECT nullif(split_part(c.sender_address, '@', -1), '')
                       FROM brim.campaign AS c WHERE c.name = NEW.campaign), 'brim.invalid');
    NEW.message_date := now();
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION brim.email_before_queue() IS
    'Fixes Message-ID and Date when an e-mail is queued for the first time; they stay the same on every retry';
REVOKE EXECUTE ON FUNCTION brim.email_before_queue() FROM PUBLIC;

CREATE TRIGGER email_before_queue BEFORE INSERT OR UPDATE ON brim.outbound_email
    FOR EACH ROW WHEN (NEW.status = 'queued' AND NEW.message_id IS NULL)
    EXECUTE FUNCTION brim.email_before_queue();

/*
 * Runs with the rights of the worker, in the transaction in which the worker
 * records the end of a generation.
 */
CREATE FUNCTION brim.store_emails(generation_id bigint, drafts jsonb, generated_by text) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_stored integer;
BEGIN
    INSERT INTO brim.outbound_email (generation_id, campaign, company_id, variant, score, choice, status, hold_reason,
                                     node_id, recipient, recipient_name, subject, body, generated_by)
    SELECT g.generation_id, g.campaign, g.company_id, d.variant, coalesce(l.total_score, g.score),
           power(random(), 1 / coalesce(v.weight, 1)), s.status, s.hold_reason, n.node_id,
           left(l.contact_email, 320), left(l.contact_name, 320), d.subject, d.body, store_emails.generated_by
      FROM brim.generation AS g
      JOIN brim.lead AS l ON l.company_id = g.company_id
     CROSS JOIN brim.node AS n
     CROSS JOIN LATERAL brim.new_email_state(g.campaign, g.company_id, l.contact_email) AS s
     CROSS JOIN LATERAL jsonb_to_recordset(store_emails.drafts) AS d (variant text, subject text, body text)
      LEFT JOIN brim.variant AS v ON v.campaign = g.campaign AND v.name = d.variant
     WHERE g.generation_id = store_emails.generation_id
        ON CONFLICT (campaign, company_id, variant) DO NOTHING;
    GET DIAGNOSTICS v_stored = ROW_COUNT;

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
    UPDATE brim.outbound_email AS e
       SET status = 'suppressed', hold_reason = NULL
     WHERE e.company_id = ANY (v_companies) AND e.status IN ('draft', 'queued', 'held');

    UPDATE brim.outbound_email AS e
       SET status = 'suppressed', hold_reason = NULL
     WHERE lower(e.recipient) = ANY (v_addresses) AND e.status IN ('draft', 'queued', 'held');

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
    v_emails := ARRAY(SELECT e.email_id FROM brim.outbound_email AS e
                        JOIN new_rows AS s ON s.value = split_part(lower(e.recipient), '@', -1)
                       WHERE s.kind = 'domain' AND e.status IN ('draft', 'queued', 'held'));
    UPDATE brim.outbound_email AS e
       SET status = 'suppressed', hold_reason = NULL
     WHERE e.company_id = ANY (v_companies) AND e.status IN ('draft', 'queued', 'held');

    UPDATE brim.outbound_email AS e
       SET status = 'suppressed', hold_reason = NULL
     WHERE e.email_id = ANY (v_emails) AND e.status IN ('draft', 'queued', 'held');

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
