/*
 * brim_grant(): what a role of one of five kinds may do.
 *
 * Only SELECT, INSERT, UPDATE and EXECUTE are ever granted (and DELETE, to the
 * worker, where e-mails pass through), and never with the right to grant: whoever may create a trigger on a table runs code with
 * the rights of everybody who writes there, the worker among them.
 */

CREATE FUNCTION brim.grant_functions(role regrole, VARIADIC functions regprocedure[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_function regprocedure;
BEGIN
    FOREACH v_function IN ARRAY functions LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s', v_function, role);
    END LOOP;
END;
$$;
COMMENT ON FUNCTION brim.grant_functions(regrole, regprocedure[]) IS 'Grants EXECUTE on functions and procedures to a role';
REVOKE EXECUTE ON FUNCTION brim.grant_functions(regrole, regprocedure[]) FROM PUBLIC;

CREATE FUNCTION brim.grant_tables(role regrole, privileges text, VARIADIC tables regclass[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table regclass;
BEGIN
    IF privileges !~ '^(SELECT|INSERT|UPDATE|DELETE)(, (SELECT|INSERT|UPDATE|DELETE))*$' THEN
        RAISE EXCEPTION 'brim does not grant %', privileges USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOREACH v_table IN ARRAY tables LOOP
        EXECUTE format('GRANT %s ON TABLE %s TO %s', privileges, v_table, role);
    END LOOP;
END;
$$;
COMMENT ON FUNCTION brim.grant_tables(regrole, text, regclass[]) IS 'Grants SELECT, INSERT, UPDATE or DELETE on tables to a role';
REVOKE EXECUTE ON FUNCTION brim.grant_tables(regrole, text, regclass[]) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_grant(role regrole, capability text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_role record;
    v_extension oid;
BEGIN
    SELECT r.rolname, r.rolsuper INTO v_role FROM pg_roles AS r WHERE r.oid = role;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'role % does not exist', coalesce(role::text, 'NULL') USING ERRCODE = 'undefined_object';
    ELSIF capability IS NULL OR capability NOT IN ('reader', 'user', 'operator', 'admin', 'worker') THEN
        RAISE EXCEPTION 'invalid capability %', coalesce(quote_literal(left(capability, 100)), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A capability is reader, user, operator, admin or worker.';
    ELSIF capability = 'worker' AND v_role.rolsuper THEN
        RAISE EXCEPTION 'role "%" is a superuser, as which the worker does not run', v_role.rolname
            USING ERRCODE = 'invalid_grant_operation',
                  HINT = 'CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0;';
    END IF;

    EXECUTE format('GRANT USAGE ON SCHEMA brim TO %s', role);
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', quote_ident('@extschema@'), role);

    IF capability = 'worker' THEN
        PERFORM brim.grant_tables(role, 'SELECT', 'brim.lead', 'brim.campaign', 'brim.variant', 'brim.template', 'brim.node',
                                  'brim.scoring_model', 'brim.scoring_signal', 'brim.scoring_rule', 'brim.model_spec');
        PERFORM brim.grant_tables(role, 'SELECT, INSERT, UPDATE', 'brim.generation', 'brim.component');
        PERFORM brim.grant_tables(role, 'SELECT, INSERT, UPDATE, DELETE', 'brim.email_queue', 'brim.send_ledger', 'brim.email_owner');
        PERFORM brim.grant_tables(role, 'SELECT, INSERT, DELETE', 'brim.email_parked');
        PERFORM brim.grant_tables(role, 'SELECT, INSERT', 'brim.email', 'brim.email_attempt', 'brim.suppression', 'brim.event');
        EXECUTE format('GRANT UPDATE (last_batch_at, confirmed_by) ON TABLE brim.node TO %s', role);
        PERFORM brim.grant_tables(role, 'SELECT', 'brim.lead_text', 'brim.intent_class');
        PERFORM brim.grant_tables(role, 'SELECT, INSERT', 'brim.classification_event', 'brim.pending_lead');
        PERFORM brim.grant_tables(role, 'SELECT, UPDATE', 'brim.classification');
        EXECUTE format('GRANT UPDATE (attributes) ON TABLE brim.lead TO %s', role);
        PERFORM brim.grant_tables(role, 'SELECT', 'brim.task');
        EXECUTE format('GRANT UPDATE (status, done_units, total_units, progress, started_at, progress_at, ended_at, error, pid) '
                       'ON TABLE brim.task TO %s', role);
        PERFORM brim.grant_functions(role, 'brim.settle_tasks()', 'brim.check_queued_task(bigint)',
                                     'brim.begin_rescore_task(bigint)', 'brim.step_rescore_task(bigint, bigint)');
        PERFORM brim.grant_functions(role, 'brim.store_emails(bigint, jsonb, text)', 'brim.new_email_state(text, text, text)',
                                     'brim.new_message_id(text)',
                                     'brim.is_suppressed(text, text)', 'brim.email_hold_reason(text, text)',
                                     'brim.company_facts(text)', 'brim.template_choice(bigint)',
                                     'brim.email_footer(text, text, text)', 'brim.installation()',
                                     'brim.resume_after_promotion()', 'brim.note_leads()', 'brim.give_events(integer, timestamptz)',
                                     'brim.set_events(text[])', 'brim.take_texts(integer, timestamptz)',
                                     'brim.take_pending(text, integer, timestamptz)',
                                     'brim.passes(text)', 'brim.do_pending(text, text[])', 'brim.try_pending(text, text[], timestamptz)');
        RETURN;
    END IF;

    -- Views and reports, whatever the extension has of them, except those that show texts, addresses and notes.
    SELECT e.oid INTO v_extension FROM pg_extension AS e WHERE e.extname = 'brim';
    PERFORM brim.grant_tables(role, 'SELECT', c.oid)
       FROM pg_class AS c
       JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
      WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = v_extension AND c.relkind = 'v'
        AND c.oid NOT IN ('brim.outbound_email'::regclass, 'brim.journal'::regclass);
    PERFORM brim.grant_functions(role, p.oid)
       FROM pg_proc AS p
       JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
      WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = v_extension AND p.proname LIKE 'brim\_kpi\_%';
    PERFORM brim.grant_functions(role, '@extschema@.brim_status()', 'brim.worker_rows()', 'brim.statement_runs(integer, timestamptz)',
                                 'brim.lost_task_error(bigint)',
                                 '@extschema@.brim_compare_models(text, text)', '@extschema@.brim_compare_models_summary(text, text)');

    IF capability = 'user' THEN
        PERFORM brim.grant_tables(role, 'SELECT, INSERT, UPDATE', 'brim.lead');
        PERFORM brim.grant_functions(role, '@extschema@.brim_score_company(jsonb, text)', '@extschema@.brim_score_batch(jsonb, text)',
                                     '@extschema@.brim_log_event(text, text, jsonb)',
                                     '@extschema@.brim_report_outcome(text, text, timestamptz, numeric, text, text)');
    END IF;
    IF capability IN ('operator', 'admin') THEN
        -- Whoever approves an e-mail has to read it.
        PERFORM brim.grant_tables(role, 'SELECT', 'brim.campaign', 'brim.variant', 'brim.template', 'brim.generation',
                                  'brim.outbound_email', 'brim.email_attempt', 'brim.send_ledger', 'brim.suppression',
                                  'brim.classification', 'brim.classification_event');
        PERFORM brim.grant_functions(role, '@extschema@.brim_approve(bigint)', '@extschema@.brim_hold(bigint, text)',
                                     '@extschema@.brim_release(bigint)', '@extschema@.brim_cancel(bigint, text)',
                                     '@extschema@.brim_retry(bigint)', '@extschema@.brim_retry_generation(bigint)',
                                     '@extschema@.brim_retry_classification(text)', '@extschema@.brim_classify_leads()',
                                     '@extschema@.brim_resolve(bigint, text, text)',
                                     '@extschema@.brim_suppress(text, text, text)', '@extschema@.brim_unsuppress(text, text)',
                                     '@extschema@.brim_pause()', '@extschema@.brim_resume()');
    END IF;
    IF capability = 'admin' THEN
        PERFORM brim.grant_tables(role, 'SELECT, INSERT, UPDATE', 'brim.campaign', 'brim.variant', 'brim.template',
                                  'brim.scoring_model', 'brim.scoring_signal', 'brim.scoring_rule', 'brim.model_price',
                                  'brim.intent_class', 'brim.intent_term', 'brim.intent_cue');
        PERFORM brim.grant_tables(role, 'SELECT', 'brim.published_model');
        PERFORM brim.grant_functions(role, '@extschema@.brim_arm(text, text)', '@extschema@.brim_rescore(text)',
                                     '@extschema@.brim_rescore_all(text, integer)', 'brim.rescore_begin(text, integer)',
                                     'brim.rescore_step(bigint)', '@extschema@.brim_publish_model(text, integer, boolean)',
                                     '@extschema@.brim_copy_model(text, integer, text)',
                                     '@extschema@.brim_edit_model(text, jsonb, integer)', '@extschema@.brim_rollback_model(text)');
        PERFORM brim.grant_tables(role, 'SELECT', 'brim.task');
        EXECUTE format('GRANT INSERT (kind, arguments) ON TABLE brim.task TO %s', role);
        PERFORM brim.grant_functions(role, '@extschema@.brim_start_task(text, jsonb)', '@extschema@.brim_cancel_task(bigint)');
    END IF;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_grant(regrole, text) IS
    'Gives an existing role the rights of a reader, user, operator, admin or worker. Repeating it after an update '
    'grants what is new';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_grant(regrole, text) FROM PUBLIC;
