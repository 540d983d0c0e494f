/*
 * brim_status(): one row a check, in the order in which things have to be
 * right, and why nothing is sent, if so.  ok: fine; info: good to know;
 * warning: somebody should look; blocked: this keeps e-mails from being
 * written or sent.
 *
 * Each check is a function of its own, brim.check_NAME(), which computes its
 * state from what the worker goes by; brim_status() is their union, and the
 * only place that knows their order and what a blocked one stops.  A check
 * gives no row where there is nothing to say.
 *
 * Files are named, their contents never shown.
 */

CREATE TYPE brim.check_result AS (check_name text, status text, detail text, hint text);
COMMENT ON TYPE brim.check_result IS
    'One row of brim_status(): what was looked at, its state (ok, info, warning, blocked), why, and what to do';
COMMENT ON COLUMN brim.check_result.check_name IS 'What was looked at';
COMMENT ON COLUMN brim.check_result.status IS 'ok, info, warning or blocked';
COMMENT ON COLUMN brim.check_result.detail IS 'What was found, as a sentence';
COMMENT ON COLUMN brim.check_result.hint IS 'What to do, where possible as a statement; NULL: nothing';

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
COMMENT ON FUNCTION brim.component_fault(text) IS
    'What keeps a part of the running worker from its work, as it reported (blocked), or kept it when it last tried '
    '(warning); NULLs where nothing does';
REVOKE EXECUTE ON FUNCTION brim.component_fault(text) FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Server, worker and switches
-- ---------------------------------------------------------------------------

CREATE FUNCTION brim.check_library() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'library',
           CASE WHEN s.is_preloaded THEN 'ok' ELSE 'blocked' END,
           CASE WHEN s.is_preloaded THEN 'The library is preloaded.'
                ELSE 'The library is not preloaded: there is no worker; everything else works.' END,
           CASE WHEN NOT s.is_preloaded
                THEN format('ALTER SYSTEM SET shared_preload_libraries = %s; then restart the server.',
                            (SELECT string_agg(quote_literal(btrim(u.x, ' "')), ', ' ORDER BY u.o)
                               FROM string_to_table(concat_ws(',', nullif(current_setting('shared_preload_libraries'), ''), 'brim'), ',')
                                    WITH ORDINALITY AS u (x, o))) END
      FROM (SELECT coalesce(l.preloaded, false) AS is_preloaded FROM brim.launcher() AS l) AS s;
END;
COMMENT ON FUNCTION brim.check_library() IS
    'Row of brim_status(): whether the library is preloaded, without which there is no worker';
REVOKE EXECUTE ON FUNCTION brim.check_library() FROM PUBLIC;

CREATE FUNCTION brim.check_version() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'version',
           'blocked',
           format('Version %s is installed in this database, but the library has version %s.', e.extversion, brim.library_version()),
           format('Install the library of version %s and restart the server.', e.extversion)
      FROM pg_extension AS e
     WHERE e.extname = 'brim' AND e.extversion <> brim.library_version();
END;
COMMENT ON FUNCTION brim.check_version() IS
    'Row of brim_status(): that library and SQL are not of one version; no row where they are';
REVOKE EXECUTE ON FUNCTION brim.check_version() FROM PUBLIC;

CREATE FUNCTION brim.check_launcher() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'launcher',
           CASE WHEN l.pid IS NULL THEN 'blocked' ELSE 'ok' END,
           CASE WHEN l.pid IS NULL THEN 'The launcher does not run.'
                ELSE format('The launcher is process %s.', l.pid) END,
           CASE WHEN l.pid IS NULL AND pg_is_in_recovery() THEN 'A standby starts no worker before it is promoted.'
                WHEN l.pid IS NULL THEN 'See the server log; max_worker_processes may be too small.' END
      FROM brim.launcher() AS l
     WHERE l.preloaded;
END;
COMMENT ON FUNCTION brim.check_launcher() IS
    'Row of brim_status(): the process that starts workers; no row where the library is not preloaded';
REVOKE EXECUTE ON FUNCTION brim.check_launcher() FROM PUBLIC;

CREATE FUNCTION brim.check_clock() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'clock', 'warning', format('The clock of the workers is turned ahead by %s.', c.ahead), 'Restart the server.'
      FROM brim.clock_ahead() AS c (ahead)
     WHERE c.ahead > interval '0';
END;
COMMENT ON FUNCTION brim.check_clock() IS 'Row of brim_status(): a clock of the workers that a test has turned; no row while it is right';
REVOKE EXECUTE ON FUNCTION brim.check_clock() FROM PUBLIC;

CREATE FUNCTION brim.check_database() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'database',
           CASE WHEN s.is_listed THEN 'ok' ELSE 'blocked' END,
           format(CASE WHEN s.is_listed THEN 'brim.databases names %s.' ELSE 'brim.databases does not name %s.' END,
                  quote_ident(current_database())),
           CASE WHEN NOT s.is_listed
                THEN format('ALTER SYSTEM SET brim.databases = %L; SELECT pg_reload_conf();',
                            concat_ws(', ', nullif(current_setting('brim.databases', true), ''), quote_ident(current_database()))) END
      FROM (SELECT EXISTS (SELECT FROM string_to_table(coalesce(current_setting('brim.databases', true), ''), ',') AS u (x)
                            WHERE btrim(u.x, ' "') = current_database()) AS is_listed) AS s;
END;
COMMENT ON FUNCTION brim.check_database() IS 'Row of brim_status(): whether brim.databases names this database';
REVOKE EXECUTE ON FUNCTION brim.check_database() FROM PUBLIC;

CREATE FUNCTION brim.check_worker_role() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'worker_role',
           CASE WHEN r.rolname IS NOT NULL AND NOT r.rolsuper AND r.rolcanlogin AND r.has_rights THEN 'ok' ELSE 'blocked' END,
           CASE WHEN s.role IS NULL THEN 'brim.worker_role is not set.'
                WHEN r.rolname IS NULL THEN format('Role %I does not exist.', s.role)
                WHEN r.rolsuper THEN format('Role %I is a superuser; the worker does not run as one.', s.role)
                WHEN NOT r.rolcanlogin THEN format('Role %I may not log in.', s.role)
                WHEN NOT r.has_rights THEN format('Role %I lacks rights of a worker.', s.role)
                ELSE format('The worker runs as %I.', s.role) END,
           CASE WHEN s.role IS NULL OR r.rolsuper
                THEN 'CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0; '
                     'SELECT @extschema@.brim_grant(''brim_worker'', ''worker''); '
                     'ALTER SYSTEM SET brim.worker_role = ''brim_worker''; SELECT pg_reload_conf();'
                WHEN r.rolname IS NULL
                THEN format('CREATE ROLE %1$I LOGIN CONNECTION LIMIT 0; SELECT @extschema@.brim_grant(%2$L, ''worker'');',
                            s.role, quote_ident(s.role))
                WHEN NOT r.rolcanlogin THEN format('ALTER ROLE %I LOGIN CONNECTION LIMIT 0;', s.role)
                WHEN NOT r.has_rights
                THEN format('SELECT @extschema@.brim_grant(%L, ''worker'');', quote_ident(s.role)) END
      FROM (SELECT nullif(current_setting('brim.worker_role', true), '') AS role) AS s
      LEFT JOIN LATERAL
           (SELECT p.rolname, p.rolsuper, p.rolcanlogin,
                   has_database_privilege(p.oid, current_database(), 'CONNECT')
                   AND has_schema_privilege(p.oid, 'brim', 'USAGE')
                   AND has_table_privilege(p.oid, 'brim.email', 'INSERT')
                   AND has_table_privilege(p.oid, 'brim.email_queue', 'DELETE')
                   AND has_table_privilege(p.oid, 'brim.email_parked', 'DELETE')
                   AND has_table_privilege(p.oid, 'brim.email_owner', 'DELETE')
                   AND has_table_privilege(p.oid, 'brim.generation', 'UPDATE')
                   AND has_table_privilege(p.oid, 'brim.send_ledger', 'DELETE')
                   AND has_table_privilege(p.oid, 'brim.classification', 'UPDATE')
                   AND has_table_privilege(p.oid, 'brim.task', 'SELECT') AS has_rights
              FROM pg_roles AS p
             WHERE p.rolname = s.role) AS r ON true;
END;
COMMENT ON FUNCTION brim.check_worker_role() IS
    'Row of brim_status(): whether brim.worker_role is a role that the worker can run as';
REVOKE EXECUTE ON FUNCTION brim.check_worker_role() FROM PUBLIC;

CREATE FUNCTION brim.check_worker() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'worker',
           CASE WHEN s.running = 0 OR s.fails THEN 'blocked'
                WHEN s.running < s.wanted THEN 'warning'
                ELSE 'ok' END,
           CASE WHEN s.running = 0 THEN 'No worker runs in this database.'
                WHEN s.fails THEN format('Transactions of a worker fail and are tried again (%s).', s.list)
                WHEN s.running < s.wanted THEN format('%s of %s workers run: %s.', s.running, s.wanted, s.list)
                WHEN s.running = 1 THEN format('The worker is %s.', s.list)
                ELSE format('%s workers run: %s.', s.running, s.list) END,
           CASE WHEN s.running = 0 THEN 'Settle the points above; what else kept it from starting is in the server log.'
                WHEN s.fails THEN 'The server log says why: a full disk, a lock that somebody holds, a missing right.'
                WHEN s.running < s.wanted
                THEN 'They may be about to start; else see the server log: max_worker_processes may be too small.' END
      FROM (SELECT count(*) AS running,
                   string_agg(format('process %s: %s', w.pid, w.state), ', ' ORDER BY w.worker) AS list,
                   bool_or(w.state = 'failing') AS fails,
                   coalesce(current_setting('brim.workers', true), '1')::integer AS wanted
              FROM brim.worker_slots() AS w) AS s;
END;
COMMENT ON FUNCTION brim.check_worker() IS 'Row of brim_status(): how many workers of this database run, and what they do';
REVOKE EXECUTE ON FUNCTION brim.check_worker() FROM PUBLIC;

CREATE FUNCTION brim.check_node() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'node',
           CASE WHEN n.node_id IS NULL OR s.change IS NOT NULL THEN 'blocked' ELSE 'ok' END,
           CASE WHEN n.node_id IS NULL THEN 'brim.node has no row.'
                WHEN s.change IS NOT NULL THEN 'This is a copy, or was moved: ' || s.change || '.'
                ELSE 'This installation may send from here.' END,
           CASE WHEN s.change IS NOT NULL THEN 'SELECT * FROM @extschema@.brim_arm();' END
      FROM (SELECT brim.installation_change() AS change) AS s
      LEFT JOIN brim.node AS n ON true;
END;
COMMENT ON FUNCTION brim.check_node() IS
    'Row of brim_status(): whether this installation may send, or is a copy that has to be armed first';
REVOKE EXECUTE ON FUNCTION brim.check_node() FROM PUBLIC;

CREATE FUNCTION brim.check_standbys() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'standbys',
           f.status,
           f.detail || '.',
           'Require them in synchronous_standby_names; or, after all standbys have brim.after_promotion = hold, set it here, too.'
      FROM brim.component_fault('node') AS f
     WHERE f.detail IS NOT NULL;
END;
COMMENT ON FUNCTION brim.check_standbys() IS
    'Row of brim_status(): standbys that do not confirm barriers, where brim.after_promotion is resume';
REVOKE EXECUTE ON FUNCTION brim.check_standbys() FROM PUBLIC;

CREATE FUNCTION brim.check_paused() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'paused',
           CASE WHEN n.is_paused THEN 'blocked' ELSE 'ok' END,
           CASE WHEN n.is_paused THEN 'The worker is paused.' ELSE 'The worker is not paused.' END,
           CASE WHEN n.is_paused THEN 'SELECT @extschema@.brim_resume();' END
      FROM brim.node AS n;
END;
COMMENT ON FUNCTION brim.check_paused() IS 'Row of brim_status(): whether brim_pause() stopped the worker';
REVOKE EXECUTE ON FUNCTION brim.check_paused() FROM PUBLIC;

CREATE FUNCTION brim.check_generate() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'generate',
           CASE WHEN s.is_on THEN 'ok' ELSE 'blocked' END,
           CASE WHEN s.is_on THEN 'brim.generate is on.' ELSE 'brim.generate is off.' END,
           CASE WHEN NOT s.is_on THEN 'ALTER SYSTEM SET brim.generate = on; SELECT pg_reload_conf();' END
      FROM (SELECT brim.is_on('brim.generate') AS is_on) AS s;
END;
COMMENT ON FUNCTION brim.check_generate() IS
    'Row of brim_status(): the switch brim.generate, without which no drafts are written';
REVOKE EXECUTE ON FUNCTION brim.check_generate() FROM PUBLIC;

CREATE FUNCTION brim.check_send() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'send',
           CASE WHEN s.is_on THEN 'ok' ELSE 'blocked' END,
           CASE WHEN s.is_on THEN 'brim.send is on.' ELSE 'brim.send is off.' END,
           CASE WHEN NOT s.is_on THEN 'ALTER SYSTEM SET brim.send = on; SELECT pg_reload_conf();' END
      FROM (SELECT brim.is_on('brim.send') AS is_on) AS s;
END;
COMMENT ON FUNCTION brim.check_send() IS 'Row of brim_status(): the switch brim.send, without which no e-mails are sent';
REVOKE EXECUTE ON FUNCTION brim.check_send() FROM PUBLIC;

CREATE FUNCTION brim.check_classify() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'classify',
           CASE WHEN NOT s.is_on THEN 'info'
                WHEN s.key_file IS NULL OR s.fault IS NOT NULL THEN 'warning'
                ELSE 'ok' END,
           CASE WHEN NOT s.is_on THEN 'brim.classify is off: texts about leads are not classified.'
                WHEN s.key_file IS NULL THEN 'brim.classify is on, but no brim.gemini_api_key_file is set: texts about leads wait.'
                WHEN s.fault IS NOT NULL THEN 'Texts about leads wait: ' || s.fault
                ELSE format('Texts about leads are classified by %s.', current_setting('brim.gemini_model', true)) END,
           CASE WHEN NOT s.is_on
                THEN 'ALTER SYSTEM SET brim.classify = on; SELECT pg_reload_conf(); SELECT @extschema@.brim_classify_leads();'
                WHEN s.key_file IS NULL
                THEN 'ALTER SYSTEM SET brim.gemini_api_key_file = ''/path/to/file''; SELECT pg_reload_conf();' END
      FROM (SELECT brim.is_on('brim.classify') AS is_on,
                   nullif(current_setting('brim.gemini_api_key_file', true), '') AS key_file,
                   (SELECT f.detail FROM brim.component_fault('classifier') AS f) AS fault) AS s;
END;
COMMENT ON FUNCTION brim.check_classify() IS
    'Row of brim_status(): whether texts about leads are classified; whatever is wrong with it keeps no e-mail';
REVOKE EXECUTE ON FUNCTION brim.check_classify() FROM PUBLIC;

CREATE FUNCTION brim.check_tasks() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'tasks',
           CASE WHEN s.waiting > 0 AND (NOT s.has_worker OR s.reason IN ('process', 'start')) THEN 'warning' ELSE 'info' END,
           format('%s tasks run, %s wait%s.', s.running, s.waiting,
                  CASE WHEN s.waiting = 0 THEN ''
                       WHEN NOT s.has_worker THEN ': no worker runs in this database'
                       WHEN s.reason = 'turn' THEN ': as many run in this server as may at once'
                       WHEN s.reason = 'process' THEN ': the server has no background worker left'
                       WHEN s.reason = 'start' THEN ': the process for them ended before it had begun'
                       ELSE '' END),
           CASE WHEN s.waiting = 0 THEN NULL
                WHEN NOT s.has_worker THEN 'Tasks are done where there is a worker: settle the points above.'
                WHEN s.reason = 'process' THEN 'Increase max_worker_processes and restart the server; '
                     'until then they are tried again by themselves.'
                WHEN s.reason = 'start' THEN 'The server log says why. It is tried again.' END
      FROM (SELECT count(*) FILTER (WHERE t.status = 'queued') AS waiting,
                   count(*) FILTER (WHERE t.status = 'running') AS running,
                   EXISTS (SELECT FROM brim.worker_slots()) AS has_worker,
                   brim.task_wait() AS reason
              FROM brim.task_status AS t
             WHERE t.status IN ('queued', 'running')
            HAVING count(*) > 0) AS s;
END;
COMMENT ON FUNCTION brim.check_tasks() IS 'Row of brim_status(): tasks that run or wait, and for what they wait';
REVOKE EXECUTE ON FUNCTION brim.check_tasks() FROM PUBLIC;

CREATE FUNCTION brim.check_failed_tasks() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'failed task ' || t.kind,
           'warning',
           format('The last task %s failed: %s.', t.kind, t.error),
           'SELECT * FROM brim.task_status ORDER BY task_id DESC; a task is not begun again by itself: @extschema@.brim_start_task().'
      FROM (SELECT DISTINCT ON (l.kind) l.kind, l.status, l.error
              FROM brim.task_status AS l
             WHERE l.status IN ('done', 'failed')
             ORDER BY l.kind, l.task_id DESC) AS t
     WHERE t.status = 'failed';
END;
COMMENT ON FUNCTION brim.check_failed_tasks() IS 'Rows of brim_status(): kinds of task of which the last one failed';
REVOKE EXECUTE ON FUNCTION brim.check_failed_tasks() FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Gemini and the mail relay, with what the worker reported of them
-- ---------------------------------------------------------------------------

CREATE FUNCTION brim.check_gemini() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'gemini',
           CASE WHEN s.key_file IS NULL THEN 'info'
                WHEN s.problem IS NOT NULL THEN 'blocked'
                ELSE coalesce(f.status, 'ok') END,
           CASE WHEN s.key_file IS NULL THEN 'No brim.gemini_api_key_file is set: templates are used.'
                WHEN s.problem IS NOT NULL THEN format('The key file cannot be used: %s.', s.problem)
                WHEN f.status = 'blocked' THEN format('%s cannot write e-mails now: %s.', s.model, f.detail)
                WHEN f.status = 'warning' THEN format('%s could not write e-mails when it was last asked: %s.', s.model, f.detail)
                ELSE format('E-mails are written by %s.', s.model) END,
           CASE WHEN s.key_file IS NULL
                THEN 'ALTER SYSTEM SET brim.gemini_api_key_file = ''/path/to/file''; SELECT pg_reload_conf();'
                WHEN s.problem IS NOT NULL
                THEN 'The server needs to be able to read the file; it holds the key in its first line.'
                WHEN f.status = 'blocked'
                THEN 'The jobs wait. After a correction SELECT pg_reload_conf() makes the worker try at once; '
                     'without brim.gemini_api_key_file templates are used.' END
      FROM (SELECT nullif(current_setting('brim.gemini_api_key_file', true), '') AS key_file,
                   current_setting('brim.gemini_model', true) AS model,
                   brim.file_problem('brim.gemini_api_key_file') AS problem) AS s
      LEFT JOIN brim.component_fault('generator') AS f ON f.detail IS NOT NULL;
END;
COMMENT ON FUNCTION brim.check_gemini() IS 'Row of brim_status(): who writes e-mails, and whether Gemini can be asked';
REVOKE EXECUTE ON FUNCTION brim.check_gemini() FROM PUBLIC;

CREATE FUNCTION brim.relay_login_problem() RETURNS text
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN nullif(current_setting('brim.smtp_url', true), '') IS NULL
                  OR nullif(current_setting('brim.smtp_username', true), '') IS NULL THEN NULL
                WHEN nullif(current_setting('brim.smtp_password_file', true), '') IS NULL
                THEN 'brim.smtp_password_file is not set'
                ELSE brim.file_problem('brim.smtp_password_file') END;
END;
COMMENT ON FUNCTION brim.relay_login_problem() IS
    'Why the worker cannot log in to the relay, as its settings say; NULL where it can or need not';
REVOKE EXECUTE ON FUNCTION brim.relay_login_problem() FROM PUBLIC;

CREATE FUNCTION brim.check_relay() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'relay',
           CASE WHEN s.problem IS NOT NULL THEN 'blocked'
                WHEN f.status IS NOT NULL THEN f.status
                WHEN s.url IS NULL THEN 'info'
                ELSE 'ok' END,
           CASE WHEN s.problem IS NOT NULL
                THEN format('No brim.smtp_url is set, and the outbox directory cannot be used: %s.', s.problem)
                WHEN s.url IS NULL
                THEN format('No brim.smtp_url is set: messages are written to the outbox directory %s, '
                            'where they count as sent and reach nobody.', current_setting('brim.outbox_directory', true))
                ELSE format('Messages go to %s.', regexp_replace(s.url, '//[^@/]*@', '//')) END
           || coalesce(CASE f.status WHEN 'blocked' THEN ' It takes none now: ' ELSE ' The last try failed: ' END || f.detail || '.', ''),
           CASE WHEN f.status = 'blocked'
                THEN 'The e-mails wait and are charged nothing. After a correction SELECT pg_reload_conf() makes the worker try at once.'
                WHEN s.url IS NULL
                THEN 'ALTER SYSTEM SET brim.smtp_url = ''smtp://mail.example.com:587''; SELECT pg_reload_conf();' END
      FROM (SELECT r.url, CASE WHEN r.url IS NULL THEN brim.file_problem('brim.outbox_directory') END AS problem
              FROM (SELECT nullif(current_setting('brim.smtp_url', true), '') AS url) AS r) AS s
      LEFT JOIN brim.component_fault('relay') AS f ON f.detail IS NOT NULL AND brim.relay_login_problem() IS NULL;
END;
COMMENT ON FUNCTION brim.check_relay() IS 'Row of brim_status(): where messages go, and whether they are taken there';
REVOKE EXECUTE ON FUNCTION brim.check_relay() FROM PUBLIC;

CREATE FUNCTION brim.check_relay_login() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'relay_login',
           CASE WHEN s.problem IS NOT NULL THEN 'blocked'
                WHEN s.username IS NULL THEN 'info'
                ELSE 'ok' END,
           CASE WHEN s.problem IS NOT NULL THEN format('The worker cannot log in to the relay: %s.', s.problem)
                WHEN s.username IS NULL THEN 'brim.smtp_username is not set: the worker does not log in to the relay.'
                ELSE 'The worker logs in to the relay.' END,
           CASE WHEN s.problem IS NOT NULL
                THEN 'ALTER SYSTEM SET brim.smtp_password_file = ''/path/to/file''; SELECT pg_reload_conf();' END
      FROM (SELECT nullif(current_setting('brim.smtp_username', true), '') AS username,
                   brim.relay_login_problem() AS problem) AS s
     WHERE nullif(current_setting('brim.smtp_url', true), '') IS NOT NULL;
END;
COMMENT ON FUNCTION brim.check_relay_login() IS
    'Row of brim_status(): whether the worker logs in to the relay, and can; no row for the outbox';
REVOKE EXECUTE ON FUNCTION brim.check_relay_login() FROM PUBLIC;

CREATE FUNCTION brim.check_relay_encryption() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    -- What the settings and the worker take for this machine: by name only, never by a lookup.
    SELECT 'relay_encryption', 'info', 'The relay is on this machine: the connection may be plain.', NULL
     WHERE current_setting('brim.smtp_url', true) ~* '^smtp://(localhost|127\.[0-9.]+|\[::1\])([:/]|$)';
END;
COMMENT ON FUNCTION brim.check_relay_encryption() IS
    'Row of brim_status(): a relay that may be spoken to in the clear; no row for any other';
REVOKE EXECUTE ON FUNCTION brim.check_relay_encryption() FROM PUBLIC;

CREATE FUNCTION brim.check_ca_file() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'ca_file',
           'blocked',
           format('brim.ca_file cannot be used: %s.', s.problem),
           'The file holds the certificates that servers are checked with; empty stands for the system''s.'
      FROM (SELECT brim.file_problem('brim.ca_file') AS problem) AS s
     WHERE s.problem IS NOT NULL;
END;
COMMENT ON FUNCTION brim.check_ca_file() IS 'Row of brim_status(): a brim.ca_file that cannot be used';
REVOKE EXECUTE ON FUNCTION brim.check_ca_file() FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Campaigns, jobs, e-mails and texts
-- ---------------------------------------------------------------------------

CREATE FUNCTION brim.check_campaign() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'campaign ' || c.name,
           CASE WHEN NOT c.is_active THEN 'info'
                WHEN f.problem IS NOT NULL OR NOT f.has_variant THEN 'blocked'
                ELSE 'ok' END,
           CASE WHEN NOT c.is_active THEN 'The campaign is not active.'
                WHEN f.problem IS NOT NULL THEN 'The campaign is incomplete: ' || f.problem || '.'
                WHEN NOT f.has_variant THEN 'The campaign has no active variant, so nothing is written for it.'
                ELSE 'The campaign is complete.' END,
           CASE WHEN NOT c.is_active THEN NULL
                WHEN f.problem IS NOT NULL
                THEN format('UPDATE brim.campaign SET product_pitch = ..., sender_address = ..., postal_address = ... '
                            'WHERE name = %L;', c.name)
                WHEN NOT f.has_variant
                THEN format('INSERT INTO brim.variant (campaign, name, instruction) '
                            'SELECT %L, name, instruction FROM brim.variant WHERE campaign = ''default'';', c.name) END
      FROM brim.campaign AS c
     CROSS JOIN LATERAL
           (SELECT brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address) AS problem,
                   EXISTS (SELECT FROM brim.variant AS v WHERE v.campaign = c.name AND v.is_active) AS has_variant) AS f
     ORDER BY c.name;
END;
COMMENT ON FUNCTION brim.check_campaign() IS 'Rows of brim_status(): each campaign, and what it lacks';
REVOKE EXECUTE ON FUNCTION brim.check_campaign() FROM PUBLIC;

CREATE FUNCTION brim.check_campaigns() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'campaigns',
           CASE WHEN s.active = 0 OR s.complete = 0 THEN 'blocked' ELSE 'ok' END,
           CASE WHEN s.active = 0 THEN 'No campaign is active.' ELSE 'No active campaign is complete.' END,
           CASE WHEN s.active = 0 THEN 'UPDATE brim.campaign SET is_active = true WHERE name = ...;'
                ELSE 'The rows above say what each of them lacks.' END
      FROM (SELECT count(*) AS active,
                   count(*) FILTER (WHERE brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address) IS NULL) AS complete
              FROM brim.campaign AS c
             WHERE c.is_active) AS s
     WHERE s.complete = 0;
END;
COMMENT ON FUNCTION brim.check_campaigns() IS
    'Row of brim_status(): no campaign can go, since none is active, or none that is active is complete';
REVOKE EXECUTE ON FUNCTION brim.check_campaigns() FROM PUBLIC;

CREATE FUNCTION brim.check_generations() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'generations',
           CASE WHEN s.held + s.failed > 0 THEN 'warning' ELSE 'ok' END,
           format('%s wait, %s run, %s are held, %s failed.', s.queued, s.running, s.held, s.failed),
           CASE WHEN s.held + s.failed > 0
                THEN 'SELECT @extschema@.brim_retry_generation(generation_id) FROM brim.generation '
                     'WHERE status IN (''held'', ''failed'');' END
      FROM (SELECT count(*) FILTER (WHERE g.status = 'queued') AS queued,
                   count(*) FILTER (WHERE g.status = 'running') AS running,
                   count(*) FILTER (WHERE g.status = 'held') AS held,
                   count(*) FILTER (WHERE g.status = 'failed') AS failed
              FROM brim.generation AS g
             WHERE g.status IN ('queued', 'running', 'held', 'failed')) AS s;
END;
COMMENT ON FUNCTION brim.check_generations() IS
    'Row of brim_status(): jobs that draft e-mails, by state; held and failed ones want a look';
REVOKE EXECUTE ON FUNCTION brim.check_generations() FROM PUBLIC;

CREATE FUNCTION brim.check_generations_to_retry() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'generations to retry',
           'warning',
           format('%s jobs failed and are tried again, one of them since: %s', count(*),
                  (array_agg(coalesce(g.error, 'no reason is known') ORDER BY g.next_attempt_at))[1]),
           NULL
      FROM brim.generation AS g
     WHERE g.status = 'queued' AND g.error IS NOT NULL
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_generations_to_retry() IS
    'Row of brim_status(): jobs that failed and are tried again, and why one of them did';
REVOKE EXECUTE ON FUNCTION brim.check_generations_to_retry() FROM PUBLIC;

CREATE FUNCTION brim.check_emails() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'e-mails',
           CASE WHEN s.held + s.failed > 0 THEN 'warning' ELSE 'ok' END,
           format('%s wait, %s are under way, %s sent, %s are held, %s failed, %s suppressed.',
                  s.queued, s.under_way, s.sent, s.held, s.failed, s.suppressed),
           CASE WHEN s.failed > 0
                THEN 'brim.attempts has the reasons. Once they are settled: '
                     'SELECT @extschema@.brim_retry(email_id) FROM brim.outbound_email WHERE status = ''failed'';'
                WHEN s.held > 0
                THEN 'SELECT * FROM brim.queue_blocked WHERE kind = ''email'' AND status = ''held'';' END
      FROM (SELECT (SELECT count(*) FROM brim.email_queue) AS queued, l.under_way, l.sent, p.held, p.failed, p.suppressed
              FROM (SELECT count(*) FILTER (WHERE x.state IN ('claimed', 'committing')) AS under_way,
                           count(*) FILTER (WHERE x.state = 'sent') AS sent
                      FROM brim.send_ledger AS x) AS l,
                   (SELECT count(*) FILTER (WHERE x.status = 'held') AS held,
                           count(*) FILTER (WHERE x.status = 'failed') AS failed,
                           count(*) FILTER (WHERE x.status = 'suppressed') AS suppressed
                      FROM brim.email_parked AS x) AS p) AS s;
END;
COMMENT ON FUNCTION brim.check_emails() IS 'Row of brim_status(): e-mails by state; held and failed ones want a look';
REVOKE EXECUTE ON FUNCTION brim.check_emails() FROM PUBLIC;

CREATE FUNCTION brim.check_emails_to_retry() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'e-mails to retry',
           'warning',
           format('%s e-mails were put off by the mail server and are tried again, one of them since: %s', count(*),
                  (SELECT a.reply
                     FROM brim.email_attempt AS a
                    WHERE a.email_id = (array_agg(e.email_id ORDER BY e.next_attempt_at))[1]
                    ORDER BY a.attempt_no DESC
                    LIMIT 1)),
           NULL
      FROM brim.email_queue AS e
     WHERE e.attempts > 0
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_emails_to_retry() IS
    'Row of brim_status(): e-mails that the mail server put off, and what it said to one of them';
REVOKE EXECUTE ON FUNCTION brim.check_emails_to_retry() FROM PUBLIC;

CREATE FUNCTION brim.check_drafts() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'drafts',
           'info',
           format('%s e-mails wait for approval.', count(*)),
           'SELECT @extschema@.brim_approve(email_id) FROM brim.outbound_email WHERE status = ''draft'';'
      FROM brim.email_parked AS e
     WHERE e.status = 'draft'
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_drafts() IS 'Row of brim_status(): e-mails that wait for approval';
REVOKE EXECUTE ON FUNCTION brim.check_drafts() FROM PUBLIC;

CREATE FUNCTION brim.check_held() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'held ' || e.hold_reason,
           'warning',
           format('%s e-mails are held: %s.', count(*), e.hold_reason),
           'SELECT * FROM brim.queue_blocked WHERE kind = ''email'' AND status = ''held'';'
      FROM brim.email_parked AS e
     WHERE e.status = 'held'
     GROUP BY e.hold_reason
     ORDER BY e.hold_reason;
END;
COMMENT ON FUNCTION brim.check_held() IS 'Rows of brim_status(): held e-mails by reason';
REVOKE EXECUTE ON FUNCTION brim.check_held() FROM PUBLIC;

CREATE FUNCTION brim.check_uncertain() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'uncertain',
           'warning',
           format('%s e-mails may or may not have been delivered.', count(*)),
           'See brim.email_attempt and ask the relay for the Message-ID; then @extschema@.brim_resolve(email_id, verdict, note).'
      FROM brim.send_ledger AS l
     WHERE l.state = 'uncertain'
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_uncertain() IS 'Row of brim_status(): e-mails that may or may not have been delivered';
REVOKE EXECUTE ON FUNCTION brim.check_uncertain() FROM PUBLIC;

CREATE FUNCTION brim.check_other_node() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'other_node',
           'warning',
           format('%s e-mails were queued by another installation.', count(*)),
           'SELECT @extschema@.brim_release(email_id) FROM brim.queue_blocked JOIN brim.outbound_email ON email_id = id '
           'WHERE kind = ''email'' AND reason = ''other_node'';'
      FROM (SELECT q.node_id
              FROM brim.email_queue AS q
            UNION ALL
            SELECT l.node_id
              FROM brim.send_ledger AS l
             WHERE l.state = 'claimed' AND l.claim_token IS NULL
               AND EXISTS (SELECT FROM brim.email_owner AS o WHERE o.since = 'infinity')) AS e
     WHERE NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = e.node_id)
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_other_node() IS
    'Row of brim_status(): e-mails that another installation queued, which do not go from here';
REVOKE EXECUTE ON FUNCTION brim.check_other_node() FROM PUBLIC;

CREATE FUNCTION brim.check_other_node_jobs() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'other_node jobs',
           'warning',
           format('%s jobs that write e-mails were queued by another installation.', count(*)),
           'SELECT @extschema@.brim_retry_generation(id) FROM brim.queue_blocked '
           'WHERE kind = ''generation'' AND reason = ''other_node'';'
      FROM brim.generation AS g
     WHERE g.status = 'queued' AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = g.node_id)
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_other_node_jobs() IS
    'Row of brim_status(): jobs that another installation queued, which are not done here';
REVOKE EXECUTE ON FUNCTION brim.check_other_node_jobs() FROM PUBLIC;

CREATE FUNCTION brim.check_classifications() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'classifications',
           CASE WHEN s.held + s.failed > 0 THEN 'warning' ELSE 'ok' END,
           format('%s texts wait, %s are asked about, %s are classified, %s are held, %s failed.',
                  s.queued, s.running, s.done, s.held, s.failed),
           CASE WHEN s.held + s.failed > 0
                THEN 'SELECT @extschema@.brim_retry_classification(content_hash) FROM brim.classification '
                     'WHERE status IN (''held'', ''failed'');' END
      FROM (SELECT count(*) FILTER (WHERE c.status = 'queued') AS queued,
                   count(*) FILTER (WHERE c.status = 'running') AS running,
                   count(*) FILTER (WHERE c.status = 'done') AS done,
                   count(*) FILTER (WHERE c.status = 'held') AS held,
                   count(*) FILTER (WHERE c.status = 'failed') AS failed
              FROM brim.classification AS c
            HAVING count(*) > 0) AS s;
END;
COMMENT ON FUNCTION brim.check_classifications() IS
    'Row of brim_status(): texts by state; held and failed ones want a look; no row where there are none';
REVOKE EXECUTE ON FUNCTION brim.check_classifications() FROM PUBLIC;

CREATE FUNCTION brim.check_classifications_to_retry() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'classifications to retry',
           'warning',
           format('%s texts are asked about again, one of them since: %s', count(*),
                  (array_agg(c.error ORDER BY c.next_attempt_at))[1]),
           NULL
      FROM brim.classification AS c
     WHERE c.status = 'queued' AND c.error IS NOT NULL
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_classifications_to_retry() IS
    'Row of brim_status(): texts that are asked about again, and why one of them is';
REVOKE EXECUTE ON FUNCTION brim.check_classifications_to_retry() FROM PUBLIC;

CREATE FUNCTION brim.check_other_node_texts() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'other_node texts',
           'warning',
           format('%s texts were queued by another installation.', count(*)),
           'SELECT @extschema@.brim_retry_classification(content_hash) FROM brim.classification '
           'WHERE status = ''queued'' AND node_id <> (SELECT node_id FROM brim.node);'
      FROM brim.classification AS c
     WHERE c.status = 'queued' AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = c.node_id)
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_other_node_texts() IS
    'Row of brim_status(): texts that another installation queued, which are not asked about here';
REVOKE EXECUTE ON FUNCTION brim.check_other_node_texts() FROM PUBLIC;

CREATE FUNCTION brim.check_events_of_leads() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'events of leads',
           'warning',
           format('%s leads could not be given their events, one of them since: %s', count(*),
                  (array_agg(p.error ORDER BY p.due_at))[1]),
           'Settle that; they are tried again every hour.'
      FROM brim.pending_lead AS p
     WHERE p.error IS NOT NULL
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_events_of_leads() IS
    'Row of brim_status(): leads that could not be given the events of their texts';
REVOKE EXECUTE ON FUNCTION brim.check_events_of_leads() FROM PUBLIC;

CREATE FUNCTION brim.check_leads() RETURNS SETOF brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'leads',
           'info',
           format('%s leads that get e-mails have no contact_email.', count(*)),
           NULL
      FROM brim.generation AS g
      JOIN brim.lead AS l ON l.company_id = g.company_id
     WHERE g.status IN ('queued', 'running') AND btrim(coalesce(l.contact_email, '')) = ''
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION brim.check_leads() IS 'Row of brim_status(): leads with a job that cannot be mailed for want of an address';
REVOKE EXECUTE ON FUNCTION brim.check_leads() FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- The whole
-- ---------------------------------------------------------------------------

CREATE FUNCTION brim.next_due() RETURNS timestamptz
    STABLE LANGUAGE sql
BEGIN ATOMIC
    -- Of the variants of a company the one with the highest choice goes first.
    SELECT least((SELECT min(e.next_attempt_at)
                    FROM brim.email_queue AS e
                    JOIN brim.campaign AS c ON c.name = e.campaign AND c.is_active
                    JOIN brim.node AS n ON n.node_id = e.node_id
                   WHERE brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address) IS NULL
                     AND NOT EXISTS (SELECT FROM brim.email_queue AS x
                                      WHERE x.campaign = e.campaign AND x.company_id = e.company_id AND x.node_id = e.node_id
                                        AND (x.choice, x.email_id) > (e.choice, e.email_id))
                     AND NOT EXISTS (SELECT FROM brim.send_ledger AS x
                                      WHERE x.campaign = e.campaign AND x.company_id = e.company_id)),
                 (SELECT min(g.next_attempt_at)
                    FROM brim.generation AS g
                    JOIN brim.campaign AS c ON c.name = g.campaign AND c.is_active AND btrim(c.product_pitch) <> ''
                   WHERE g.status = 'queued'
                     AND EXISTS (SELECT FROM brim.variant AS v WHERE v.campaign = c.name AND v.is_active)));
END;
COMMENT ON FUNCTION brim.next_due() IS
    'When the next job or e-mail that only waits for its time may be taken; NULL where none waits for that alone';
REVOKE EXECUTE ON FUNCTION brim.next_due() FROM PUBLIC;

CREATE FUNCTION brim.status_summary(stops_sending text[], stops_writing text[]) RETURNS brim.check_result
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 'summary',
           CASE WHEN s.causes IS NOT NULL THEN 'blocked' ELSE 'ok' END,
           CASE WHEN stops_sending <> '{}' THEN 'Nothing is sent. ' || s.causes
                WHEN stops_writing <> '{}' THEN 'Nothing new is written; what is written already is sent. ' || s.causes
                WHEN EXISTS (SELECT FROM brim.generation AS g WHERE g.status = 'running')
                  OR EXISTS (SELECT FROM brim.send_ledger AS l WHERE l.state IN ('claimed', 'committing'))
                  OR s.next_due <= now()
                THEN 'E-mails are written and sent.'
                WHEN s.next_due IS NOT NULL
                THEN format('All is set up; the next that waits is due at %s.', date_trunc('second', s.next_due) + interval '1 second')
                WHEN EXISTS (SELECT FROM brim.email_queue)
                  OR EXISTS (SELECT FROM brim.email_parked AS p WHERE p.status IN ('draft', 'held'))
                  OR EXISTS (SELECT FROM brim.generation AS g WHERE g.status IN ('held', 'queued'))
                THEN 'All is set up; what waits is held or needs approval, see brim.queue_blocked.'
                ELSE 'All is set up; nothing waits.' END,
           CASE WHEN s.causes IS NOT NULL THEN 'The rows above say what to do.' END
      FROM (SELECT brim.next_due() AS next_due,
                   nullif(array_to_string(stops_sending || stops_writing, ' '), '') AS causes) AS s;
END;
COMMENT ON FUNCTION brim.status_summary(text[], text[]) IS
    'The last row of brim_status(): what the checks amount to, given what stops sending and what stops only writing';
REVOKE EXECUTE ON FUNCTION brim.status_summary(text[], text[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_status() RETURNS TABLE (check_name text, status text, detail text, hint text)
    STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- place: order of the rows.  stops: what does not happen while the check is blocked; an
    -- incomplete campaign stops only itself, and without a writer what is written is still sent.
    WITH checks AS MATERIALIZED (
        SELECT 100 AS place, 'sending' AS stops, c.* FROM brim.check_library() AS c
        UNION ALL SELECT 102, 'sending', c.* FROM brim.check_version() AS c
        UNION ALL SELECT 105, 'sending', c.* FROM brim.check_launcher() AS c
        UNION ALL SELECT 107, 'nothing', c.* FROM brim.check_clock() AS c
        UNION ALL SELECT 110, 'sending', c.* FROM brim.check_database() AS c
        UNION ALL SELECT 115, 'sending', c.* FROM brim.check_worker_role() AS c
        UNION ALL SELECT 120, 'sending', c.* FROM brim.check_worker() AS c
        UNION ALL SELECT 125, 'sending', c.* FROM brim.check_node() AS c
        UNION ALL SELECT 130, 'sending', c.* FROM brim.check_standbys() AS c
        UNION ALL SELECT 135, 'sending', c.* FROM brim.check_paused() AS c
        UNION ALL SELECT 140, 'writing', c.* FROM brim.check_generate() AS c
        UNION ALL SELECT 145, 'sending', c.* FROM brim.check_send() AS c
        UNION ALL SELECT 150, 'nothing', c.* FROM brim.check_classify() AS c
        UNION ALL SELECT 155, 'nothing', c.* FROM brim.check_tasks() AS c
        UNION ALL SELECT 160, 'nothing', c.* FROM brim.check_failed_tasks() AS c
        UNION ALL SELECT 200, 'writing', c.* FROM brim.check_gemini() AS c
        UNION ALL SELECT 205, 'sending', c.* FROM brim.check_relay() AS c
        UNION ALL SELECT 210, 'sending', c.* FROM brim.check_relay_login() AS c
        UNION ALL SELECT 215, 'nothing', c.* FROM brim.check_relay_encryption() AS c
        UNION ALL SELECT 220, 'sending', c.* FROM brim.check_ca_file() AS c
        UNION ALL SELECT 300, 'itself', c.* FROM brim.check_campaign() AS c
        UNION ALL SELECT 305, 'sending', c.* FROM brim.check_campaigns() AS c
        UNION ALL SELECT 310, 'nothing', c.* FROM brim.check_generations() AS c
        UNION ALL SELECT 315, 'nothing', c.* FROM brim.check_generations_to_retry() AS c
        UNION ALL SELECT 320, 'nothing', c.* FROM brim.check_emails() AS c
        UNION ALL SELECT 325, 'nothing', c.* FROM brim.check_emails_to_retry() AS c
        UNION ALL SELECT 330, 'nothing', c.* FROM brim.check_drafts() AS c
        UNION ALL SELECT 335, 'nothing', c.* FROM brim.check_held() AS c
        UNION ALL SELECT 340, 'nothing', c.* FROM brim.check_uncertain() AS c
        UNION ALL SELECT 345, 'nothing', c.* FROM brim.check_other_node() AS c
        UNION ALL SELECT 350, 'nothing', c.* FROM brim.check_other_node_jobs() AS c
        UNION ALL SELECT 355, 'nothing', c.* FROM brim.check_classifications() AS c
        UNION ALL SELECT 360, 'nothing', c.* FROM brim.check_classifications_to_retry() AS c
        UNION ALL SELECT 365, 'nothing', c.* FROM brim.check_other_node_texts() AS c
        UNION ALL SELECT 370, 'nothing', c.* FROM brim.check_events_of_leads() AS c
        UNION ALL SELECT 375, 'nothing', c.* FROM brim.check_leads() AS c
    ),
    summary AS (
        SELECT s.*
          FROM (SELECT coalesce(array_agg(c.detail ORDER BY c.place) FILTER (WHERE c.stops = 'sending'), '{}') AS sending,
                       coalesce(array_agg(c.detail ORDER BY c.place) FILTER (WHERE c.stops = 'writing'), '{}') AS writing
                  FROM checks AS c
                 WHERE c.status = 'blocked') AS b
         CROSS JOIN LATERAL brim.status_summary(b.sending, b.writing) AS s
    )
    SELECT r.check_name, r.status, r.detail, r.hint
      FROM (SELECT c.place, c.check_name, c.status, c.detail, c.hint FROM checks AS c
            UNION ALL
            SELECT 1000, s.check_name, s.status, s.detail, s.hint FROM summary AS s) AS r
     ORDER BY r.place, r.check_name;
END;
COMMENT ON FUNCTION @extschema@.brim_status() IS
    'One row a check: what is set up, what is not, what to do; the last row says why nothing is sent, if so';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_status() FROM PUBLIC;
