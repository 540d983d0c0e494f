/*
 * This installation: pausing it, and arming it at a new place.
 *
 * brim.node says where the installation may send.  When the database was
 * copied or moved with it, what is stored differs from the present place; the
 * worker is disarmed then until somebody who knows that the original sends no
 * more calls brim_arm().
 */

CREATE FUNCTION brim.set_paused(paused boolean) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_changed boolean;
BEGIN
    UPDATE brim.node AS n SET is_paused = paused WHERE n.is_paused <> paused;
    v_changed := FOUND;
    INSERT INTO brim.event (event_type, data)
    SELECT CASE WHEN paused THEN 'worker_paused' ELSE 'worker_resumed' END, jsonb_build_object('by', session_user)
     WHERE v_changed;
    RETURN v_changed;
END;
$$;
COMMENT ON FUNCTION brim.set_paused(boolean) IS 'Pauses the worker or lets it continue; true when that is a change';
REVOKE EXECUTE ON FUNCTION brim.set_paused(boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_pause() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN brim.set_paused(true);
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_pause() IS
    'Pauses the worker of this database: it generates and sends nothing new; false when it was paused already';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_pause() FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_resume() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN brim.set_paused(false);
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_resume() IS 'Lets a paused worker go on; false when it was not paused';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_resume() FROM PUBLIC;

CREATE FUNCTION brim.installation_change() RETURNS text
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT nullif(concat_ws('; ',
               CASE WHEN n.system_identifier <> p.system_identifier
                    THEN format('system identifier was %s, is %s', n.system_identifier, p.system_identifier) END,
               CASE WHEN n.timeline_id <> p.timeline_id THEN format('timeline was %s, is %s', n.timeline_id, p.timeline_id) END,
               CASE WHEN n.database_oid <> p.database_oid THEN format('database oid was %s, is %s', n.database_oid, p.database_oid) END,
               CASE WHEN n.host <> p.host THEN format('host was %s, is %s', n.host, p.host) END,
               CASE WHEN n.data_directory <> p.data_directory
                    THEN format('data directory was %s, is %s', n.data_directory, p.data_directory) END), '')
      FROM brim.node AS n CROSS JOIN brim.installation() AS p;
END;
COMMENT ON FUNCTION brim.installation_change() IS 'What differs between the place in brim.node and the present one; NULL when nothing does';
REVOKE EXECUTE ON FUNCTION brim.installation_change() FROM PUBLIC;

/*
 * Called by the worker.  A promoted standby differs from its primary in
 * timeline, host and data directory.  It may go on by itself if it was relied
 * on, so that it knows every barrier: brim.node names it.
 */
CREATE FUNCTION brim.resume_after_promotion() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_change text := brim.installation_change();
BEGIN
    UPDATE brim.node AS n
       SET timeline_id = p.timeline_id, host = p.host, data_directory = p.data_directory, confirmed_by = NULL, armed_at = now()
      FROM brim.installation() AS p CROSS JOIN brim.promotion() AS r
     WHERE r.resumes AND r.was_standby AND r.name = ANY (string_to_array(n.confirmed_by, ', '))
       AND n.system_identifier = p.system_identifier AND n.database_oid = p.database_oid AND n.timeline_id < p.timeline_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO brim.event (event_type, data)
    VALUES ('worker_armed', jsonb_build_object('by', session_user, 'change', v_change, 'cause', 'promotion'));
    RETURN true;
END;
$$;
COMMENT ON FUNCTION brim.resume_after_promotion() IS
    'Arms a promoted standby that knows every barrier, where brim.after_promotion allows it; true when it did';
REVOKE EXECUTE ON FUNCTION brim.resume_after_promotion() FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_arm(confirm text DEFAULT NULL, waiting text DEFAULT 'hold')
    RETURNS TABLE (item text, count bigint, detail text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_change text;
    v_token text;
    v_node text;
BEGIN
    IF waiting IS NULL OR waiting NOT IN ('hold', 'release') THEN
        RAISE EXCEPTION 'invalid choice %', coalesce(quote_literal(left(waiting, 100)), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'hold: what waits is held for people to look at; '
                         'release: the original was stopped before the copy was complete, or sent nothing since.';
    END IF;
    SELECT n.node_id INTO v_node FROM brim.node AS n FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'brim.node has no row' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'It is made by CREATE EXTENSION brim.';
    END IF;

    v_change := brim.installation_change();
    IF v_change IS NULL THEN
        RETURN QUERY SELECT 'armed', 1::bigint, 'This installation may send; brim.node describes the present place.';
        RETURN;
    END IF;

    -- The token stands for the present place, so it is of no use anywhere else.
    SELECT left(encode(sha256(convert_to(concat_ws(chr(1), v_node, p.system_identifier, p.timeline_id, p.database_oid,
                                                   p.host, p.data_directory), 'UTF8')), 'hex'), 12)
      INTO v_token FROM brim.installation() AS p;
    IF confirm IS NOT NULL AND confirm <> v_token THEN
        RAISE EXCEPTION 'invalid confirmation %', quote_literal(left(confirm, 100))
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'SELECT * FROM brim_arm() shows what would be released and the confirmation for this place.';
    END IF;

    RETURN QUERY
    SELECT 'place', 1::bigint, v_change
    UNION ALL
    SELECT CASE waiting WHEN 'hold' THEN 'held' ELSE 'released' END, count(*),
           format(CASE waiting WHEN 'hold' THEN 'queued e-mails of campaign "%s": the original may have sent them since; see brim_release()'
                               ELSE 'queued e-mails of campaign "%s" that are sent from here' END, e.campaign)
      FROM brim.email_queue AS e WHERE e.node_id = v_node GROUP BY e.campaign
    UNION ALL
    SELECT 'uncertain', count(*), 'e-mails in flight when the copy was made: they become uncertain, see brim_resolve()'
      FROM brim.send_ledger AS l WHERE l.state IN ('claimed', 'committing')
    UNION ALL
    SELECT 'jobs', count(*), CASE waiting WHEN 'hold' THEN 'jobs that write e-mails: they are held, see brim_retry_generation()'
                                            ELSE 'jobs that write e-mails: they go on from here' END
      FROM brim.generation AS g WHERE g.status IN ('queued', 'running') AND g.node_id = v_node
    UNION ALL
    SELECT 'texts', count(*), CASE waiting WHEN 'hold' THEN 'texts to be classified: they are held, see brim_retry_classification()'
                                           ELSE 'texts to be classified: they go on from here' END
      FROM brim.classification AS c WHERE c.status IN ('queued', 'running') AND c.node_id = v_node HAVING count(*) > 0
    UNION ALL
    SELECT 'other_node', count(*), 'waiting e-mails of other installations: they stay, see brim_release()'
      FROM (SELECT q.node_id FROM brim.email_queue AS q
            UNION ALL
            SELECT p.node_id FROM brim.email_parked AS p WHERE p.status IN ('draft', 'held')) AS w
     WHERE w.node_id <> v_node;
    IF confirm IS NULL THEN
        RETURN QUERY
        SELECT 'confirm', 1::bigint,
               format('Where the original sends no more: SELECT * FROM @extschema@.brim_arm(%L)', v_token)
        UNION ALL
        SELECT 'confirm', 1::bigint,
               format('Where it was stopped before the copy was complete, so that the copy knows all that was sent: '
                       'SELECT * FROM @extschema@.brim_arm(%L, ''release'')', v_token);
        RETURN;
    END IF;

    INSERT INTO brim.event (event_type, company_id, email_id, data)
    SELECT 'email_uncertain', e.company_id, e.email_id,
           jsonb_build_object('campaign', e.campaign, 'variant', e.variant, 'message_id', e.message_id, 'cause', 'copied while in flight')
      FROM brim.send_ledger AS l
      JOIN brim.email AS e ON e.email_id = l.email_id
     WHERE l.state IN ('claimed', 'committing');
    -- A worker here that still has them stays their owner.
    UPDATE brim.send_ledger AS l SET state = 'uncertain' WHERE l.state IN ('claimed', 'committing');
    IF waiting = 'hold' THEN
        PERFORM brim.park_queued(ARRAY(SELECT q.email_id FROM brim.email_queue AS q WHERE q.node_id = v_node), 'held', 'copied');
        UPDATE brim.generation AS g SET status = 'held', hold_reason = 'copied', claim_token = NULL, claimed_by = NULL
         WHERE g.status IN ('queued', 'running') AND g.node_id = v_node;
        UPDATE brim.classification AS c SET status = 'held', hold_reason = 'copied', claim_token = NULL, claimed_by = NULL
         WHERE c.status IN ('queued', 'running') AND c.node_id = v_node;
    ELSE
        UPDATE brim.generation AS g SET status = 'queued', claim_token = NULL, claimed_by = NULL WHERE g.status = 'running';
        UPDATE brim.classification AS c SET status = 'queued', claim_token = NULL, claimed_by = NULL WHERE c.status = 'running';
    END IF;
    UPDATE brim.node AS n
       SET system_identifier = p.system_identifier, timeline_id = p.timeline_id, database_oid = p.database_oid,
           host = p.host, data_directory = p.data_directory, confirmed_by = NULL, armed_at = now()
      FROM brim.installation() AS p;
    INSERT INTO brim.event (event_type, data)
    VALUES ('worker_armed', jsonb_build_object('by', session_user, 'change', v_change, 'waiting', waiting));
    RETURN QUERY SELECT 'armed', 1::bigint, 'This installation may send now.';
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_arm(text, text) IS
    'Lets a copied or moved installation send: without an argument it shows what that would do and the confirmation '
    'to give; what waits is held unless waiting is release';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_arm(text, text) FROM PUBLIC;
