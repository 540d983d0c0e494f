/*
 * Tasks: long pieces of work, each done by a process of its own that takes one
 * row, does it in many transactions, and ends.  The launcher starts it.
 *
 * A task runs as brim.worker_role.  What a kind does is written in the library,
 * and its SQL functions do nothing outside of a task; brim.check_task() says who
 * may have it done.  Whether a row is really running is the lock that its process
 * holds; a row that is left behind gets its end from whoever looks next.
 */

CREATE TABLE brim.task (
    task_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    arguments jsonb NOT NULL DEFAULT '{}'
        CHECK (jsonb_typeof(arguments) = 'object' AND length(arguments::text) <= 10000),
    status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    done_units bigint NOT NULL DEFAULT 0 CHECK (done_units >= 0),
    total_units bigint CHECK (total_units >= 0),
    progress text,
    requested_by text NOT NULL DEFAULT current_user,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    progress_at timestamptz,
    ended_at timestamptz,
    error text,
    pid integer,
    CHECK ((status IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK (status = 'queued' OR status = 'cancelled' OR started_at IS NOT NULL AND pid IS NOT NULL)
);
COMMENT ON TABLE brim.task IS 'One row a task: a long piece of work that a process of its own does. Key: task_id. Not dumped';
COMMENT ON COLUMN brim.task.task_id IS 'Number of the task; they rise';
COMMENT ON COLUMN brim.task.kind IS 'What is done: rescore';
COMMENT ON COLUMN brim.task.arguments IS 'What it is done with, as brim_start_task() was given it';
COMMENT ON COLUMN brim.task.status IS
    'queued, running, done, failed, cancelled; brim.task_status shows one whose process is gone as failed at once';
COMMENT ON COLUMN brim.task.done_units IS 'How much is done, in units of the kind (rescore: leads looked at)';
COMMENT ON COLUMN brim.task.total_units IS 'How much there is to do; NULL: not known';
COMMENT ON COLUMN brim.task.progress IS 'How far it is, in words';
COMMENT ON COLUMN brim.task.requested_by IS 'Role that asked for it';
COMMENT ON COLUMN brim.task.created_at IS 'When it was asked for';
COMMENT ON COLUMN brim.task.started_at IS 'When its process took it';
COMMENT ON COLUMN brim.task.progress_at IS 'When the last step was done';
COMMENT ON COLUMN brim.task.ended_at IS 'When it ended; for one whose process died, when that was found';
COMMENT ON COLUMN brim.task.error IS 'Why it failed, or who cancelled it';
COMMENT ON COLUMN brim.task.pid IS 'Server process that does it, or did';
CREATE INDEX task_open ON brim.task (task_id) WHERE status IN ('queued', 'running');

CREATE FUNCTION brim.task_alive(task_id bigint) RETURNS boolean
    VOLATILE STRICT LANGUAGE c AS 'MODULE_PATHNAME', 'brim_task_alive';
COMMENT ON FUNCTION brim.task_alive(bigint) IS 'Does a process hold the lock of this task; on a standby, where that cannot be seen, true';
REVOKE EXECUTE ON FUNCTION brim.task_alive(bigint) FROM PUBLIC;

CREATE FUNCTION brim.task_wait() RETURNS text
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_task_wait';
COMMENT ON FUNCTION brim.task_wait() IS
    'What keeps the launcher from starting a process for the tasks of this database: turn, process, start; NULL where '
    'nothing is known to';
REVOKE EXECUTE ON FUNCTION brim.task_wait() FROM PUBLIC;

CREATE FUNCTION brim.interrupt_task(task_id bigint) RETURNS boolean
    VOLATILE STRICT LANGUAGE c AS 'MODULE_PATHNAME', 'brim_interrupt_task';
COMMENT ON FUNCTION brim.interrupt_task(bigint) IS 'Sends the process that runs this task a cancel; false where none runs it';
REVOKE EXECUTE ON FUNCTION brim.interrupt_task(bigint) FROM PUBLIC;

CREATE FUNCTION brim.wish_task_trigger() RETURNS trigger
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_wish_task_trigger';
COMMENT ON FUNCTION brim.wish_task_trigger() IS 'Makes the launcher start a process for tasks when the transaction commits';
REVOKE EXECUTE ON FUNCTION brim.wish_task_trigger() FROM PUBLIC;

CREATE TRIGGER wish_task AFTER INSERT ON brim.task
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wish_task_trigger();

-- What may be asked for, and by whom.  A kind has a branch here and an entry in the library (worker/task.c).
CREATE FUNCTION brim.check_task(kind text, arguments jsonb, requested_by text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF jsonb_typeof(arguments) <> 'object' THEN
        RAISE EXCEPTION 'the arguments of a task are no object but %', jsonb_typeof(arguments)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: ''{"model": "balanced"}''.';
    ELSIF kind = 'rescore' THEN
        PERFORM brim.check_rescore_task(arguments, requested_by);
    ELSE
        RAISE EXCEPTION 'no task is called %', quote_literal(left(kind, 100))
            USING ERRCODE = 'invalid_parameter_value', HINT = 'There is: rescore.';
    END IF;
END;
$$;
COMMENT ON FUNCTION brim.check_task(text, jsonb, text) IS
    'Raises an error where there is no such kind of task, its arguments are wrong, or the role may not have it done';
REVOKE EXECUTE ON FUNCTION brim.check_task(text, jsonb, text) FROM PUBLIC;

CREATE FUNCTION brim.check_new_task() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM brim.check_task(NEW.kind, NEW.arguments, NEW.requested_by);
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION brim.check_new_task() IS 'Refuses a task that may not be done, or not for this role';
REVOKE EXECUTE ON FUNCTION brim.check_new_task() FROM PUBLIC;

CREATE TRIGGER check_new_task BEFORE INSERT ON brim.task
    FOR EACH ROW EXECUTE FUNCTION brim.check_new_task();

-- Called by the process: what was right when it was queued may have changed since.
CREATE FUNCTION brim.check_queued_task(task_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM brim.check_task(t.kind, t.arguments, t.requested_by)
       FROM brim.task AS t WHERE t.task_id = check_queued_task.task_id;
END;
$$;
COMMENT ON FUNCTION brim.check_queued_task(bigint) IS 'Raises an error where a task may not be done any more';
REVOKE EXECUTE ON FUNCTION brim.check_queued_task(bigint) FROM PUBLIC;

-- What the worker's role may call for a task begins with this, so that it does nothing outside of one.
CREATE FUNCTION brim.running_task(task_id bigint, kind text) RETURNS brim.task
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_task brim.task;
BEGIN
    SELECT t.* INTO v_task FROM brim.task AS t
     WHERE t.task_id = running_task.task_id AND t.kind = running_task.kind AND t.status = 'running' AND t.pid = pg_backend_pid();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'process % does not run task %', pg_backend_pid(), coalesce(running_task.task_id::text, 'NULL')
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT brim_start_task(kind, arguments);';
    END IF;
    RETURN v_task;
END;
$$;
COMMENT ON FUNCTION brim.running_task(bigint, text) IS 'The task of this kind that this process runs; raises an error where it does not';
REVOKE EXECUTE ON FUNCTION brim.running_task(bigint, text) FROM PUBLIC;

-- With the rights of the caller: the row is written as the role that it names.
CREATE FUNCTION @extschema@.brim_start_task(kind text, arguments jsonb DEFAULT '{}') RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_task_id bigint;
BEGIN
    INSERT INTO brim.task (kind, arguments)
    VALUES (brim_start_task.kind, coalesce(brim_start_task.arguments, '{}'))
    RETURNING task_id INTO v_task_id;
    RETURN v_task_id;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_start_task(text, jsonb) IS
    'Queues a long piece of work for a process of its own; returns the number of the task. brim.task_status shows how '
    'far it is';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_start_task(text, jsonb) FROM PUBLIC;

-- A process takes its lock before its row says that it runs, and keeps it until the row says how the task ended.  So
-- first the lock is looked at, then the row.
CREATE FUNCTION brim.lost_task_error(task_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF brim.task_alive(lost_task_error.task_id) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT format('its process (%s) ended without a word, some time after %s', t.pid,
                          date_trunc('second', coalesce(t.progress_at, t.started_at)))
              FROM brim.task AS t
             WHERE t.task_id = lost_task_error.task_id AND t.status = 'running');
END;
$$;
COMMENT ON FUNCTION brim.lost_task_error(bigint) IS
    'What is to be said of a task that is said to be running and whose process is gone; NULL for any other';
REVOKE EXECUTE ON FUNCTION brim.lost_task_error(bigint) FROM PUBLIC;

CREATE FUNCTION brim.settle_tasks() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_settled integer;
BEGIN
    UPDATE brim.task AS t
       SET status = 'failed', ended_at = clock_timestamp(), error = brim.lost_task_error(t.task_id)
     WHERE t.status = 'running' AND NOT brim.task_alive(t.task_id);
    GET DIAGNOSTICS v_settled = ROW_COUNT;
    RETURN v_settled;
END;
$$;
COMMENT ON FUNCTION brim.settle_tasks() IS 'Ends the tasks whose process is gone; returns how many';
REVOKE EXECUTE ON FUNCTION brim.settle_tasks() FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_cancel_task(task_id bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE brim.task AS t
       SET status = 'cancelled', ended_at = clock_timestamp(), error = format('cancelled by %s before it began', session_user)
     WHERE t.task_id = brim_cancel_task.task_id AND t.status = 'queued';
    IF FOUND OR brim.interrupt_task(brim_cancel_task.task_id) THEN
        RETURN true;
    END IF;
    PERFORM brim.settle_tasks();
    IF NOT EXISTS (SELECT FROM brim.task AS t WHERE t.task_id = brim_cancel_task.task_id) THEN
        RAISE EXCEPTION 'task % does not exist', coalesce(brim_cancel_task.task_id::text, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    RETURN false;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_cancel_task(bigint) IS
    'Cancels a task: one that waits ends at once, of one that runs the process is interrupted; false when it had '
    'ended';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_cancel_task(bigint) FROM PUBLIC;

CREATE VIEW brim.task_status AS
SELECT t.task_id, t.kind, t.arguments::text AS arguments,
       CASE WHEN l.error IS NOT NULL THEN 'failed' ELSE t.status END AS status,
       t.done_units, t.total_units,
       CASE WHEN t.status = 'done' THEN 100.0
            ELSE round(100.0 * t.done_units / nullif(greatest(t.total_units, t.done_units), 0), 1) END AS share_done,
       t.progress, t.requested_by, t.created_at, t.started_at, t.progress_at, t.ended_at,
       coalesce(l.error, t.error) AS error,
       t.pid
  FROM brim.task AS t
 CROSS JOIN LATERAL (SELECT CASE WHEN t.status = 'running' THEN brim.lost_task_error(t.task_id) END AS error) AS l;
COMMENT ON VIEW brim.task_status IS 'One row a task, with the state it is really in. Key: task_id';
COMMENT ON COLUMN brim.task_status.task_id IS 'Number of the task; they rise';
COMMENT ON COLUMN brim.task_status.kind IS 'What is done: rescore';
COMMENT ON COLUMN brim.task_status.arguments IS 'What it is done with, as JSON';
COMMENT ON COLUMN brim.task_status.status IS 'queued, running, done, failed, cancelled; failed also when its process is gone';
COMMENT ON COLUMN brim.task_status.done_units IS 'How much is done, in units of the kind (rescore: leads looked at)';
COMMENT ON COLUMN brim.task_status.total_units IS 'How much there is to do; NULL: not known';
COMMENT ON COLUMN brim.task_status.share_done IS 'done_units of total_units, percent; 100 when done';
COMMENT ON COLUMN brim.task_status.progress IS 'How far it is, in words';
COMMENT ON COLUMN brim.task_status.requested_by IS 'Role that asked for it';
COMMENT ON COLUMN brim.task_status.created_at IS 'When it was asked for';
COMMENT ON COLUMN brim.task_status.started_at IS 'When its process took it';
COMMENT ON COLUMN brim.task_status.progress_at IS 'When the last step was done';
COMMENT ON COLUMN brim.task_status.ended_at IS 'When it ended; for one whose process died, when that was found';
COMMENT ON COLUMN brim.task_status.error IS 'Why it failed, or who cancelled it';
COMMENT ON COLUMN brim.task_status.pid IS 'Server process that does it, or did';
