-- Functions of the library that the rest of this script builds on.

CREATE FUNCTION brim.report_zone() RETURNS text
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_report_zone';
COMMENT ON FUNCTION brim.report_zone() IS 'Time zone in which reports count days: the setting brim.report_timezone';

CREATE FUNCTION brim.installation(OUT system_identifier text, OUT timeline_id bigint, OUT database_oid oid,
                           OUT host text, OUT data_directory text)
    STABLE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_installation';
COMMENT ON FUNCTION brim.installation() IS 'Where this database is now: what brim.node is compared with before anything is sent';
REVOKE EXECUTE ON FUNCTION brim.installation() FROM PUBLIC;

CREATE FUNCTION brim.promotion(OUT resumes boolean, OUT was_standby boolean, OUT name text)
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_promotion';
COMMENT ON FUNCTION brim.promotion() IS
    'Is brim.after_promotion set to resume, has this server received WAL as a standby since it was started, and what '
    'is its cluster_name';
REVOKE EXECUTE ON FUNCTION brim.promotion() FROM PUBLIC;

CREATE FUNCTION brim.worker_slots(OUT slot integer, OUT worker integer, OUT pid integer, OUT state text, OUT started_at timestamptz,
                                  OUT claimed bigint, OUT sent bigint, OUT failed bigint, OUT uncertain bigint,
                                  OUT generated bigint, OUT errors bigint) RETURNS SETOF record
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_worker_slots';
COMMENT ON FUNCTION brim.worker_slots() IS
    'Workers of this database as shared memory knows them; no row where the library is not preloaded or no worker '
    'runs';
REVOKE EXECUTE ON FUNCTION brim.worker_slots() FROM PUBLIC;

CREATE FUNCTION brim.claim_owner_alive(claimed_by integer) RETURNS boolean
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_claim_owner_alive';
COMMENT ON FUNCTION brim.claim_owner_alive(integer) IS 'True if a process still holds the lock of this worker number of this database';
REVOKE EXECUTE ON FUNCTION brim.claim_owner_alive(integer) FROM PUBLIC;

CREATE FUNCTION brim.launcher(OUT preloaded boolean, OUT pid integer)
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_launcher';
COMMENT ON FUNCTION brim.launcher() IS 'Whether the library is preloaded, and which process is the launcher';
REVOKE EXECUTE ON FUNCTION brim.launcher() FROM PUBLIC;

CREATE FUNCTION brim.turn_clock(by interval) RETURNS interval
    VOLATILE STRICT LANGUAGE c AS 'MODULE_PATHNAME', 'brim_turn_clock';
COMMENT ON FUNCTION brim.turn_clock(interval) IS
    'For tests: turns the clock of all workers of the server forward, until it restarts; returns how far it is ahead. '
    'Superusers only';
REVOKE EXECUTE ON FUNCTION brim.turn_clock(interval) FROM PUBLIC;

CREATE FUNCTION brim.clock_ahead() RETURNS interval
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_clock_ahead';
COMMENT ON FUNCTION brim.clock_ahead() IS 'How far brim.turn_clock() has turned the clock of the workers';
REVOKE EXECUTE ON FUNCTION brim.clock_ahead() FROM PUBLIC;

CREATE FUNCTION brim.address_problem(address text) RETURNS text
    IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_address_problem';
COMMENT ON FUNCTION brim.address_problem(text) IS 'Why an e-mail address cannot be used, or NULL when it can';

CREATE FUNCTION brim.file_problem(setting text) RETURNS text
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_file_problem';
COMMENT ON FUNCTION brim.file_problem(text) IS
    'Why the file or directory that a brim setting names cannot be used by the server, or NULL when it can or none is '
    'named';
REVOKE EXECUTE ON FUNCTION brim.file_problem(text) FROM PUBLIC;

CREATE FUNCTION brim.library_version() RETURNS text
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_library_version';
COMMENT ON FUNCTION brim.library_version() IS 'The version of brim''s SQL that the loaded library was built for';
REVOKE EXECUTE ON FUNCTION brim.library_version() FROM PUBLIC;

CREATE FUNCTION brim.wake_worker() RETURNS void
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_wake_worker';
COMMENT ON FUNCTION brim.wake_worker() IS 'Wake the worker of this database when the transaction commits';
REVOKE EXECUTE ON FUNCTION brim.wake_worker() FROM PUBLIC;

CREATE FUNCTION brim.wake_worker_trigger() RETURNS trigger
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_wake_worker_trigger';
COMMENT ON FUNCTION brim.wake_worker_trigger() IS 'Wake the worker of this database when the transaction commits';
REVOKE EXECUTE ON FUNCTION brim.wake_worker_trigger() FROM PUBLIC;

CREATE TRIGGER wake_worker AFTER INSERT OR UPDATE ON brim.generation
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();
CREATE TRIGGER wake_worker AFTER INSERT OR UPDATE ON brim.email_queue
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();
-- What leaves the queue may have kept another variant of its company back.
CREATE TRIGGER wake_worker AFTER INSERT ON brim.email_parked
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();
CREATE TRIGGER wake_worker AFTER INSERT OR UPDATE OR DELETE ON brim.campaign
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();
CREATE TRIGGER wake_worker AFTER INSERT OR UPDATE OR DELETE ON brim.variant
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();
CREATE TRIGGER wake_worker AFTER UPDATE OR DELETE ON brim.suppression
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();
CREATE TRIGGER wake_worker AFTER DELETE ON brim.send_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();
CREATE TRIGGER wake_worker AFTER UPDATE ON brim.node
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();

-- This installation, at this place.
INSERT INTO brim.node (node_id, system_identifier, timeline_id, database_oid, host, data_directory)
SELECT gen_random_uuid()::text, p.system_identifier, p.timeline_id, p.database_oid, p.host, p.data_directory
  FROM brim.installation() AS p;
SELECT brim.wake_worker();
