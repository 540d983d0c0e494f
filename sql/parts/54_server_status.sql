/*
 * brim_status(): one row a check, in the order in which things have to be
 * right, and why nothing is sent, if so.  ok: fine; info: good to know;
 * warning: somebody should look; blocked: this keeps e-mails from being
 * generated or sent.
 *
 * Files are named, their contents never shown.
 */

CREATE FUNCTION brim.status_of_server() RETURNS TABLE (check_name text, status text, detail text, hint text)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_launcher record;
    v_role text := nullif(current_setting('brim.worker_role', true), '');
    v_found record;
    v_listed boolean;
    v_worker record;
    v_change text;
BEGIN
    SELECT l.preloaded, l.pid INTO v_launcher FROM brim.launcher() AS l;
    v_launcher.preloaded := coalesce(v_launcher.preloaded, false);
    RETURN QUERY SELECT 'library', CASE WHEN v_launcher.preloaded THEN 'ok' ELSE 'blocked' END,
        CASE WHEN v_launcher.preloaded THEN 'The library is preloaded.'
             ELSE 'The library is not preloaded: there is no worker; everything else works.' END,
        CASE WHEN NOT v_launcher.preloaded
             THEN format('ALTER SYSTEM SET shared_preload_libraries = %s; then restart the server.',
                         (SELECT string_agg(quote_literal(btrim(x, ' "')), ', ' ORDER BY o)
                            FROM string_to_table(concat_ws(',', nullif(current_setting('shared_preload_libraries'), ''), 'brim'), ',')
                                 WITH ORDINALITY AS u (x, o))) END;
    IF v_launcher.preloaded THEN
        RETURN QUERY SELECT 'launcher', CASE WHEN v_launcher.pid IS NULL THEN 'blocked' ELSE 'ok' END,
            CASE WHEN v_launcher.pid IS NULL THEN 'The launcher does not run.'
                 ELSE format('The launcher is process %s.', v_launcher.pid) END,
            CASE WHEN v_launcher.pid IS NULL AND pg_is_in_recovery() THEN 'A standby starts no worker before it is promoted.'
                 WHEN v_launcher.pid IS NULL THEN 'See the server log; max_worker_processes may be too small.' END;
    END IF;
    RETURN QUERY SELECT 'clock', 'warning', format('The clock of the workers is turned ahead by %s.', c.ahead), 'Restart the server.'
       FROM brim.clock_ahead() AS c (ahead) WHERE c.ahead > interval '0';

    v_listed := EXISTS (SELECT FROM string_to_table(coalesce(current_setting('brim.databases', true), ''), ',') AS u (x)
                         WHERE btrim(u.x, ' "') = current_database());
    RETURN QUERY SELECT 'database', CASE WHEN v_listed THEN 'ok' ELSE 'blocked' END,
        format(CASE WHEN v_listed THEN 'brim.databases names %s.' ELSE 'brim.databases does not name %s.' END, quote_ident(current_database())),
        CASE WHEN NOT v_listed
             THEN format('ALTER SYSTEM SET brim.databases = %L; SELECT pg_reload_conf();',
                         concat_ws(', ', nullif(current_setting('brim.databases', true), ''), quote_ident(current_database()))) END;

    SELECT r.rolname, r.rolsuper, r.rolcanlogin,
           has_database_privilege(r.oid, current_database(), 'CONNECT')
           AND has_schema_privilege(r.oid, 'brim', 'USAGE')
           AND has_table_privilege(r.oid, 'brim.outbound_email', 'UPDATE')
           AND has_table_privilege(r.oid, 'brim.generation', 'UPDATE')
           AND has_table_privilege(r.oid, 'brim.send_ledger', 'INSERT')
           AND has_table_privilege(r.oid, 'brim.classification', 'UPDATE') AS has_rights
      INTO v_found FROM pg_roles AS r WHERE r.rolname = v_role;
    RETURN QUERY SELECT 'worker_role',
        CASE WHEN v_found.has_rights AND v_found.rolcanlogin AND NOT v_found.rolsuper THEN 'ok' ELSE 'blocked' END,
        CASE WHEN v_role IS NULL THEN 'brim.worker_role is not set.'
             WHEN v_found.rolname IS NULL THEN format('Role %I does not exist.', v_role)
             WHEN v_found.rolsuper THEN format('Role %I is a superuser; the worker does not run as one.', v_role)
             WHEN NOT v_found.rolcanlogin THEN format('Role %I may not log in.', v_role)
             WHEN NOT v_found.has_rights THEN format('Role %I lacks rights of a worker.', v_role)
             ELSE format('The worker runs as %I.', v_role) END,
        CASE WHEN v_role IS NULL
             THEN 'CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0; SELECT @extschema@.brim_grant(''brim_worker'', ''worker''); ALTER SYSTEM SET brim.worker_role = ''brim_worker''; SELECT pg_reload_conf();'
             WHEN v_found.rolname IS NULL THEN format('CREATE ROLE %1$I LOGIN CONNECTION LIMIT 0; SELECT @extschema@.brim_grant(%2$L, ''worker'');', v_role, quote_ident(v_role))
             WHEN v_found.rolsuper THEN 'CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0; SELECT @extschema@.brim_grant(''brim_worker'', ''worker''); ALTER SYSTEM SET brim.worker_role = ''brim_worker''; SELECT pg_reload_conf();'
             WHEN NOT v_found.rolcanlogin THEN format('ALTER ROLE %I LOGIN CONNECTION LIMIT 0;', v_role)
             WHEN NOT v_found.has_rights THEN format('SELECT @extschema@.brim_grant(%L, ''worker'');', quote_ident(v_role)) END;

    SELECT count(*) AS running, string_agg(format('process %s: %s', w.pid, w.state), ', ' ORDER BY w.worker) AS list,
           bool_or(w.state = 'failing') AS fails, coalesce(current_setting('brim.workers', true), '1')::integer AS wanted
      INTO v_worker FROM brim.worker_slots() AS w;
    RETURN QUERY SELECT 'worker',
        CASE WHEN v_worker.running = 0 OR v_worker.fails THEN 'blocked' WHEN v_worker.running < v_worker.wanted THEN 'warning' ELSE 'ok' END,
        CASE WHEN v_worker.running = 0 THEN 'No worker runs in this database.'
             WHEN v_worker.fails THEN format('Transactions of a worker fail and are tried again (%s).', v_worker.list)
             WHEN v_worker.running < v_worker.wanted
             THEN format('%s of %s workers run: %s.', v_worker.running, v_worker.wanted, v_worker.list)
             WHEN v_worker.running = 1 THEN format('The worker is %s.', v_worker.list)
             ELSE format('%s workers run: %s.', v_worker.running, v_worker.list) END,
        CASE WHEN v_worker.running = 0 THEN 'Settle the points above; what else kept it from starting is in the server log.'
             WHEN v_worker.fails THEN 'The server log says why: a full disk, a lock that somebody holds, a missing right.'
             WHEN v_worker.running < v_worker.wanted THEN 'They may be about to start; else see the server log: max_worker_processes may be too small.' END;

    v_change := brim.installation_change();
    RETURN QUERY SELECT 'node', CASE WHEN n.node_id IS NULL OR v_change IS NOT NULL THEN 'blocked' ELSE 'ok' END,
        CASE WHEN n.node_id IS NULL THEN 'brim.node has no row.'
             WHEN v_change IS NOT NULL THEN 'This is a copy, or was moved: ' || v_change || '.'
             ELSE 'This installation may send from here.' END,
        CASE WHEN v_change IS NOT NULL THEN 'SELECT * FROM @extschema@.brim_arm();' END
       FROM (VALUES (1)) AS one (x) LEFT JOIN brim.node AS n ON true;
    RETURN QUERY SELECT 'standbys', f.status, f.detail || '.',
        'Require them in synchronous_standby_names; or, after all standbys have brim.after_promotion = hold, set it here, too.'
       FROM brim.component_fault('node') AS f WHERE f.detail IS NOT NULL;
    RETURN QUERY SELECT 'paused', CASE WHEN n.is_paused THEN 'blocked' ELSE 'ok' END,
        CASE WHEN n.is_paused THEN 'The worker is paused.' ELSE 'The worker is not paused.' END,
        CASE WHEN n.is_paused THEN 'SELECT @extschema@.brim_resume();' END
       FROM brim.node AS n;
    RETURN QUERY SELECT replace(s.name, 'brim.', ''), CASE WHEN brim.is_on(s.name) THEN 'ok' ELSE 'blocked' END,
        format('%s is %s.', s.name, CASE WHEN brim.is_on(s.name) THEN 'on' ELSE 'off' END),
        CASE WHEN NOT brim.is_on(s.name) THEN format('ALTER SYSTEM SET %s = on; SELECT pg_reload_conf();', s.name) END
       FROM (VALUES ('brim.generate'), ('brim.send')) AS s (name);
    -- Whatever is wrong with it keeps no e-mail from being written or sent.
    RETURN QUERY SELECT 'classify', CASE WHEN NOT s.classify THEN 'info' WHEN s.key IS NULL OR s.fault IS NOT NULL THEN 'warning' ELSE 'ok' END,
        CASE WHEN NOT s.classify THEN 'brim.classify is off: texts about leads are not classified.'
             WHEN s.key IS NULL THEN 'brim.classify is on, but no brim.gemini_api_key_file is set: texts about leads wait.'
             WHEN s.fault IS NOT NULL THEN 'Texts about leads wait: ' || s.fault
             ELSE format('Texts about leads are classified by %s.', current_setting('brim.gemini_model', true)) END,
        CASE WHEN NOT s.classify THEN 'ALTER SYSTEM SET brim.classify = on; SELECT pg_reload_conf(); SELECT @extschema@.brim_classify_leads();'
             WHEN s.key IS NULL THEN 'ALTER SYSTEM SET brim.gemini_api_key_file = ''/path/to/file''; SELECT pg_reload_conf();' END
       FROM (SELECT brim.is_on('brim.classify') AS classify, nullif(current_setting('brim.gemini_api_key_file', true), '') AS key,
                    (SELECT f.detail FROM brim.component_fault('classifier') AS f) AS fault) AS s;
END;
$$;
COMMENT ON FUNCTION brim.status_of_server() IS 'The rows of brim_status() about server, worker and switches';
REVOKE EXECUTE ON FUNCTION brim.status_of_server() FROM PUBLIC;

CREATE FUNCTION brim.component_fault(component text, OUT detail text, OUT status text)
    VOLATILE LANGUAGE sql
BEGIN ATOMIC
    -- A report outlives the worker that made it; then it is history.  When its
    -- time is over the worker tries again as soon as there is something to do.
    SELECT c.detail || CASE WHEN c.retry_at > now()
                            THEN format(' (tries again at %s)', date_trunc('second', c.retry_at) + interval '1 second')
                            ELSE '' END,
           CASE WHEN c.retry_at <= now() THEN 'warning' ELSE 'blocked' END
      FROM brim.component AS c
     WHERE c.component = component_fault.component AND c.state = 'fault'
       AND EXISTS (SELECT FROM brim.worker_slots() AS w WHERE w.pid IS NOT NULL);
END;
COMMENT ON FUNCTION brim.component_fault(text) IS 'What keeps a part of the running worker from its work, as it reported (blocked), or kept it when it last tried (warning); NULLs where nothing does';
REVOKE EXECUTE ON FUNCTION brim.component_fault(text) FROM PUBLIC;

CREATE FUNCTION brim.status_of_services() RETURNS TABLE (check_name text, status text, detail text, hint text)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key text := nullif(current_setting('brim.gemini_api_key_file', true), '');
    v_relay text := nullif(current_setting('brim.smtp_url', true), '');
    v_user text := nullif(current_setting('brim.smtp_username', true), '');
    v_password text := nullif(current_setting('brim.smtp_password_file', true), '');
    v_outbox text := current_setting('brim.outbox_directory', true);
    v_problem text;
    v_login_problem text;
    v_fault record;
BEGIN
    v_problem := brim.file_problem('brim.gemini_api_key_file');
    SELECT f.detail, f.status INTO v_fault FROM brim.component_fault('generator') AS f;
    RETURN QUERY SELECT 'gemini',
        CASE WHEN v_key IS NULL THEN 'info' WHEN v_problem IS NOT NULL THEN 'blocked' ELSE coalesce(v_fault.status, 'ok') END,
        CASE WHEN v_key IS NULL THEN 'No brim.gemini_api_key_file is set: templates are used.'
             WHEN v_problem IS NOT NULL THEN format('The key file cannot be used: %s.', v_problem)
             WHEN v_fault.status = 'blocked'
             THEN format('%s cannot write e-mails now: %s.', current_setting('brim.gemini_model', true), v_fault.detail)
             WHEN v_fault.status = 'warning'
             THEN format('%s could not write e-mails when it was last asked: %s.', current_setting('brim.gemini_model', true), v_fault.detail)
             ELSE format('E-mails are written by %s.', current_setting('brim.gemini_model', true)) END,
        CASE WHEN v_key IS NULL THEN 'ALTER SYSTEM SET brim.gemini_api_key_file = ''/path/to/file''; SELECT pg_reload_conf();'
             WHEN v_problem IS NOT NULL THEN 'The server needs to be able to read the file; it holds the key in its first line.'
             WHEN v_fault.status = 'blocked' THEN 'The jobs wait. After a correction SELECT pg_reload_conf() makes the worker try at once; without brim.gemini_api_key_file templates are used.' END;

    v_problem := CASE WHEN v_relay IS NULL THEN brim.file_problem('brim.outbox_directory') END;
    v_login_problem := CASE WHEN v_relay IS NULL OR v_user IS NULL THEN NULL
                            WHEN v_password IS NULL THEN 'brim.smtp_password_file is not set'
                            ELSE brim.file_problem('brim.smtp_password_file') END;
    SELECT f.detail, f.status INTO v_fault FROM brim.component_fault('relay') AS f WHERE v_login_problem IS NULL;
    RETURN QUERY SELECT 'relay',
        CASE WHEN v_problem IS NOT NULL THEN 'blocked' ELSE coalesce(v_fault.status, CASE WHEN v_relay IS NULL THEN 'info' ELSE 'ok' END) END,
        CASE WHEN v_relay IS NULL AND v_problem IS NULL
             THEN format('No brim.smtp_url is set: messages are written to the outbox directory %s, where they count as sent and reach nobody.', v_outbox)
             WHEN v_relay IS NULL
             THEN format('No brim.smtp_url is set, and the outbox directory cannot be used: %s.', v_problem)
             ELSE format('Messages go to %s.', regexp_replace(v_relay, '//[^@/]*@', '//')) END
        || coalesce(CASE v_fault.status WHEN 'blocked' THEN ' It takes none now: ' ELSE ' The last try failed: ' END || v_fault.detail || '.', ''),
        CASE WHEN v_fault.status = 'blocked'
             THEN 'The e-mails wait and are charged nothing. After a correction SELECT pg_reload_conf() makes the worker try at once.'
             WHEN v_relay IS NULL THEN 'ALTER SYSTEM SET brim.smtp_url = ''smtp://mail.example.com:587''; SELECT pg_reload_conf();' END;
    IF v_relay IS NOT NULL AND v_user IS NULL THEN
        RETURN QUERY SELECT 'relay_login', 'info', 'brim.smtp_username is not set: the worker does not log in to the relay.', NULL;
    ELSIF v_relay IS NOT NULL THEN
        RETURN QUERY SELECT 'relay_login', CASE WHEN v_login_problem IS NULL THEN 'ok' ELSE 'blocked' END,
            CASE WHEN v_login_problem IS NULL THEN 'The worker logs in to the relay.'
                 ELSE format('The worker cannot log in to the relay: %s.', v_login_problem) END,
            CASE WHEN v_login_problem IS NOT NULL THEN 'ALTER SYSTEM SET brim.smtp_password_file = ''/path/to/file''; SELECT pg_reload_conf();' END;
    END IF;
    IF v_relay ~* '^smtp://([^@/]*@)?(localhost|127\.[0-9.]+|\[::1\])([:/]|$)' THEN
        RETURN QUERY SELECT 'relay_encryption', 'info', 'The relay is on this machine: the connection may be plain.', NULL;
    END IF;
    v_problem := brim.file_problem('brim.ca_file');
    IF v_problem IS NOT NULL THEN
        RETURN QUERY SELECT 'ca_file', 'blocked', format('brim.ca_file cannot be used: %s.', v_problem),
            'The file holds the certificates that servers are checked with; empty stands for the system''s.';
    END IF;
END;
$$;
COMMENT ON FUNCTION brim.status_of_services() IS 'The rows of brim_status() about Gemini and the mail relay, with what the worker reported of them';
REVOKE EXECUTE ON FUNCTION brim.status_of_services() FROM PUBLIC;

CREATE FUNCTION brim.status_of_queue() RETURNS TABLE (check_name text, status text, detail text, hint text)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT 'campaign ' || c.name,
        CASE WHEN NOT c.is_active THEN 'info' WHEN f.problem IS NOT NULL OR NOT f.has_variant THEN 'blocked' ELSE 'ok' END,
        CASE WHEN NOT c.is_active THEN 'The campaign is not active.'
             WHEN f.problem IS NOT NULL THEN 'The campaign is incomplete: ' || f.problem || '.'
             WHEN NOT f.has_variant THEN 'The campaign has no active variant, so nothing is written for it.'
             ELSE 'The campaign is complete.' END,
        CASE WHEN NOT c.is_active THEN NULL
             WHEN f.problem IS NOT NULL
             THEN format('UPDATE brim.campaign SET product_pitch = ..., sender_address = ..., postal_address = ... WHERE name = %L;', c.name)
             WHEN NOT f.has_variant
             THEN format('INSERT INTO brim.variant (campaign, name, instruction) SELECT %L, name, instruction FROM brim.variant WHERE campaign = ''default'';', c.name) END
       FROM brim.campaign AS c
      CROSS JOIN LATERAL (SELECT brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address) AS problem,
                                 EXISTS (SELECT FROM brim.variant AS v WHERE v.campaign = c.name AND v.is_active) AS has_variant) AS f
      ORDER BY c.name;
    RETURN QUERY SELECT 'campaigns', 'blocked', 'No campaign is active.', 'UPDATE brim.campaign SET is_active = true WHERE name = ...;'
      WHERE NOT EXISTS (SELECT FROM brim.campaign AS c WHERE c.is_active);
    RETURN QUERY SELECT 'generations', CASE WHEN count(*) FILTER (WHERE g.status IN ('held', 'failed')) > 0 THEN 'warning' ELSE 'ok' END,
        format('%s wait, %s run, %s are held, %s failed.', count(*) FILTER (WHERE g.status = 'queued'),
               count(*) FILTER (WHERE g.status = 'running'), count(*) FILTER (WHERE g.status = 'held'),
               count(*) FILTER (WHERE g.status = 'failed')),
        CASE WHEN count(*) FILTER (WHERE g.status IN ('held', 'failed')) > 0
             THEN 'SELECT @extschema@.brim_retry_generation(generation_id) FROM brim.generation WHERE status IN (''held'', ''failed'');' END
       FROM brim.generation AS g WHERE g.status IN ('queued', 'running', 'held', 'failed');
    RETURN QUERY SELECT 'generations to retry', 'warning',
        format('%s jobs failed and are tried again, one of them since: %s', count(*),
               (array_agg(coalesce(g.error, 'no reason is known') ORDER BY g.next_attempt_at))[1]), NULL
       FROM brim.generation AS g WHERE g.status = 'queued' AND g.error IS NOT NULL HAVING count(*) > 0;
    RETURN QUERY SELECT 'e-mails', 'ok',
        format('%s wait, %s are under way, %s sent, %s failed, %s suppressed.', count(*) FILTER (WHERE e.status = 'queued'),
               count(*) FILTER (WHERE e.status IN ('claimed', 'committing')), count(*) FILTER (WHERE e.status = 'sent'),
               count(*) FILTER (WHERE e.status = 'failed'), count(*) FILTER (WHERE e.status = 'suppressed')), NULL
       FROM brim.outbound_email AS e;
    RETURN QUERY SELECT 'e-mails to retry', 'warning',
        format('%s e-mails were put off by the mail server and are tried again, one of them since: %s', count(*),
               (SELECT a.reply FROM brim.email_attempt AS a
                 WHERE a.email_id = (array_agg(e.email_id ORDER BY e.next_attempt_at))[1]
                 ORDER BY a.attempt_no DESC LIMIT 1)), NULL
       FROM brim.outbound_email AS e WHERE e.status = 'queued' AND e.attempts > 0 HAVING count(*) > 0;
    RETURN QUERY SELECT 'drafts', 'info', format('%s e-mails wait for approval.', count(*)),
        'SELECT @extschema@.brim_approve(email_id) FROM brim.outbound_email WHERE status = ''draft'';'
       FROM brim.outbound_email AS e WHERE e.status = 'draft' HAVING count(*) > 0;
    RETURN QUERY SELECT 'held ' || e.hold_reason, 'warning', format('%s e-mails are held: %s.', count(*), e.hold_reason),
        'SELECT * FROM brim.queue_blocked WHERE kind = ''email'' AND status = ''held'';'
       FROM brim.outbound_email AS e WHERE e.status = 'held' GROUP BY e.hold_reason ORDER BY e.hold_reason;
    RETURN QUERY SELECT 'uncertain', 'warning',
        format('%s e-mails may or may not have been delivered.', count(*)),
        'See brim.email_attempt and ask the relay for the Message-ID; then @extschema@.brim_resolve(email_id, verdict, note).'
       FROM brim.outbound_email AS e WHERE e.status = 'uncertain' HAVING count(*) > 0;
    RETURN QUERY SELECT 'other_node', 'warning', format('%s e-mails were queued by another installation.', count(*)),
        'SELECT @extschema@.brim_release(email_id) FROM brim.queue_blocked JOIN brim.outbound_email ON email_id = id WHERE kind = ''email'' AND reason = ''other_node'';'
       FROM brim.outbound_email AS e
      WHERE e.status = 'queued' AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = e.node_id) HAVING count(*) > 0;
    RETURN QUERY SELECT 'other_node jobs', 'warning', format('%s jobs that write e-mails were queued by another installation.', count(*)),
        'SELECT @extschema@.brim_retry_generation(id) FROM brim.queue_blocked WHERE kind = ''generation'' AND reason = ''other_node'';'
       FROM brim.generation AS g
      WHERE g.status = 'queued' AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = g.node_id) HAVING count(*) > 0;
    RETURN QUERY SELECT 'classifications', CASE WHEN count(*) FILTER (WHERE c.status IN ('held', 'failed')) > 0 THEN 'warning' ELSE 'ok' END,
        format('%s texts wait, %s are asked about, %s are classified, %s are held, %s failed.', count(*) FILTER (WHERE c.status = 'queued'),
               count(*) FILTER (WHERE c.status = 'running'), count(*) FILTER (WHERE c.status = 'done'),
               count(*) FILTER (WHERE c.status = 'held'), count(*) FILTER (WHERE c.status = 'failed')),
        CASE WHEN count(*) FILTER (WHERE c.status IN ('held', 'failed')) > 0
             THEN 'SELECT @extschema@.brim_retry_classification(content_hash) FROM brim.classification WHERE status IN (''held'', ''failed'');' END
       FROM brim.classification AS c HAVING count(*) > 0;
    RETURN QUERY SELECT 'classifications to retry', 'warning',
        format('%s texts are asked about again, one of them since: %s', count(*),
               (array_agg(c.error ORDER BY c.next_attempt_at))[1]), NULL
       FROM brim.classification AS c WHERE c.status = 'queued' AND c.error IS NOT NULL HAVING count(*) > 0;
    RETURN QUERY SELECT 'other_node texts', 'warning', format('%s texts were queued by another installation.', count(*)),
        'SELECT @extschema@.brim_retry_classification(content_hash) FROM brim.classification WHERE status = ''queued'' AND node_id <> (SELECT node_id FROM brim.node);'
       FROM brim.classification AS c
      WHERE c.status = 'queued' AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = c.node_id) HAVING count(*) > 0;
    RETURN QUERY SELECT 'events of leads', 'warning', format('%s leads could not be given their events, one of them since: %s', count(*),
               (array_agg(p.error ORDER BY p.due_at))[1]), 'Settle that; they are tried again every hour.'
       FROM brim.pending_lead AS p WHERE p.error IS NOT NULL HAVING count(*) > 0;
    RETURN QUERY SELECT 'leads', 'info', format('%s leads that get e-mails have no contact_email.', count(*)), NULL
       FROM brim.generation AS g JOIN brim.lead AS l ON l.company_id = g.company_id
      WHERE g.status IN ('queued', 'running') AND btrim(coalesce(l.contact_email, '')) = '' HAVING count(*) > 0;
END;
$$;
COMMENT ON FUNCTION brim.status_of_queue() IS 'The rows of brim_status() about campaigns, jobs and e-mails';
REVOKE EXECUTE ON FUNCTION brim.status_of_queue() FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_status() RETURNS TABLE (check_name text, status text, detail text, hint text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row record;
    v_causes text[] := '{}';
    v_writing text[] := '{}';
    v_next timestamptz;
BEGIN
    FOR v_row IN SELECT s.* FROM brim.status_of_server() AS s
                 UNION ALL SELECT s.* FROM brim.status_of_services() AS s
                 UNION ALL SELECT s.* FROM brim.status_of_queue() AS s
    LOOP
        check_name := v_row.check_name;
        status := v_row.status;
        detail := v_row.detail;
        hint := v_row.hint;
        RETURN NEXT;
        -- An incomplete campaign stops only itself; without a writer what is written is still sent.
        IF status = 'blocked' AND check_name IN ('generate', 'gemini') THEN
            v_writing := v_writing || detail;
        ELSIF status = 'blocked' AND check_name NOT LIKE 'campaign %' THEN
            v_causes := v_causes || detail;
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM brim.campaign AS c WHERE c.is_active)
       AND NOT EXISTS (SELECT FROM brim.campaign AS c WHERE c.is_active
                          AND brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address) IS NULL) THEN
        v_causes := v_causes || 'No active campaign is complete.'::text;
    END IF;

    -- Of the variants of a company the one with the highest choice goes first.
    SELECT min(e.next_attempt_at) INTO v_next
      FROM brim.outbound_email AS e
      JOIN brim.campaign AS c ON c.name = e.campaign AND c.is_active
      JOIN brim.node AS n ON n.node_id = e.node_id
     WHERE e.status = 'queued'
       AND brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address) IS NULL
       AND NOT EXISTS (SELECT FROM brim.outbound_email AS x
                        WHERE x.campaign = e.campaign AND x.company_id = e.company_id
                          AND (x.status IN ('claimed', 'committing', 'sent', 'uncertain')
                               OR x.status = 'queued' AND x.node_id = e.node_id AND (x.choice, x.email_id) > (e.choice, e.email_id)))
       AND NOT EXISTS (SELECT FROM brim.send_ledger AS x
                        WHERE x.campaign = e.campaign AND x.company_id = e.company_id AND x.state NOT IN ('refused', 'released'));
    v_next := least(v_next, (SELECT min(g.next_attempt_at)
                               FROM brim.generation AS g
                               JOIN brim.campaign AS c ON c.name = g.campaign AND c.is_active AND btrim(c.product_pitch) <> ''
                              WHERE g.status = 'queued'
                                AND EXISTS (SELECT FROM brim.variant AS v WHERE v.campaign = c.name AND v.is_active)));

    check_name := 'summary';
    status := CASE WHEN v_causes = '{}' AND v_writing = '{}' THEN 'ok' ELSE 'blocked' END;
    hint := CASE WHEN status = 'blocked' THEN 'The rows above say what to do.' END;
    detail := CASE WHEN v_causes <> '{}' THEN 'Nothing is sent. ' || array_to_string(v_causes || v_writing, ' ')
                   WHEN v_writing <> '{}' THEN 'Nothing new is written; what is written already is sent. ' || array_to_string(v_writing, ' ')
                   WHEN EXISTS (SELECT FROM brim.generation AS g WHERE g.status = 'running')
                     OR EXISTS (SELECT FROM brim.outbound_email AS e WHERE e.status IN ('claimed', 'committing'))
                     OR v_next <= now()
                   THEN 'E-mails are written and sent.'
                   WHEN v_next IS NOT NULL
                   THEN format('All is set up; the next that waits is due at %s.', date_trunc('second', v_next) + interval '1 second')
                   WHEN EXISTS (SELECT FROM brim.outbound_email AS e WHERE e.status IN ('draft', 'held', 'queued'))
                     OR EXISTS (SELECT FROM brim.generation AS g WHERE g.status IN ('held', 'queued'))
                   THEN 'All is set up; what waits is held or needs approval, as brim.queue_blocked tells.'
                   ELSE 'All is set up; nothing waits.' END;
    RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_status() IS 'One row a check: what is set up, what is not, what to do; the last row says why nothing is sent, if so';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_status() FROM PUBLIC;
