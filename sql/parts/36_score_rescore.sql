/*
 * Rescoring: the stored leads by the models as they are published now.
 *
 * The leads are walked by their key, a batch at a time.  What changes is found
 * without locks, then locked in the order of the key, then looked at once more
 * and written.  Nothing else is written, not even a lock.
 *
 * brim_rescore() does it in one transaction.  brim_rescore_all() commits after
 * each batch and remembers in brim.rescore_run how far it came, so that it can
 * be interrupted and called again.  A run is alive as long as the statement
 * that it is part of: that is seen in pg_stat_activity, never by a clock.
 */

CREATE FUNCTION brim.rescore_batch(model text, after text, batch_size integer,
                                   OUT last_id text, OUT seen bigint, OUT written bigint)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
    v_upto text;
    v_changed text[];
BEGIN
    -- The last of this batch; NULL where fewer are left.
    v_upto := (SELECT l.company_id FROM brim.lead AS l
                 WHERE rescore_batch.after IS NULL OR l.company_id > rescore_batch.after
                 ORDER BY l.company_id OFFSET batch_size - 1 LIMIT 1);

    SELECT coalesce(max(s.company_id), v_upto), count(*),
           array_agg(s.company_id)
               FILTER (WHERE (s.fit_score, s.intent_score, s.total_score, s.confidence, s.action, s.model, s.model_version)
                             IS DISTINCT FROM
                             ((s.new).fit_score, (s.new).intent_score, (s.new).total_score, (s.new).confidence, (s.new).action,
                              (s.new).model, (s.new).model_version))
      INTO last_id, seen, v_changed
      FROM (SELECT l.company_id, l.fit_score, l.intent_score, l.total_score, l.confidence, l.action, l.model, l.model_version,
                   brim.lead_scores(l, coalesce(rescore_batch.model, l.model)) AS new
              FROM brim.lead AS l
             WHERE (rescore_batch.after IS NULL OR l.company_id > rescore_batch.after)
               AND (v_upto IS NULL OR l.company_id <= v_upto)
            OFFSET 0) AS s;
    written := 0;
    IF v_changed IS NULL THEN
        RETURN;
    END IF;

    PERFORM l.company_id FROM brim.lead AS l WHERE l.company_id = ANY (v_changed) ORDER BY l.company_id FOR UPDATE;
    UPDATE brim.lead AS l
       SET model = coalesce(rescore_batch.model, l.model)
      FROM (SELECT o.company_id, brim.lead_scores(o, coalesce(rescore_batch.model, o.model)) AS new
              FROM brim.lead AS o WHERE o.company_id = ANY (v_changed) OFFSET 0) AS s
     WHERE l.company_id = s.company_id
       AND (l.fit_score, l.intent_score, l.total_score, l.confidence, l.action, l.model, l.model_version)
           IS DISTINCT FROM
           ((s.new).fit_score, (s.new).intent_score, (s.new).total_score, (s.new).confidence, (s.new).action,
            (s.new).model, (s.new).model_version);
    GET DIAGNOSTICS written = ROW_COUNT;
END;
$$;
COMMENT ON FUNCTION brim.rescore_batch(text, text, integer) IS
    'Rescores the next leads after a key; returns the last key, NULL where none is left, how many were seen and how '
    'many were written';
REVOKE EXECUTE ON FUNCTION brim.rescore_batch(text, text, integer) FROM PUBLIC;

-- Stored scores are from published versions; anything else would go with the next write.
CREATE FUNCTION brim.check_rescore(model text, batch_size integer) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF position('@' IN model) > 0 THEN
        RAISE EXCEPTION 'leads are not rescored by "%": stored scores are from published versions', model
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Publish the version with brim_publish_model(), or try it with brim_compare_models().';
    ELSIF batch_size IS NULL OR batch_size NOT BETWEEN 1 AND 1000000 THEN
        RAISE EXCEPTION 'invalid batch_size %', coalesce(batch_size::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'A batch has 1 to 1000000 leads.';
    END IF;
    PERFORM brim.find_model(model);
END;
$$;
COMMENT ON FUNCTION brim.check_rescore(text, integer) IS
    'Raises an error where leads cannot be rescored by this model, or in batches of this size';
REVOKE EXECUTE ON FUNCTION brim.check_rescore(text, integer) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_rescore(model text DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_batch record;
    v_last text;
    v_written bigint := 0;
BEGIN
    PERFORM brim.check_rescore(model, 10000);
    LOOP
        SELECT b.last_id, b.written INTO v_batch FROM brim.rescore_batch(model, v_last, 10000) AS b;
        EXIT WHEN v_batch.last_id IS NULL;
        v_last := v_batch.last_id;
        v_written := v_written + v_batch.written;
    END LOOP;
    RETURN v_written;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_rescore(text) IS
    'Scores the stored leads again in one transaction, each with its model or all with the named one; returns how many '
    'leads changed';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_rescore(text) FROM PUBLIC;

-- In many transactions -----------------------------------------------------------

CREATE TABLE brim.rescore_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text,
    batch_size integer NOT NULL,
    total_estimate bigint NOT NULL,
    seen bigint NOT NULL DEFAULT 0,
    written bigint NOT NULL DEFAULT 0,
    last_company_id text COLLATE "C",
    published text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    started_by text NOT NULL DEFAULT session_user,
    last_batch_at timestamptz,
    finished_at timestamptz,
    is_given_up boolean NOT NULL DEFAULT false,
    pid integer NOT NULL,
    statement_at timestamptz
);
COMMENT ON TABLE brim.rescore_run IS 'One row a run of brim_rescore_all(): how far it came. Key: run_id. Not dumped';
COMMENT ON COLUMN brim.rescore_run.run_id IS 'Grows with each run';
COMMENT ON COLUMN brim.rescore_run.model IS 'Model that all leads get; NULL: each its own';
COMMENT ON COLUMN brim.rescore_run.batch_size IS 'Leads in one transaction';
COMMENT ON COLUMN brim.rescore_run.total_estimate IS 'Leads there were at the beginning, as the planner estimates it';
COMMENT ON COLUMN brim.rescore_run.seen IS 'Leads looked at so far';
COMMENT ON COLUMN brim.rescore_run.written IS 'Leads of these whose score changed';
COMMENT ON COLUMN brim.rescore_run.last_company_id IS 'Last lead of the last batch: where the run goes on';
COMMENT ON COLUMN brim.rescore_run.published IS 'Hash of the models that the run began with: where they have changed it begins again';
COMMENT ON COLUMN brim.rescore_run.started_at IS 'When it began';
COMMENT ON COLUMN brim.rescore_run.started_by IS 'Role that began it';
COMMENT ON COLUMN brim.rescore_run.last_batch_at IS 'When the last batch was done; NULL: none was';
COMMENT ON COLUMN brim.rescore_run.finished_at IS 'When the last lead was done; NULL: not finished';
COMMENT ON COLUMN brim.rescore_run.is_given_up IS 'The models changed after it was interrupted, so another run began from the first lead';
COMMENT ON COLUMN brim.rescore_run.pid IS 'Server process that runs it';
COMMENT ON COLUMN brim.rescore_run.statement_at IS 'Start of the statement of that process that it is part of';
CREATE UNIQUE INDEX rescore_run_open ON brim.rescore_run ((coalesce(model, ''))) WHERE finished_at IS NULL AND NOT is_given_up;

CREATE FUNCTION brim.in_transaction_block() RETURNS boolean
    VOLATILE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_in_transaction_block';
COMMENT ON FUNCTION brim.in_transaction_block() IS 'True if this statement is part of a transaction of several, so that it cannot commit';
REVOKE EXECUTE ON FUNCTION brim.in_transaction_block() FROM PUBLIC;

-- A reader of the view may not see what others do: so this looks for him.
CREATE FUNCTION brim.statement_runs(pid integer, statement_at timestamptz) RETURNS boolean
    VOLATILE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM pg_stat_activity AS a
                    WHERE a.pid = statement_runs.pid AND a.datname = current_database()
                      AND coalesce(a.state IN ('active', 'fastpath function call', 'disabled'), true)
                      AND coalesce(a.query_start = statement_runs.statement_at, true));
END;
COMMENT ON FUNCTION brim.statement_runs(integer, timestamptz) IS 'True if a process still runs the statement that began at this time';
REVOKE EXECUTE ON FUNCTION brim.statement_runs(integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION brim.published_hash(model text) RETURNS text
    STABLE LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(md5(string_agg(concat_ws(' ', s.name, s.version, s.is_default, md5(s.spec::text)), ',' ORDER BY s.name)), '')
      FROM brim.model_spec AS s
     WHERE s.is_published AND (published_hash.model IS NULL OR s.name = published_hash.model);
END;
COMMENT ON FUNCTION brim.published_hash(text) IS 'Differs when what is published as a model, or as any, differs';
REVOKE EXECUTE ON FUNCTION brim.published_hash(text) FROM PUBLIC;

CREATE FUNCTION brim.rescore_begin(model text, batch_size integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_run brim.rescore_run;
    v_published text;
    v_statement_at timestamptz := (SELECT a.query_start FROM pg_stat_activity AS a WHERE a.pid = pg_backend_pid());
BEGIN
    IF brim.in_transaction_block() THEN
        RAISE EXCEPTION 'brim_rescore_all() cannot run inside a transaction block'
            USING ERRCODE = 'active_sql_transaction',
                  HINT = 'CALL it outside of one, since it commits after each batch; brim_rescore() is one transaction.';
    END IF;
    PERFORM brim.check_rescore(rescore_begin.model, rescore_begin.batch_size);
    v_published := brim.published_hash(rescore_begin.model);

    LOCK TABLE brim.rescore_run IN SHARE ROW EXCLUSIVE MODE;
    -- Who was active when this transaction first looked does not count.
    PERFORM pg_stat_clear_snapshot();
    SELECT r.* INTO v_run FROM brim.rescore_run AS r
     WHERE coalesce(r.model, '') = coalesce(rescore_begin.model, '') AND r.finished_at IS NULL AND NOT r.is_given_up;
    IF v_run.pid <> pg_backend_pid() AND brim.statement_runs(v_run.pid, v_run.statement_at) THEN
        RAISE EXCEPTION 'process % is rescoring the leads % already', v_run.pid,
                        CASE WHEN rescore_begin.model IS NULL THEN 'by their models' ELSE format('by model "%s"', rescore_begin.model) END
            USING ERRCODE = 'object_in_use',
                  HINT = 'brim.rescore_progress shows how far it is. An interrupted run goes on with the next call.';
    END IF;
    IF v_run.published = v_published THEN
        UPDATE brim.rescore_run AS r
           SET pid = pg_backend_pid(), statement_at = v_statement_at, batch_size = rescore_begin.batch_size
         WHERE r.run_id = v_run.run_id;
        RETURN v_run.run_id;
    END IF;

    UPDATE brim.rescore_run AS r SET is_given_up = true WHERE r.run_id = v_run.run_id;
    INSERT INTO brim.rescore_run (model, batch_size, total_estimate, published, pid, statement_at)
    SELECT rescore_begin.model, rescore_begin.batch_size,
           CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint ELSE (SELECT count(*) FROM brim.lead) END,
           v_published, pg_backend_pid(), v_statement_at
      FROM pg_class AS c WHERE c.oid = 'brim.lead'::regclass
    RETURNING * INTO v_run;
    RETURN v_run.run_id;
END;
$$;
COMMENT ON FUNCTION brim.rescore_begin(text, integer) IS 'Takes up an interrupted run of brim_rescore_all(), or begins one';
REVOKE EXECUTE ON FUNCTION brim.rescore_begin(text, integer) FROM PUBLIC;

CREATE FUNCTION brim.rescore_step(run_id bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_run brim.rescore_run;
    v_batch record;
    v_published text;
BEGIN
    SELECT r.* INTO v_run FROM brim.rescore_run AS r WHERE r.run_id = rescore_step.run_id FOR UPDATE;
    IF v_run.pid IS DISTINCT FROM pg_backend_pid() THEN
        RAISE EXCEPTION 'run % of brim_rescore_all() is not of this process', rescore_step.run_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'It is a step of CALL brim_rescore_all(), which goes on with an interrupted run.';
    ELSIF v_run.finished_at IS NOT NULL THEN
        RETURN true;
    END IF;

    SELECT b.last_id, b.seen, b.written INTO v_batch
      FROM brim.rescore_batch(v_run.model, v_run.last_company_id, v_run.batch_size) AS b;
    IF v_batch.last_id IS NOT NULL THEN
        UPDATE brim.rescore_run AS r
           SET last_company_id = v_batch.last_id, seen = r.seen + v_batch.seen, written = r.written + v_batch.written,
               last_batch_at = clock_timestamp()
         WHERE r.run_id = v_run.run_id;
        RETURN false;
    END IF;

    -- At the end.  Were the models others when it began, the first leads may have old scores.
    v_published := brim.published_hash(v_run.model);
    IF v_published <> v_run.published THEN
        UPDATE brim.rescore_run AS r
           SET last_company_id = NULL, seen = 0, published = v_published, last_batch_at = clock_timestamp()
         WHERE r.run_id = v_run.run_id;
        RETURN false;
    END IF;
    UPDATE brim.rescore_run AS r SET finished_at = clock_timestamp() WHERE r.run_id = v_run.run_id;
    RETURN true;
END;
$$;
COMMENT ON FUNCTION brim.rescore_step(bigint) IS 'Does one batch of a run of brim_rescore_all(); true when it is through';
REVOKE EXECUTE ON FUNCTION brim.rescore_step(bigint) FROM PUBLIC;

-- Rights of the caller and no settings of its own, or it could not commit.
CREATE PROCEDURE @extschema@.brim_rescore_all(model text DEFAULT NULL, batch_size integer DEFAULT 10000)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_run bigint := brim.rescore_begin(model, batch_size);
    v_is_done boolean := false;
BEGIN
    COMMIT;
    WHILE NOT v_is_done LOOP
        v_is_done := brim.rescore_step(v_run);
        COMMIT;
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE @extschema@.brim_rescore_all(text, integer) IS
    'Scores the stored leads again, each with its model or all with the named one, committing after each batch. '
    'Interrupted and called again, it goes on where it stopped; brim.rescore_progress shows how far it is';
REVOKE EXECUTE ON PROCEDURE @extschema@.brim_rescore_all(text, integer) FROM PUBLIC;

-- As a task (worker/task_rescore.c) ------------------------------------------------

CREATE FUNCTION brim.check_rescore_task(arguments jsonb, requested_by text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key text := (SELECT k.key FROM jsonb_object_keys(arguments) AS k (key) WHERE k.key NOT IN ('model', 'batch_size') LIMIT 1);
BEGIN
    IF v_key IS NOT NULL THEN
        RAISE EXCEPTION 'task rescore has no argument "%"', left(v_key, 100)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Its arguments are model and batch_size.';
    ELSIF jsonb_typeof(arguments -> 'model') NOT IN ('string', 'null') THEN
        RAISE EXCEPTION 'argument "model" of task rescore is no text' USING ERRCODE = 'invalid_parameter_value';
    ELSIF arguments ->> 'batch_size' !~ '^[0-9]{1,7}$' THEN
        RAISE EXCEPTION 'argument "batch_size" of task rescore is no number from 1 to 1000000' USING ERRCODE = 'invalid_parameter_value';
    ELSIF NOT has_function_privilege(requested_by, '@extschema@.brim_rescore_all(text, integer)', 'EXECUTE') THEN
        RAISE EXCEPTION 'role "%" may not rescore leads', requested_by
            USING ERRCODE = 'insufficient_privilege', HINT = 'An admin may, see brim_grant().';
    END IF;
    PERFORM brim.check_rescore(arguments ->> 'model', coalesce((arguments ->> 'batch_size')::integer, 10000));
END;
$$;
COMMENT ON FUNCTION brim.check_rescore_task(jsonb, text) IS
    'Raises an error where a task rescore has wrong arguments, or the role may not rescore';
REVOKE EXECUTE ON FUNCTION brim.check_rescore_task(jsonb, text) FROM PUBLIC;

CREATE FUNCTION brim.begin_rescore_task(task_id bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_task brim.task := brim.running_task(task_id, 'rescore');
    v_run bigint := brim.rescore_begin(v_task.arguments ->> 'model', coalesce((v_task.arguments ->> 'batch_size')::integer, 10000));
BEGIN
    UPDATE brim.rescore_run AS r SET started_by = v_task.requested_by WHERE r.run_id = v_run;
    RETURN v_run;
END;
$$;
COMMENT ON FUNCTION brim.begin_rescore_task(bigint) IS
    'Takes up an interrupted run for the task that this process runs, or begins one; returns its number';
REVOKE EXECUTE ON FUNCTION brim.begin_rescore_task(bigint) FROM PUBLIC;

CREATE FUNCTION brim.step_rescore_task(task_id bigint, run_id bigint,
                                       OUT is_done boolean, OUT seen bigint, OUT total bigint, OUT written bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM brim.running_task(step_rescore_task.task_id, 'rescore');
    is_done := brim.rescore_step(step_rescore_task.run_id);
    SELECT r.seen, CASE WHEN is_done THEN r.seen ELSE greatest(r.total_estimate, r.seen) END, r.written
      INTO seen, total, written
      FROM brim.rescore_run AS r WHERE r.run_id = step_rescore_task.run_id;
END;
$$;
COMMENT ON FUNCTION brim.step_rescore_task(bigint, bigint) IS
    'Does one batch of a run for the task that this process runs; returns whether it is through, and how far it is';
REVOKE EXECUTE ON FUNCTION brim.step_rescore_task(bigint, bigint) FROM PUBLIC;

CREATE VIEW brim.rescore_progress AS
SELECT r.run_id, r.model,
       CASE WHEN r.finished_at IS NOT NULL THEN 'finished'
            WHEN r.is_given_up THEN 'given up'
            WHEN brim.statement_runs(r.pid, r.statement_at) THEN 'running'
            ELSE 'interrupted' END AS state,
       r.seen,
       greatest(r.total_estimate, r.seen) AS total_estimate,
       CASE WHEN r.finished_at IS NOT NULL THEN 100.0
            ELSE round(100.0 * r.seen / nullif(greatest(r.total_estimate, r.seen), 0), 1) END AS share_done,
       r.written, r.batch_size, r.last_company_id, r.started_at, r.started_by, r.last_batch_at, r.finished_at, r.pid
  FROM brim.rescore_run AS r;
COMMENT ON VIEW brim.rescore_progress IS 'One row a run of brim_rescore_all() or of a task rescore. Key: run_id';
COMMENT ON COLUMN brim.rescore_progress.run_id IS 'Number of the run; they rise';
COMMENT ON COLUMN brim.rescore_progress.model IS 'Model that all leads get; NULL: each is scored by its own';
COMMENT ON COLUMN brim.rescore_progress.state IS
    'running; interrupted: goes on with the next call; finished; given up: the models had changed since it was '
    'interrupted, so another run began';
COMMENT ON COLUMN brim.rescore_progress.seen IS 'Leads looked at so far';
COMMENT ON COLUMN brim.rescore_progress.total_estimate IS 'Leads there are, as the planner reckoned when the run began';
COMMENT ON COLUMN brim.rescore_progress.share_done IS 'seen of total_estimate, percent; 100 when finished';
COMMENT ON COLUMN brim.rescore_progress.written IS 'Leads whose stored score changed';
COMMENT ON COLUMN brim.rescore_progress.batch_size IS 'Leads a transaction';
COMMENT ON COLUMN brim.rescore_progress.last_company_id IS 'Last lead looked at: where the run goes on';
COMMENT ON COLUMN brim.rescore_progress.started_at IS 'When the run was begun';
COMMENT ON COLUMN brim.rescore_progress.started_by IS 'Who began it';
COMMENT ON COLUMN brim.rescore_progress.last_batch_at IS 'When the last batch was done';
COMMENT ON COLUMN brim.rescore_progress.finished_at IS 'When it was through; NULL until then';
COMMENT ON COLUMN brim.rescore_progress.pid IS 'Server process that runs it, or did last';
