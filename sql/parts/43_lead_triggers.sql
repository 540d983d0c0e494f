/*
 * The statement triggers of brim.lead: one an operation, which calls the
 * functions it names in the order in which it names them.
 *
 *     journal     what was calculated, in brim.event
 *     queue       jobs and e-mails: queued, scored again, cancelled
 *     texts       what is to be classified
 *
 * Each of these is a trigger function and sees the transition tables old_rows
 * and new_rows.  INSERT ... ON CONFLICT DO UPDATE and MERGE call a trigger of
 * each operation they may perform.
 */

CREATE FUNCTION brim.call_in_turn() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'brim_call_in_turn';
COMMENT ON FUNCTION brim.call_in_turn() IS
    'Trigger, AFTER ... FOR EACH STATEMENT: calls the trigger functions of schema brim that its arguments name, in '
    'their order';
REVOKE EXECUTE ON FUNCTION brim.call_in_turn() FROM PUBLIC;

CREATE TRIGGER lead_after_insert AFTER INSERT ON brim.lead
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION brim.call_in_turn('lead_journal_insert', 'lead_queue_insert', 'lead_texts_insert');

CREATE TRIGGER lead_after_update AFTER UPDATE ON brim.lead
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION brim.call_in_turn('lead_journal_update', 'lead_queue_update', 'lead_texts_update');

CREATE TRIGGER lead_after_delete AFTER DELETE ON brim.lead
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION brim.call_in_turn('lead_queue_delete', 'lead_texts_delete');

CREATE TRIGGER lead_after_truncate AFTER TRUNCATE ON brim.lead
    FOR EACH STATEMENT EXECUTE FUNCTION brim.call_in_turn('lead_queue_truncate', 'lead_texts_truncate');
