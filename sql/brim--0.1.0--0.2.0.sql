\echo Use "ALTER EXTENSION brim UPDATE" to load this file. \quit

/*
 * 0.1.0 to 0.2.0.  The generated sections are written by
 * test/upgrade/make_script.pl; everything else by hand.
 */
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- Who has which rights, by one object that each capability grants; see the end.
SELECT pg_catalog.set_config('brim_update.grants', coalesce(jsonb_agg(jsonb_build_array(x.role, x.capability))::text, '[]'), true)
  FROM (SELECT a.grantee AS role, 'reader' AS capability
          FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
         WHERE c.oid = 'brim.kpi'::regclass AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
        UNION ALL
        SELECT a.grantee, CASE c.oid WHEN 'brim.lead'::regclass THEN 'user' ELSE 'worker' END
          FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
         WHERE c.oid IN ('brim.lead'::regclass, 'brim.send_ledger'::regclass) AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner
        UNION ALL
        SELECT a.grantee, CASE p.proname WHEN 'brim_pause' THEN 'operator' ELSE 'admin' END
          FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS a
         WHERE p.oid IN ('@extschema@.brim_pause()'::regprocedure, '@extschema@.brim_rollback_model(text)'::regprocedure)
           AND a.grantee <> p.proowner) AS x
 WHERE x.role <> 0;

-- generated: what goes

DROP VIEW brim.funnel_daily;
DROP FUNCTION @extschema@.brim_kpi_funnel_conversion(date, integer);
DROP VIEW brim.kpi_funnel_conversion;
DROP FUNCTION @extschema@.brim_kpi_new_activations(date, integer);
DROP VIEW brim.kpi_new_activations;
DROP FUNCTION @extschema@.brim_kpi_email_engagement(date, integer);
DROP VIEW brim.kpi_email_engagement;
DROP FUNCTION @extschema@.brim_kpi_qualified_leads(date, integer);
DROP VIEW brim.kpi_qualified_leads;
DROP FUNCTION brim.kpi_for(text, date, integer);
DROP VIEW brim.kpi;
DROP VIEW brim.kpi_fact;
DROP VIEW brim.attempts;
DROP VIEW brim.score_band_outcomes;
DROP VIEW brim.email_performance;
DROP VIEW brim.sent_email;
DROP VIEW brim.top_leads;
DROP VIEW brim.scored_leads;
DROP FUNCTION brim.status_of_queue();
DROP FUNCTION brim.status_of_services();
DROP FUNCTION brim.status_of_server();
DROP FUNCTION brim.place_change();
DROP FUNCTION brim.log_operation(text, brim.outbound_email, text, jsonb);
DROP FUNCTION brim.queue_email(brim.outbound_email);
DROP FUNCTION brim.check_not_mailed(brim.outbound_email);
DROP FUNCTION brim.lock_email(bigint, text[]);
DROP VIEW brim.queue_blocked;
DROP VIEW brim.queue_health;
DROP FUNCTION brim.take_texts(integer);
DROP FUNCTION brim.give_events(integer);
DROP FUNCTION brim.try_pending(text, text[]);
DROP FUNCTION brim.take_pending(text, integer);
DROP TRIGGER lead_texts_truncate ON brim.lead;
DROP TRIGGER lead_texts_delete ON brim.lead;
DROP TRIGGER lead_texts_update ON brim.lead;
DROP TRIGGER lead_texts_insert ON brim.lead;
DROP TRIGGER email_before_queue ON brim.outbound_email;
DROP FUNCTION brim.email_before_queue();
DROP FUNCTION brim.published_hash(text);
DROP FUNCTION brim.company_facts(text);
DROP TRIGGER lead_after_truncate ON brim.lead;
DROP FUNCTION brim.lead_after_truncate();
DROP TRIGGER lead_after_delete ON brim.lead;
DROP FUNCTION brim.lead_after_delete();
DROP TRIGGER lead_queue_update ON brim.lead;
DROP TRIGGER lead_queue_insert ON brim.lead;
DROP TRIGGER lead_journal_update ON brim.lead;
DROP TRIGGER lead_journal_insert ON brim.lead;
DROP VIEW brim.model_comparison;
DROP FUNCTION brim.settings_problem(regclass, jsonb, text[]);
DROP TRIGGER intent_class_before_write ON brim.intent_class;
DROP FUNCTION brim.intent_class_before_write();
DROP VIEW brim.model_spec;
DROP TRIGGER wake_worker ON brim.send_ledger;
DROP TRIGGER wake_worker ON brim.outbound_email;
DROP FUNCTION brim.place();
DROP INDEX brim.outbound_email_once;
DROP INDEX brim.outbound_email_sent_at;
DROP INDEX brim.outbound_email_recipient;
DROP INDEX brim.outbound_email_owned;
DROP INDEX brim.outbound_email_due;
DROP INDEX brim.outbound_email_suspect;
DROP INDEX brim.outbound_email_queued;

-- end of what goes

-- ---------------------------------------------------------------------------
-- Tables
-- ---------------------------------------------------------------------------

-- The words of the lexicon are the same, in statements that look otherwise.
-- by hand: brim.intent_class
-- by hand: brim.intent_term
-- by hand: brim.intent_cue

/*
 * E-mails: text, queue and ledger were one wide table and a ledger beside it.
 * The old tables step aside, and are emptied into the new ones under Data.
 */
-- created again: brim.send_ledger
-- created again: brim.email_attempt
ALTER EXTENSION brim DROP SEQUENCE brim.outbound_email_email_id_seq;
ALTER EXTENSION brim DROP TABLE brim.email_attempt;
ALTER EXTENSION brim DROP TABLE brim.outbound_email;
ALTER EXTENSION brim DROP TABLE brim.send_ledger;
CREATE SCHEMA brim_update;
ALTER TABLE brim.email_attempt SET SCHEMA brim_update;
ALTER TABLE brim.outbound_email SET SCHEMA brim_update;
ALTER TABLE brim.send_ledger SET SCHEMA brim_update;

-- Models have a kind; what only rules have may be null in others.
ALTER TABLE brim.scoring_model
    ADD COLUMN kind text NOT NULL DEFAULT 'rules' CONSTRAINT scoring_model_kind_known CHECK (kind IN ('rules')),
    ALTER COLUMN fit_weight DROP NOT NULL,
    ALTER COLUMN intent_weight DROP NOT NULL,
    ALTER COLUMN missing_policy DROP NOT NULL,
    ALTER COLUMN language DROP NOT NULL,
    ADD CONSTRAINT scoring_model_rules_have_settings CHECK (num_nulls(fit_weight, intent_weight, missing_policy, language)
                                                            = CASE kind WHEN 'rules' THEN 0 ELSE 4 END);

-- generated: what comes

COMMENT ON COLUMN brim.lead.company_name IS 'Name as written; never empty';

COMMENT ON COLUMN brim.lead.domain IS 'Web site or host as written, such as acme.example or https://www.acme.example/; NULL: unknown';

COMMENT ON COLUMN brim.lead.contact_name IS 'Person to write to; NULL: unknown';

COMMENT ON COLUMN brim.lead.contact_email IS
    'Address to write to; NULL or blank: its e-mails are held (no_recipient). Checked when an e-mail is queued, not '
    'here';

COMMENT ON COLUMN brim.lead.employee_count IS 'Number of employees; NULL: unknown. Any integer is stored';

COMMENT ON COLUMN brim.lead.industry IS 'Industry as written, such as SaaS; scoring compares it in any case of letters; NULL: unknown';

COMMENT ON COLUMN brim.lead.funding_stage IS 'Last funding stage as written, such as Series A; NULL: unknown';

COMMENT ON COLUMN brim.lead.tech_stack IS 'Tools in use, one an entry; NULL or empty: unknown';

COMMENT ON COLUMN brim.lead.recent_job_posts IS 'Titles or texts of job posts, one an entry; NULL or empty: unknown';

COMMENT ON COLUMN brim.lead.news_mentions IS 'Headlines or texts about the company, one an entry; NULL or empty: unknown';

COMMENT ON COLUMN brim.lead.country IS 'Country as written; NULL: unknown';

COMMENT ON COLUMN brim.lead.timezone IS 'Time zone as written; NULL: unknown. Not checked';

COMMENT ON COLUMN brim.lead.fit_score IS 'How well the company matches the ideal customer, 0-100';

COMMENT ON COLUMN brim.lead.intent_score IS 'How strong the buying signals of the company are now, 0-100';

COMMENT ON COLUMN brim.lead.action IS
    'What the total suggests: high_priority_outreach, medium_priority_outreach or low_priority_monitoring; NULL: not '
    'scored';

COMMENT ON COLUMN brim.lead.model_version IS 'Version of the model that the stored score comes from; NULL: not scored';

COMMENT ON COLUMN brim.lead.scored_at IS 'When the stored score was last calculated with another result; NULL: not scored';

COMMENT ON COLUMN brim.lead.created_at IS 'When the row was stored first';

COMMENT ON COLUMN brim.lead.updated_at IS 'Start of the transaction that wrote the row last';

COMMENT ON COLUMN brim.campaign.name IS 'Letters, digits, _, . and -, at most 63; begins with a letter or digit';

COMMENT ON COLUMN brim.campaign.product_name IS 'What the product is called in e-mails; may be empty';

COMMENT ON COLUMN brim.campaign.sender_name IS 'Display name of the sender; empty: the address alone';

COMMENT ON COLUMN brim.campaign.reply_to IS 'Address that answers and opt-outs go to; empty: sender_address';

COMMENT ON COLUMN brim.campaign.is_active IS 'Off: nothing is written or sent for it; what waits, waits';

COMMENT ON COLUMN brim.campaign.created_at IS 'When the campaign was made';

COMMENT ON COLUMN brim.variant.campaign IS 'Campaign that it belongs to; goes with it';

COMMENT ON COLUMN brim.variant.name IS 'Letters, digits, _, . and -, at most 63; begins with a letter or digit';

COMMENT ON COLUMN brim.variant.instruction IS 'What the model reads about this way of writing';

COMMENT ON COLUMN brim.variant.is_active IS 'Off: no further drafts are written with it; those written stay';

COMMENT ON TABLE brim.template IS
    'One row a template used where the model writes no e-mail. Key: industry, variant, is_shipped; an empty string '
    'stands for any';

COMMENT ON COLUMN brim.template.body IS
    'Body with the same blanks: company_name, contact_name, contact_first_name, industry, employee_count, country, '
    'product_name, product_pitch, sender_name';

COMMENT ON COLUMN brim.template.is_shipped IS
    'The row is as the extension brought it along; a change of the row clears the mark. Only other rows are dumped, '
    'and one of the same industry and variant goes before a shipped one';

COMMENT ON COLUMN brim.node.only_row IS 'Always true: there is one row';

COMMENT ON COLUMN brim.node.node_id IS 'Random name of this installation, which jobs and e-mails carry; a new one after brim_arm()';

COMMENT ON COLUMN brim.node.system_identifier IS 'Identifier of the cluster, from pg_control_system()';

COMMENT ON COLUMN brim.node.timeline_id IS 'WAL timeline; another one after a promotion or a restore to a point in time';

COMMENT ON COLUMN brim.node.database_oid IS 'OID of the database; another one in a database made from a template';

COMMENT ON COLUMN brim.node.host IS 'Name of the machine';

COMMENT ON COLUMN brim.node.data_directory IS 'Data directory of the server, as the setting of that name';

COMMENT ON COLUMN brim.node.is_paused IS 'The worker does nothing, since brim_pause() was called';

COMMENT ON COLUMN brim.node.last_batch_at IS 'When the worker last took e-mails to send, for brim.send_interval; NULL: never';

COMMENT ON COLUMN brim.node.confirmed_by IS
    'Standbys that confirm every barrier before the e-mail goes out, so that brim.after_promotion = resume may hold '
    'for them; empty: none';

COMMENT ON COLUMN brim.node.created_at IS 'When this installation began, by CREATE EXTENSION';

COMMENT ON COLUMN brim.node.armed_at IS 'When brim_arm() last confirmed this place; at first that of CREATE EXTENSION';

COMMENT ON COLUMN brim.component.component IS 'Part that reports: node, generator, classifier, relay';

COMMENT ON COLUMN brim.component.state IS 'ok, fault, or what it does instead of its usual work: templates, outbox';

COMMENT ON COLUMN brim.component.detail IS 'Why, in words; empty where there is nothing to say';

COMMENT ON COLUMN brim.component.retry_at IS 'When a part that stopped tries again; NULL: it is not stopped, or only a reload helps';

COMMENT ON COLUMN brim.component.changed_at IS 'When it reported this';

COMMENT ON COLUMN brim.generation.generation_id IS 'Of jobs with the same score the lowest goes first';

COMMENT ON COLUMN brim.generation.campaign IS
    'A campaign with jobs cannot be deleted or renamed. There is no foreign key, because its check of every row would '
    'slow down intake';

COMMENT ON COLUMN brim.generation.company_id IS 'Lead that the drafts are for; the job stays when the lead is deleted';

COMMENT ON COLUMN brim.generation.score IS 'Total score of the lead, 0-100; of the jobs that are due the highest goes first';

COMMENT ON COLUMN brim.generation.status IS
    'queued, running, done, failed, held, or cancelled (the lead was deleted, or may not be contacted)';

COMMENT ON COLUMN brim.generation.hold_reason IS 'Why it is held, as a word: poison, copied; NULL: not held';

COMMENT ON COLUMN brim.generation.next_attempt_at IS 'Not taken before; later than created_at after a failed attempt';

COMMENT ON COLUMN brim.generation.claim_token IS 'Random number of the worker process that has the job; NULL: none has it';

COMMENT ON COLUMN brim.generation.claimed_by IS 'Number of the worker that has the job, from 1; NULL: none has it';

COMMENT ON COLUMN brim.generation.model IS 'Model that was asked, as brim.gemini_model named it; NULL: none was';

COMMENT ON COLUMN brim.generation.model_version IS 'Version of the model, as its reply named it; NULL: none was asked';

COMMENT ON COLUMN brim.generation.prompt_tokens IS 'Tokens of the request that were billed; NULL: unknown';

COMMENT ON COLUMN brim.generation.output_tokens IS 'Tokens of the reply that were billed; NULL: unknown';

COMMENT ON COLUMN brim.generation.thought_tokens IS 'Tokens billed for thinking; NULL: unknown';

COMMENT ON COLUMN brim.generation.latency_ms IS 'Milliseconds from request to reply; NULL: no reply';

COMMENT ON COLUMN brim.generation.error IS 'Why the last attempt failed, in words; NULL: it did not';

COMMENT ON COLUMN brim.generation.created_at IS 'When the job was queued first';

COMMENT ON COLUMN brim.generation.finished_at IS 'When it was done, failed or cancelled; NULL: not yet';

CREATE TABLE brim.email (
    email_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation_id bigint,
    campaign text NOT NULL REFERENCES brim.campaign (name),
    company_id text COLLATE "C" NOT NULL,
    variant text NOT NULL,
    score integer NOT NULL,
    choice double precision NOT NULL DEFAULT random(),
    node_id text NOT NULL,
    recipient text COLLATE "C",
    recipient_name text,
    subject text NOT NULL,
    body text NOT NULL,
    message_id text,
    message_date timestamptz,
    generated_by text NOT NULL CHECK (generated_by IN ('gemini', 'template')),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (company_id, campaign, variant)
);

COMMENT ON TABLE brim.email IS
    'One row an e-mail: its text, one variant for one company in one campaign. Key: email_id. Where it stands is in '
    'brim.email_queue, brim.send_ledger or brim.email_parked; brim.outbound_email shows both';

COMMENT ON COLUMN brim.email.email_id IS 'Key of the e-mail';

COMMENT ON COLUMN brim.email.generation_id IS 'Job that wrote it';

COMMENT ON COLUMN brim.email.campaign IS 'Campaign that it belongs to';

COMMENT ON COLUMN brim.email.company_id IS 'Company';

COMMENT ON COLUMN brim.email.variant IS 'Way of writing';

COMMENT ON COLUMN brim.email.score IS 'Total score when the e-mail was written';

COMMENT ON COLUMN brim.email.choice IS
    'Weighted random draw made when the e-mail was written; among the waiting variants of a company the highest goes';

COMMENT ON COLUMN brim.email.node_id IS 'Installation that wrote the e-mail';

COMMENT ON COLUMN brim.email.recipient IS 'Address that it goes to. It changes only while the e-mail is held for want of one';

COMMENT ON COLUMN brim.email.recipient_name IS 'Name of the recipient';

COMMENT ON COLUMN brim.email.subject IS 'Subject in plain text';

COMMENT ON COLUMN brim.email.body IS 'Body without the footer';

COMMENT ON COLUMN brim.email.message_id IS 'Message-ID without brackets, fixed when the e-mail was queued';

COMMENT ON COLUMN brim.email.message_date IS 'Date header, fixed when the e-mail was queued';

COMMENT ON COLUMN brim.email.generated_by IS 'gemini or template';

COMMENT ON COLUMN brim.email.created_at IS 'When it was written';

CREATE INDEX email_recipient ON brim.email (lower(recipient));

CREATE TABLE brim.email_queue (
    email_id bigint PRIMARY KEY,
    campaign text NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    choice double precision NOT NULL,
    score integer NOT NULL,
    node_id text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    claims integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    footer text
-- Each e-mail leaves a dead row behind: it goes soon, and without pauses.
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0.05);

COMMENT ON TABLE brim.email_queue IS
    'One row an e-mail that waits to be sent. Key: email_id. There is no foreign key, because its check would cost '
    'each retry a lock of the text; e-mails are never deleted';

COMMENT ON COLUMN brim.email_queue.email_id IS 'E-mail';

COMMENT ON COLUMN brim.email_queue.campaign IS 'Campaign of the e-mail';

COMMENT ON COLUMN brim.email_queue.company_id IS 'Company of the e-mail';

COMMENT ON COLUMN brim.email_queue.choice IS 'Draw of the e-mail: of the variants of a company that wait the highest goes';

COMMENT ON COLUMN brim.email_queue.score IS 'Total score of the company now; the highest goes first';

COMMENT ON COLUMN brim.email_queue.node_id IS 'Installation that queued the e-mail; another one does not send it';

COMMENT ON COLUMN brim.email_queue.attempts IS 'Failed attempts that were charged to this e-mail';

COMMENT ON COLUMN brim.email_queue.claims IS 'Times the worker took this e-mail to send it';

COMMENT ON COLUMN brim.email_queue.crashes IS 'Times the worker died while it had this e-mail';

COMMENT ON COLUMN brim.email_queue.queued_at IS 'When it was queued, the last time';

COMMENT ON COLUMN brim.email_queue.next_attempt_at IS 'Not before';

COMMENT ON COLUMN brim.email_queue.footer IS 'Footer as last handed to a mail server';

CREATE INDEX email_queue_order ON brim.email_queue ((- score), email_id);

CREATE INDEX email_queue_company ON brim.email_queue (company_id, campaign);

CREATE INDEX email_queue_suspect ON brim.email_queue ((- score), email_id) WHERE crashes > 0;

CREATE INDEX email_queue_due ON brim.email_queue (next_attempt_at) WHERE next_attempt_at > queued_at;

CREATE TABLE brim.email_parked (
    email_id bigint PRIMARY KEY,
    campaign text NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    choice double precision NOT NULL,
    score integer NOT NULL,
    node_id text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    claims integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    status text NOT NULL CHECK (status IN ('draft', 'held', 'failed', 'cancelled', 'suppressed')),
    hold_reason text,
    footer text,
    CHECK ((status = 'held') = (hold_reason IS NOT NULL))
);

COMMENT ON TABLE brim.email_parked IS
    'One row an e-mail that nobody claims: a draft, held, failed, cancelled or suppressed. Key: email_id';

COMMENT ON COLUMN brim.email_parked.email_id IS 'E-mail';

COMMENT ON COLUMN brim.email_parked.campaign IS 'Campaign of the e-mail';

COMMENT ON COLUMN brim.email_parked.company_id IS 'Company of the e-mail';

COMMENT ON COLUMN brim.email_parked.choice IS 'Draw of the e-mail';

COMMENT ON COLUMN brim.email_parked.score IS 'Total score of the company, now while the e-mail waits as a draft or held';

COMMENT ON COLUMN brim.email_parked.node_id IS 'Installation that it belongs to';

COMMENT ON COLUMN brim.email_parked.attempts IS 'Failed attempts that were charged to this e-mail';

COMMENT ON COLUMN brim.email_parked.claims IS 'Times the worker took this e-mail to send it';

COMMENT ON COLUMN brim.email_parked.crashes IS 'Times the worker died while it had this e-mail';

COMMENT ON COLUMN brim.email_parked.status IS 'draft and held wait for people; failed, cancelled and suppressed are ends';

COMMENT ON COLUMN brim.email_parked.hold_reason IS 'Why it is held';

COMMENT ON COLUMN brim.email_parked.footer IS 'Footer as last handed to a mail server';

CREATE INDEX email_parked_company ON brim.email_parked (company_id, campaign);

CREATE INDEX email_parked_held ON brim.email_parked (campaign, hold_reason) WHERE status = 'held';

CREATE TABLE brim.send_ledger (
    email_id bigint PRIMARY KEY,
    campaign text NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    score integer NOT NULL,
    node_id text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    claims integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    footer text,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    claim_token bigint,
    claimed_by integer,
    state text NOT NULL CHECK (state IN ('claimed', 'committing', 'sent', 'uncertain', 'abandoned')),
    dot_at timestamptz,
    sent_at timestamptz,
    started_at timestamptz,
    phase text,
    smtp_code integer,
    enhanced_code text,
    reply text,
    relay text,
    -- Guard: at most one e-mail of a company and campaign is in flight, sent or in doubt.
    CONSTRAINT send_ledger_once UNIQUE (company_id, campaign),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CHECK (sent_at >= claimed_at AND sent_at <= claimed_at + interval '24 hours')

) WITH (fillfactor = 33, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

COMMENT ON TABLE brim.send_ledger IS
    'One row a company and campaign whose e-mail is under way, was sent, or may have been. Key: email_id; campaign, '
    'company_id. What the mail server refused for sure, and what an operator released, leaves it';

COMMENT ON COLUMN brim.send_ledger.email_id IS 'E-mail';

COMMENT ON COLUMN brim.send_ledger.campaign IS 'Campaign of the e-mail';

COMMENT ON COLUMN brim.send_ledger.company_id IS 'Company of the e-mail: no other one of the campaign may be taken';

COMMENT ON COLUMN brim.send_ledger.score IS 'Total score with which the e-mail was taken';

COMMENT ON COLUMN brim.send_ledger.node_id IS 'Installation that queued the e-mail';

COMMENT ON COLUMN brim.send_ledger.attempts IS 'Failed attempts that were charged to this e-mail before';

COMMENT ON COLUMN brim.send_ledger.claims IS 'Number of the claim: the e-mail was taken so many times';

COMMENT ON COLUMN brim.send_ledger.crashes IS 'Times the worker died while it had this e-mail';

COMMENT ON COLUMN brim.send_ledger.footer IS 'Postal address and opt-out sentence as handed to the mail server';

COMMENT ON COLUMN brim.send_ledger.claimed_at IS 'When it was taken';

COMMENT ON COLUMN brim.send_ledger.claim_token IS 'Worker process that may still write of it; empty once it is settled';

COMMENT ON COLUMN brim.send_ledger.claimed_by IS 'Number of that worker';

COMMENT ON COLUMN brim.send_ledger.state IS
    'claimed (without claim_token: another installation left it behind, and it counts as queued there); committing: '
    'the last word may have been said; sent; uncertain; abandoned: an operator gave up, and the company stays '
    'blocked';

COMMENT ON COLUMN brim.send_ledger.dot_at IS 'When the last word was allowed';

COMMENT ON COLUMN brim.send_ledger.sent_at IS
    'When the mail server accepted it; at most a day after claimed_at, so that the index on that finds it';

COMMENT ON COLUMN brim.send_ledger.started_at IS 'When the accepted try began; empty where an operator said that it was delivered';

COMMENT ON COLUMN brim.send_ledger.phase IS 'How far the dialogue of the accepted try came';

COMMENT ON COLUMN brim.send_ledger.smtp_code IS 'Reply code of the accepted try';

COMMENT ON COLUMN brim.send_ledger.enhanced_code IS 'Enhanced status code of the accepted try';

COMMENT ON COLUMN brim.send_ledger.reply IS 'Reply of the accepted try';

COMMENT ON COLUMN brim.send_ledger.relay IS 'Mail server that accepted it';

CREATE INDEX send_ledger_claimed_at ON brim.send_ledger (claimed_at);

CREATE TABLE brim.email_owner (
    claimed_by integer NOT NULL,
    claim_token bigint NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (claimed_by, claim_token)
);

COMMENT ON TABLE brim.email_owner IS
    'One row a worker process that may have e-mails under way. Key: claimed_by, claim_token. Recovery finds what a '
    'dead one left behind from here';

COMMENT ON COLUMN brim.email_owner.claimed_by IS 'Number of the worker';

COMMENT ON COLUMN brim.email_owner.claim_token IS 'Token of the process';

COMMENT ON COLUMN brim.email_owner.since IS
    'Every e-mail that it has under way was taken then or later; infinity: it was of another installation, and what '
    'it left behind is claimed in the ledger, without an owner';

CREATE TABLE brim.email_attempt (
    email_id bigint NOT NULL REFERENCES brim.email (email_id),
    attempt_no integer NOT NULL,
    phase text NOT NULL,
    outcome text NOT NULL,
    smtp_code integer,
    enhanced_code text,
    reply text,
    relay text,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    PRIMARY KEY (email_id, attempt_no)
);

COMMENT ON TABLE brim.email_attempt IS
    'One row a try to hand an e-mail to the mail server that was not accepted. Key: email_id, attempt_no. '
    'brim.attempts has all tries; what was accepted is in brim.send_ledger';

COMMENT ON COLUMN brim.email_attempt.email_id IS 'E-mail that was tried';

COMMENT ON COLUMN brim.email_attempt.attempt_no IS 'Number of the try, from 1: claims of the e-mail at that time';

COMMENT ON COLUMN brim.email_attempt.phase IS 'How far the dialogue came: CONNECT, RESET, MAIL, RCPT, DATA, BODY, DOT, QUIT';

COMMENT ON COLUMN brim.email_attempt.outcome IS 'failed, retry, transport (nothing said about this e-mail), uncertain';

COMMENT ON COLUMN brim.email_attempt.smtp_code IS 'Last reply code of the server, such as 250 or 550; NULL: none was read';

COMMENT ON COLUMN brim.email_attempt.enhanced_code IS 'Enhanced status code of that reply (RFC 3463), such as 5.1.1; NULL: it had none';

COMMENT ON COLUMN brim.email_attempt.reply IS 'Text of that reply, or what went wrong without one, in words';

COMMENT ON COLUMN brim.email_attempt.relay IS 'Mail server or outbox that it was handed to; NULL: none was reached';

COMMENT ON COLUMN brim.email_attempt.started_at IS 'When the try began';

COMMENT ON COLUMN brim.email_attempt.ended_at IS 'When its end was known';

COMMENT ON COLUMN brim.suppression.kind IS 'address, domain (of the recipient or of the lead), or company';

COMMENT ON COLUMN brim.suppression.value IS 'The address or domain in lower case, or the company_id';

COMMENT ON COLUMN brim.suppression.reason IS 'Why, in words; may be empty';

COMMENT ON COLUMN brim.suppression.created_at IS 'Since when';

COMMENT ON COLUMN brim.suppression.created_by IS 'Role that made the entry';

COMMENT ON TABLE brim.event IS
    'One row a thing that happened. Key: event_id. That an e-mail was sent is in brim.send_ledger alone: '
    'brim.journal shows both';

COMMENT ON COLUMN brim.event.event_id IS 'Grows in the order of writing, not of committing';

COMMENT ON COLUMN brim.event.event_type IS
    'score_calculated, email_generated, email_failed, email_uncertain, activation_step_completed, outcome_reported, or an '
    'operation such as email_approved';

COMMENT ON COLUMN brim.event.occurred_at IS 'When it happened; for what is reported later than it happened the reported time';

COMMENT ON COLUMN brim.event.company_id IS 'Lead that it is about; NULL: none. Not a foreign key: the journal outlives leads';

COMMENT ON COLUMN brim.event.user_id IS 'User of the application, for activation steps; NULL: none';

COMMENT ON COLUMN brim.event.email_id IS 'E-mail that it is about; NULL: none';

COMMENT ON COLUMN brim.event.data IS 'What else is known, by type of event, as a JSON object';

COMMENT ON COLUMN brim.outcome.company_id IS 'Lead that it is about; the row stays when the lead is deleted';

COMMENT ON COLUMN brim.outcome.outcome IS 'A word such as demo_booked, closed_won, not_a_fit: lower-case letters, digits, underscores';

COMMENT ON COLUMN brim.outcome.occurred_at IS 'When it happened, never in the future';

COMMENT ON COLUMN brim.outcome.value IS 'What it is worth, in the currency of whoever reports; NULL: unknown';

COMMENT ON COLUMN brim.outcome.campaign IS 'Campaign that it is credited to; NULL: none was named';

COMMENT ON COLUMN brim.outcome.note IS 'Anything else, in words; NULL: nothing';

COMMENT ON COLUMN brim.outcome.created_at IS 'When it was reported';

COMMENT ON FUNCTION brim.is_restoring() IS 'True while a script of pg_dump is loaded in this session: rows are stored as they come';

SELECT pg_catalog.pg_extension_config_dump('brim.email', '');

SELECT pg_catalog.pg_extension_config_dump('brim.email_email_id_seq', '');

SELECT pg_catalog.pg_extension_config_dump('brim.email_queue', '');

SELECT pg_catalog.pg_extension_config_dump('brim.email_parked', '');

SELECT pg_catalog.pg_extension_config_dump('brim.send_ledger', '');

SELECT pg_catalog.pg_extension_config_dump('brim.email_owner', '');

SELECT pg_catalog.pg_extension_config_dump('brim.email_attempt', '');

CREATE VIEW brim.outbound_email AS
SELECT e.email_id, e.generation_id, e.campaign, e.company_id, e.variant,
       coalesce(q.score, p.score, l.score, e.score) AS score,
       e.choice,
       CASE WHEN q.email_id IS NOT NULL THEN 'queued'
            WHEN p.email_id IS NOT NULL THEN p.status
            WHEN l.state = 'abandoned' THEN 'cancelled'
            WHEN l.state = 'claimed' AND l.claim_token IS NULL THEN 'queued'
            ELSE coalesce(l.state, 'superseded') END AS status,
       p.hold_reason,
       coalesce(q.node_id, p.node_id, l.node_id, e.node_id) AS node_id,
       e.recipient, e.recipient_name, e.subject, e.body,
       coalesce(q.footer, p.footer, l.footer) AS footer,
       e.message_id, e.message_date, e.generated_by,
       coalesce(q.attempts, p.attempts, l.attempts, 0) AS attempts,
       coalesce(q.claims, p.claims, l.claims, 0) AS claims,
       coalesce(q.crashes, p.crashes, l.crashes, 0) AS crashes,
       q.next_attempt_at, l.claim_token, l.claimed_by, e.created_at, l.sent_at
  FROM brim.email AS e
  LEFT JOIN brim.email_queue AS q ON q.email_id = e.email_id
  LEFT JOIN brim.email_parked AS p ON p.email_id = e.email_id
  LEFT JOIN brim.send_ledger AS l ON l.email_id = e.email_id;

COMMENT ON VIEW brim.outbound_email IS 'One row an e-mail: one variant for one company in one campaign. Key: email_id.
Its text, and where it stands. It is read only: functions such as brim_hold() change an e-mail';

COMMENT ON COLUMN brim.outbound_email.email_id IS 'Key of the e-mail';

COMMENT ON COLUMN brim.outbound_email.generation_id IS 'Job that wrote it';

COMMENT ON COLUMN brim.outbound_email.campaign IS 'Campaign';

COMMENT ON COLUMN brim.outbound_email.company_id IS 'Company';

COMMENT ON COLUMN brim.outbound_email.variant IS 'Way of writing';

COMMENT ON COLUMN brim.outbound_email.score IS 'Total score of the company, as long as the e-mail waits; then as it was taken';

COMMENT ON COLUMN brim.outbound_email.choice IS
    'Weighted random draw made when the e-mail was written; among the waiting variants of a company the highest goes';

COMMENT ON COLUMN brim.outbound_email.status IS
    'draft, queued, held, claimed, committing, sent, failed, uncertain, superseded, cancelled or suppressed';

COMMENT ON COLUMN brim.outbound_email.hold_reason IS 'Why it is held';

COMMENT ON COLUMN brim.outbound_email.node_id IS 'Installation that queued the e-mail; another one does not send it';

COMMENT ON COLUMN brim.outbound_email.recipient IS 'Address that it goes to';

COMMENT ON COLUMN brim.outbound_email.recipient_name IS 'Name of the recipient';

COMMENT ON COLUMN brim.outbound_email.subject IS 'Subject';

COMMENT ON COLUMN brim.outbound_email.body IS 'Body without the footer';

COMMENT ON COLUMN brim.outbound_email.footer IS 'Postal address and opt-out sentence as last handed to a mail server';

COMMENT ON COLUMN brim.outbound_email.message_id IS 'Message-ID without brackets, fixed when the e-mail was queued';

COMMENT ON COLUMN brim.outbound_email.message_date IS 'Date header, fixed when the e-mail was queued';

COMMENT ON COLUMN brim.outbound_email.generated_by IS 'gemini or template';

COMMENT ON COLUMN brim.outbound_email.attempts IS 'Failed attempts that were charged to this e-mail';

COMMENT ON COLUMN brim.outbound_email.claims IS 'Times the worker took this e-mail to send it';

COMMENT ON COLUMN brim.outbound_email.crashes IS 'Times the worker died while it had this e-mail';

COMMENT ON COLUMN brim.outbound_email.next_attempt_at IS 'Not before; empty unless queued';

COMMENT ON COLUMN brim.outbound_email.claim_token IS 'Worker process that has the e-mail under way';

COMMENT ON COLUMN brim.outbound_email.claimed_by IS 'Number of that worker';

COMMENT ON COLUMN brim.outbound_email.created_at IS 'When it was written';

COMMENT ON COLUMN brim.outbound_email.sent_at IS 'When the mail server accepted it';

CREATE VIEW brim.journal AS
SELECT v.event_id, v.event_type, v.occurred_at, v.company_id, v.user_id, v.email_id, v.data
  FROM brim.event AS v
UNION ALL
SELECT NULL, 'email_sent', l.sent_at, l.company_id, NULL, l.email_id,
       jsonb_build_object('campaign', e.campaign, 'variant', e.variant, 'message_id', e.message_id)
  FROM brim.send_ledger AS l
  JOIN brim.email AS e ON e.email_id = l.email_id
 WHERE l.state = 'sent';

COMMENT ON VIEW brim.journal IS
    'One row a thing that happened, the sending of e-mails among them. Key: event_id, or email_id where event_type '
    'is email_sent';

COMMENT ON COLUMN brim.journal.event_id IS 'Key in brim.event; empty for email_sent, which is read from the ledger';

COMMENT ON COLUMN brim.journal.event_type IS 'email_sent, or what brim.event says';

COMMENT ON COLUMN brim.journal.occurred_at IS 'When it happened';

COMMENT ON COLUMN brim.journal.company_id IS 'Company';

COMMENT ON COLUMN brim.journal.user_id IS 'User';

COMMENT ON COLUMN brim.journal.email_id IS 'E-mail';

COMMENT ON COLUMN brim.journal.data IS 'What else there is to say';

CREATE FUNCTION brim.installation(OUT system_identifier text, OUT timeline_id bigint, OUT database_oid oid,
                           OUT host text, OUT data_directory text)
    STABLE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_installation';

COMMENT ON FUNCTION brim.installation() IS 'Where this database is now: what brim.node is compared with before anything is sent';

REVOKE EXECUTE ON FUNCTION brim.installation() FROM PUBLIC;

COMMENT ON FUNCTION brim.promotion() IS
    'Is brim.after_promotion set to resume, has this server received WAL as a standby since it was started, and what '
    'is its cluster_name';

COMMENT ON FUNCTION brim.worker_slots() IS
    'Workers of this database as shared memory knows them; no row where the library is not preloaded or no worker '
    'runs';

COMMENT ON FUNCTION brim.claim_owner_alive(integer) IS 'True if a process still holds the lock of this worker number of this database';

COMMENT ON FUNCTION brim.launcher() IS 'Whether the library is preloaded, and which process is the launcher';

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

COMMENT ON FUNCTION brim.file_problem(text) IS
    'Why the file or directory that a brim setting names cannot be used by the server, or NULL when it can or none is '
    'named';

CREATE FUNCTION brim.library_version() RETURNS text
    STABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'brim_library_version';

COMMENT ON FUNCTION brim.library_version() IS 'The version of brim''s SQL that the loaded library was built for';

REVOKE EXECUTE ON FUNCTION brim.library_version() FROM PUBLIC;

CREATE TRIGGER wake_worker AFTER INSERT OR UPDATE ON brim.email_queue
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();

CREATE TRIGGER wake_worker AFTER INSERT ON brim.email_parked
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();

CREATE TRIGGER wake_worker AFTER DELETE ON brim.send_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION brim.wake_worker_trigger();

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

COMMENT ON TABLE brim.scoring_model IS
    'One row a version of a scoring model. Key: name, version. A version takes effect when it is published with '
    'brim_publish_model()';

COMMENT ON COLUMN brim.scoring_model.fit_weight IS
    'Share of the fit score in the total, 0-1; fit and intent add up to 1. This and what else only rules have is NULL '
    'in other kinds';

COMMENT ON COLUMN brim.scoring_model.missing_policy IS
    'What a signal counts whose attribute is missing. ignore: it is left out; zero: 0 points; prior: prior_points of '
    'its row in brim.scoring_signal, without one it is left out';

COMMENT ON COLUMN brim.scoring_model.kind IS 'What scores: rules, those of brim.scoring_rule';

COMMENT ON TABLE brim.scoring_signal IS
    'One row a signal with settings of its own; a signal without a row has the defaults. Key: model, version, '
    'dimension, signal';

COMMENT ON COLUMN brim.scoring_signal.combine IS
    'average: the first rule that matches gives the points, which take part in the average of the dimension; add: the '
    'points of all rules that match add up and are added to the average';

COMMENT ON TABLE brim.scoring_rule IS
    'One row a rule of a scoring model. Key: model, version, rule_no. Of the rules of a signal the first that '
    'matches, by rule_no, gives the points, unless brim.scoring_signal says that they add up';

COMMENT ON COLUMN brim.scoring_rule.kind IS
    'range: number from low to high; one_of: the whole text is a keyword; any_of: an entry of the list is a keyword; '
    'all_of: each keyword is an entry of the list; words: a keyword is in the text or an entry as a word or '
    'phrase; regex: the text or an entry matches pattern; event: it reports an event of the company of one of the '
    'classes in keywords (brim.intent_class); present: the attribute is given; otherwise: it is given and no earlier '
    'rule matched';

COMMENT ON COLUMN brim.scoring_rule.stem IS 'Words are compared by their stems: "hire" is found in "hiring", too';

COMMENT ON COLUMN brim.scoring_rule.pattern IS
    'Regular expression (PostgreSQL''s advanced ones, case-insensitive, without back references), looked for in the '
    'first 32 kB of a text';

COMMENT ON COLUMN brim.scoring_rule.reason IS
    'Sentence given as the reason; {value} is what the lead has, {matched} the keywords, or the part of the text, '
    'that matched';

COMMENT ON TABLE brim.published_model IS
    'One row a model whose published version somebody chose. Key: name. A shipped model without a row is published in '
    'its newest shipped version; balanced is the default until a row says otherwise';

COMMENT ON FUNCTION @extschema@.brim_publish_model(text, integer, boolean) IS
    'Publish a version of a scoring model, the newest where none is named, and make the model the default if asked '
    'to; returns the version';

COMMENT ON FUNCTION brim.score_columns(integer, bigint, text, jsonb, text[], text[], "any") IS
    'What the planner makes of a score of a table''s row: the same with the columns that the model reads. Not meant '
    'to be called by hand';

COMMENT ON COLUMN brim.intent_class.is_active IS 'True: it is looked for. False: rules may still name it';

COMMENT ON TABLE brim.intent_term IS
    'One row a way of saying that an event happened. Key: class, term_no; brim uses numbers below 1000. A sentence '
    'says it when one of words is in it, one of near is close to that (where near is not empty), and none of '
    'unless is';

COMMENT ON COLUMN brim.intent_term.words IS
    'Words or phrases one of which must be in the sentence; a trailing * for any ending, a leading = for the case '
    'as written';

COMMENT ON COLUMN brim.intent_term.near IS
    'Words or phrases one of which must stand close to it, or {money}, {number}, {percent}, {people}, {company}, '
    '{name}; > after it, < before it, with a number of words between, ^ anywhere in the sentence';

COMMENT ON COLUMN brim.intent_term.is_active IS 'True: it is looked for';

COMMENT ON COLUMN brim.intent_cue.kind IS
    'negation, hedge: deny what follows or put it in doubt; negation_after, hedge_after: what stands before; '
    'hedge_sentence: all of the sentence; break: ends their reach; ignore: takes cues inside it away; other: beside '
    'the company''s name means another company; own: stands for the company; job_post: the text is a job post';

COMMENT ON COLUMN brim.intent_cue.is_active IS 'True: it counts';

CREATE VIEW brim.model_spec AS
SELECT m.name,
       m.version,
       m.version = coalesce(p.version,
                            (SELECT max(s.version) FROM brim.scoring_model AS s
                              WHERE s.name = m.name AND s.is_shipped),
                            0) AS is_published,
       m.name = coalesce((SELECT d.name FROM brim.published_model AS d WHERE d.is_default), 'balanced')
       AND m.version = coalesce(p.version,
                                (SELECT max(s.version) FROM brim.scoring_model AS s
                                  WHERE s.name = m.name AND s.is_shipped),
                                0) AS is_default,
       jsonb_strip_nulls(jsonb_build_object(
           'name', m.name,
           'version', m.version,
           'kind', m.kind,
           'fit_weight', trim_scale(m.fit_weight),
           'intent_weight', trim_scale(m.intent_weight),
           'high_above', m.high_above,
           'medium_above', m.medium_above,
           'qualified_above', m.qualified_above,
           'missing_policy', m.missing_policy,
           'language', m.language,
           'signals', coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                                           'dimension', s.dimension,
                                           'signal', s.signal,
                                           'combine', s.combine,
                                           'min_points', s.min_points,
                                           'max_points', s.max_points,
                                           'prior_points', s.prior_points)) ORDER BY s.dimension, s.signal)
                                  FROM brim.scoring_signal AS s
                                 WHERE s.model = m.name AND s.version = m.version), '[]'::jsonb),
           'rules', coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                                         'rule_no', r.rule_no,
                                         'dimension', r.dimension,
                                         'signal', r.signal,
                                         'attribute', r.attribute,
                                         'kind', r.kind,
                                         'low', trim_scale(r.low),
                                         'high', trim_scale(r.high),
                                         'path', r.path,
                                         'keywords', r.keywords,
                                         'stem', nullif(r.stem, false),
                                         'pattern', r.pattern,
                                         'points', r.points,
                                         'weight', trim_scale(r.weight),
                                         'reason', r.reason,
                                         'reason_kind', r.reason_kind)) ORDER BY r.rule_no)
                                FROM brim.scoring_rule AS r
                               WHERE r.model = m.name AND r.version = m.version), '[]'::jsonb),
           'lexicon', CASE WHEN EXISTS (SELECT FROM brim.scoring_rule AS e
                                         WHERE e.model = m.name AND e.version = m.version AND e.kind = 'event')
                           THEN jsonb_build_object(
                               'classes', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                                                      'class', c.class, 'polarity', c.polarity, 'weight', trim_scale(c.weight),
                                                      'half_life_days', c.half_life_days)) ORDER BY c.class)
                                             FROM brim.intent_class AS c),
                               'terms', (SELECT jsonb_agg(jsonb_build_object(
                                                    'class', t.class, 'term_no', t.term_no, 'source', t.source, 'words', t.words,
                                                    'near', t.near, 'unless', t.unless) ORDER BY t.class, t.term_no)
                                           FROM brim.intent_term AS t
                                           JOIN brim.intent_class AS tc ON tc.class = t.class AND tc.is_active
                                          WHERE t.is_active),
                               'cues', (SELECT jsonb_agg(jsonb_build_object('kind', q.kind, 'phrase', q.phrase) ORDER BY q.kind, q.phrase)
                                          FROM brim.intent_cue AS q
                                         WHERE q.is_active)) END)) AS spec
  FROM brim.scoring_model AS m
  LEFT JOIN brim.published_model AS p ON p.name = m.name;

COMMENT ON VIEW brim.model_spec IS 'One row a version of a scoring model, with the model as one value. Key: name, version';

COMMENT ON COLUMN brim.model_spec.name IS 'Name of the model';

COMMENT ON COLUMN brim.model_spec.version IS 'Number of the version';

COMMENT ON COLUMN brim.model_spec.is_published IS 'This version scores where the model is named';

COMMENT ON COLUMN brim.model_spec.is_default IS 'This version scores where no model is named';

COMMENT ON COLUMN brim.model_spec.spec IS 'The model as a value: the second argument of brim_score(lead, spec)';

COMMENT ON FUNCTION brim.lexicon_guard() IS
    'Trigger: rows of the lexicon that came with brim stay; the shipped mark is taken off changed ones. Its arguments '
    'are the key';

CREATE OR REPLACE FUNCTION brim.intent_term_before_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM brim.check_intent_term(NEW.class, NEW.term_no, NEW.words, NEW.near, NEW.unless);
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION brim.intent_term_before_write() IS 'Trigger: refuses phrases that cannot be searched';

CREATE OR REPLACE FUNCTION brim.intent_cue_before_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM brim.check_intent_cue(NEW.kind, NEW.phrase);
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION brim.intent_cue_before_write() IS 'Trigger: refuses phrases that cannot be searched';

COMMENT ON FUNCTION @extschema@.brim_intent_signals(text, text, text) IS
    'The events of a company that a text reports: which, how sure, whose, where in the text, with amount, round and '
    'number of people. source is news or job_post; NULL: decided from the text';

COMMENT ON FUNCTION @extschema@.brim_intent_signals(record) IS
    'The events that the news and job posts of a lead report, each with its attribute and the number of its '
    'entry';

COMMENT ON TABLE brim.model_publication IS
    'One row a publication of a version of a scoring model. Key: publication_id. Kept by a trigger of '
    'brim.published_model; rows stay when the version is deleted';

COMMENT ON COLUMN brim.model_publication.publication_id IS 'Grows with each publication';

COMMENT ON COLUMN brim.model_publication.name IS 'Name of the model';

COMMENT ON COLUMN brim.model_publication.published_at IS 'When it was published';

COMMENT ON FUNCTION @extschema@.brim_copy_model(text, integer, text) IS
    'Copies a version of a scoring model, the published one where none is named, to the next version of the same or a '
    'new name; returns the version. It takes effect when it is published';

CREATE OR REPLACE FUNCTION @extschema@.brim_rollback_model(name text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now brim.model_publication;
    v_target brim.model_publication;
BEGIN
    IF brim_rollback_model.name IS NULL THEN
        RAISE EXCEPTION 'name of the scoring model must not be null' USING ERRCODE = 'null_value_not_allowed';
    ELSIF NOT EXISTS (SELECT FROM brim.scoring_model AS m WHERE m.name = brim_rollback_model.name) THEN
        RAISE EXCEPTION 'scoring model "%" does not exist', brim_rollback_model.name
            USING ERRCODE = 'undefined_object', HINT = 'The view brim.model_spec lists the models.';
    END IF;

    LOCK TABLE brim.published_model IN SHARE ROW EXCLUSIVE MODE;
    SELECT p.* INTO v_now FROM brim.model_publication AS p
     WHERE p.name = brim_rollback_model.name ORDER BY p.publication_id DESC LIMIT 1;
    v_target := v_now;
    LOOP
        SELECT p.* INTO v_target FROM brim.model_publication AS p WHERE p.publication_id = v_target.follows;
        IF v_target.publication_id IS NULL THEN
            RAISE EXCEPTION 'scoring model "%" has no earlier version to go back to', brim_rollback_model.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'The view brim.model_history shows what was published; '
                             'any version can be published with brim_publish_model().';
        END IF;
        -- Past what was deleted since, and past times without any.
        EXIT WHEN v_target.version IS DISTINCT FROM v_now.version
                  AND EXISTS (SELECT FROM brim.scoring_model AS m
                               WHERE m.name = v_target.name AND m.version = v_target.version);
    END LOOP;

    PERFORM brim.check_model(v_target.name, v_target.version);
    INSERT INTO brim.published_model AS p (name, version) VALUES (v_target.name, v_target.version)
        ON CONFLICT (name) DO UPDATE SET version = excluded.version, published_at = now();
    UPDATE brim.model_publication AS p
       SET follows = v_target.follows, is_rollback = true
     WHERE p.publication_id = (SELECT max(x.publication_id) FROM brim.model_publication AS x WHERE x.name = v_target.name);
    INSERT INTO brim.event (event_type, data)
    VALUES ('model_rolled_back', jsonb_build_object('model', v_target.name, 'version', v_target.version,
                                                    'from_version', v_now.version, 'by', session_user));
    RETURN v_target.version;
END;
$$;

COMMENT ON FUNCTION @extschema@.brim_rollback_model(text) IS
    'Publishes the version of a scoring model that was published before the present one; again: the one before that. '
    'Returns the version';

CREATE FUNCTION brim.settings_problem(target regclass, settings jsonb, fixed text[], needed text[] DEFAULT '{}',
                                      OUT problem text, OUT hint text)
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT CASE WHEN a.attname IS NULL THEN format('unknown key "%s"', e.key)
                ELSE format('key "%s": expected %s, found %s', e.key, x.expected,
                            CASE WHEN f.found = 'number' AND x.expected = 'integer' THEN 'a fraction'
                                 WHEN f.found = 'array' AND x.expected = 'array of strings' THEN 'another array'
                                 ELSE f.found END) END
      INTO problem
      FROM jsonb_each(settings) AS e
     CROSS JOIN LATERAL (SELECT jsonb_typeof(e.value) AS found) AS f
      LEFT JOIN pg_attribute AS a ON a.attrelid = target AND a.attname = e.key AND a.attnum > 0
                                 AND NOT a.attisdropped AND a.attname <> ALL (fixed)
     CROSS JOIN LATERAL (SELECT CASE a.atttypid WHEN 'integer'::regtype THEN 'integer'
                                                WHEN 'numeric'::regtype THEN 'number'
                                                WHEN 'boolean'::regtype THEN 'boolean'
                                                WHEN 'text[]'::regtype THEN 'array of strings'
                                                ELSE 'string' END AS expected) AS x
     WHERE a.attname IS NULL
        OR NOT CASE WHEN f.found = 'null' THEN NOT a.attnotnull AND a.attname <> ALL (needed)
                    WHEN x.expected = 'integer'
                    THEN CASE f.found WHEN 'number' THEN e.value::numeric = trunc(e.value::numeric) ELSE false END
                    WHEN x.expected = 'array of strings'
                    THEN f.found = 'array' AND NOT jsonb_path_exists(e.value, 'strict $[*] ? (@.type() != "string")')
                    ELSE f.found = x.expected END
     ORDER BY a.attname IS NOT NULL, e.key
     LIMIT 1;
    SELECT format('Keys are %s.', string_agg(a.attname, ', ' ORDER BY a.attnum))
      INTO hint
      FROM pg_attribute AS a
     WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (fixed);
END;
$$;

COMMENT ON FUNCTION brim.settings_problem(regclass, jsonb, text[], text[]) IS
    'What keeps a JSON object from being columns of a table, except the fixed ones, with null only where none is '
    'needed; NULL where nothing does';

REVOKE EXECUTE ON FUNCTION brim.settings_problem(regclass, jsonb, text[], text[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION brim.change_list(changes jsonb, list text, what text, VARIADIC key text[])
    RETURNS TABLE (place text, change jsonb, is_delete boolean)
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_list jsonb := changes -> list;
    v_missing text;
    v_seen jsonb := '[]';
BEGIN
    IF v_list IS NULL THEN
        RETURN;
    ELSIF jsonb_typeof(v_list) <> 'array' THEN
        PERFORM brim.refuse_change(format('key "%s"', list), format('expected array of objects, found %s', jsonb_typeof(v_list)),
                                   'It lists what changes: {"rules": [{"rule_no": 20, "points": 90}]}.');
    END IF;
    FOR change IN SELECT e.value FROM jsonb_array_elements(v_list) WITH ORDINALITY AS e (value, n) ORDER BY e.n LOOP
        IF jsonb_typeof(change) <> 'object' THEN
            PERFORM brim.refuse_change(format('key "%s"', list),
                                       format('expected array of objects, found an entry that is %s', left(change::text, 100)),
                                       'It lists what changes: {"rules": [{"rule_no": 20, "points": 90}]}.');
        END IF;
        SELECT k INTO v_missing FROM unnest(key) WITH ORDINALITY AS u (k, n)
         WHERE coalesce(jsonb_typeof(change -> k), 'null') = 'null' ORDER BY u.n LIMIT 1;
        IF FOUND THEN
            PERFORM brim.refuse_change(format('%s %s', what, left(change::text, 100)), format('no key "%s"', v_missing),
                                       format('Say which %s changes: %s.', what,
                                              (SELECT string_agg(format('"%s"', k), ', ') FROM unnest(key) AS k)));
        END IF;
        place := format('%s %s', what, (SELECT string_agg(change ->> k, '/' ORDER BY u.n) FROM unnest(key) WITH ORDINALITY AS u (k, n)));
        IF v_seen ? place THEN
            PERFORM brim.refuse_change(place, 'given twice', 'Put all that changes into one entry.');
        END IF;
        v_seen := v_seen || to_jsonb(place);
        IF jsonb_typeof(change -> 'delete') NOT IN ('boolean', 'null') THEN
            PERFORM brim.refuse_change(place, format('key "delete": expected boolean, found %s', jsonb_typeof(change -> 'delete')),
                                       'An entry with "delete": true is deleted.');
        END IF;
        is_delete := coalesce((change ->> 'delete')::boolean, false);
        change := change - 'delete';
        IF is_delete AND change - key <> '{}' THEN
            PERFORM brim.refuse_change(place, 'is to be deleted and changed', 'An entry with "delete" has no other keys.');
        END IF;
        RETURN NEXT;
    END LOOP;
END;
$$;

CREATE OR REPLACE FUNCTION brim.changed_rules(name text, version integer, changes jsonb) RETURNS SETOF brim.scoring_rule
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_item record;
    v_fault record;
    v_old brim.scoring_rule;
    v_new brim.scoring_rule;
    v_missing text;
    v_named integer[] := '{}';
BEGIN
    FOR v_item IN SELECT c.* FROM brim.change_list(changed_rules.changes, 'rules', 'rule', 'rule_no') AS c LOOP
        SELECT p.* INTO v_fault FROM brim.settings_problem('brim.scoring_rule', v_item.change, '{model,version,is_shipped}') AS p;
        IF v_fault.problem IS NOT NULL THEN
            PERFORM brim.refuse_change(v_item.place, v_fault.problem, v_fault.hint);
        END IF;
        SELECT r.* INTO v_old FROM brim.scoring_rule AS r
         WHERE r.model = changed_rules.name AND r.version = changed_rules.version
           AND r.rule_no::numeric = (v_item.change -> 'rule_no')::numeric;
        v_named := v_named || v_old.rule_no;
        IF v_item.is_delete THEN
            IF v_old.model IS NULL THEN
                PERFORM brim.refuse_change(v_item.place, 'does not exist and cannot be deleted',
                                           'brim.scoring_rule has the rules of each version.', '42704');
            END IF;
            CONTINUE;
        END IF;
        BEGIN
            IF v_old.model IS NOT NULL THEN
                v_new := jsonb_populate_record(v_old, v_item.change);
            ELSE
                v_new := jsonb_populate_record(NULL::brim.scoring_rule,
                             jsonb_build_object('model', changed_rules.name, 'version', changed_rules.version, 'is_shipped', false,
                                                'weight', 1, 'stem', false)
                             || CASE WHEN v_item.change ->> 'dimension' = 'disqualifier' THEN '{"points": 0}' ELSE '{}' END::jsonb
                             || v_item.change);
            END IF;
        EXCEPTION WHEN numeric_value_out_of_range OR invalid_text_representation THEN
            PERFORM brim.refuse_row(v_item.place, SQLERRM, SQLSTATE, 'brim.scoring_rule', NULL);
        END;
        SELECT a.attname INTO v_missing FROM pg_attribute AS a
         WHERE a.attrelid = 'brim.scoring_rule'::regclass AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
           AND to_jsonb(v_new) ->> a.attname IS NULL
         ORDER BY a.attnum LIMIT 1;
        IF FOUND THEN
            PERFORM brim.refuse_change(v_item.place, format('is new and has no key "%s"', v_missing),
                                       'A new rule needs dimension, signal, attribute, kind and points.');
        END IF;
        RETURN NEXT v_new;
    END LOOP;

    RETURN QUERY
    SELECT r.* FROM brim.scoring_rule AS r
     WHERE r.model = changed_rules.name AND r.version = changed_rules.version
       AND NOT coalesce(r.rule_no = ANY (v_named), false);
END;
$$;

CREATE OR REPLACE FUNCTION brim.changed_signals(name text, version integer, changes jsonb, rules brim.scoring_rule[]) RETURNS SETOF brim.scoring_signal
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_item record;
    v_fault record;
    v_old brim.scoring_signal;
    v_named jsonb := '{}';
BEGIN
    FOR v_item IN SELECT c.* FROM brim.change_list(changed_signals.changes, 'signals', 'signal', 'dimension', 'signal') AS c LOOP
        SELECT p.* INTO v_fault FROM brim.settings_problem('brim.scoring_signal', v_item.change, '{model,version,is_shipped}') AS p;
        IF v_fault.problem IS NOT NULL THEN
            PERFORM brim.refuse_change(v_item.place, v_fault.problem, v_fault.hint);
        ELSIF NOT v_item.is_delete
              AND NOT EXISTS (SELECT FROM unnest(rules) AS r
                               WHERE r.dimension = v_item.change ->> 'dimension' AND r.signal = v_item.change ->> 'signal') THEN
            PERFORM brim.refuse_change(v_item.place, 'has no rule',
                                       'A signal is made by its rules; here its settings are changed.', '42704');
        END IF;
        SELECT s.* INTO v_old FROM brim.scoring_signal AS s
         WHERE s.model = changed_signals.name AND s.version = changed_signals.version
           AND s.dimension = v_item.change ->> 'dimension' AND s.signal = v_item.change ->> 'signal';
        IF v_item.is_delete AND NOT FOUND THEN
            PERFORM brim.refuse_change(v_item.place, 'has no settings that could be deleted',
                                       'brim.scoring_signal has the settings of each version.', '42704');
        END IF;
        v_named := v_named || jsonb_build_object(v_item.place, true);
        CONTINUE WHEN v_item.is_delete;
        IF v_old.model IS NULL THEN
            v_old := jsonb_populate_record(NULL::brim.scoring_signal,
                         jsonb_build_object('model', changed_signals.name, 'version', changed_signals.version, 'is_shipped', false,
                                            'combine', 'average', 'min_points', -100, 'max_points', 100));
        END IF;
        BEGIN
            v_old := jsonb_populate_record(v_old, v_item.change);
        EXCEPTION WHEN numeric_value_out_of_range OR invalid_text_representation THEN
            PERFORM brim.refuse_row(v_item.place, SQLERRM, SQLSTATE, 'brim.scoring_signal', NULL);
        END;
        RETURN NEXT v_old;
    END LOOP;

    -- Settings go with the last rule of their signal.
    RETURN QUERY
    SELECT s.* FROM brim.scoring_signal AS s
     WHERE s.model = changed_signals.name AND s.version = changed_signals.version
       AND NOT v_named ? format('signal %s/%s', s.dimension, s.signal)
       AND EXISTS (SELECT FROM unnest(rules) AS r WHERE r.dimension = s.dimension AND r.signal = s.signal);
END;
$$;

CREATE OR REPLACE FUNCTION brim.edit_model_row(name text, version integer, settings jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_settings jsonb := settings;
    v_fault record;
    v_constraint text;
BEGIN
    SELECT p.* INTO v_fault FROM brim.settings_problem('brim.scoring_model', v_settings, '{name,version,kind,is_shipped,created_at}',
                                                       '{fit_weight,intent_weight,missing_policy,language}') AS p;
    IF v_fault.problem IS NOT NULL THEN
        PERFORM brim.refuse_change(NULL, v_fault.problem, rtrim(v_fault.hint, '.') || '; rules and signals are lists.');
    END IF;
    -- The weights add up to 1, so one of them says it all.
    IF v_settings ? 'fit_weight' AND NOT v_settings ? 'intent_weight' THEN
        v_settings := v_settings || jsonb_build_object('intent_weight', 1 - (v_settings -> 'fit_weight')::numeric);
    ELSIF v_settings ? 'intent_weight' AND NOT v_settings ? 'fit_weight' THEN
        v_settings := v_settings || jsonb_build_object('fit_weight', 1 - (v_settings -> 'intent_weight')::numeric);
    END IF;

    UPDATE brim.scoring_model AS m
       SET fit_weight = n.fit_weight, intent_weight = n.intent_weight, high_above = n.high_above, medium_above = n.medium_above,
           qualified_above = n.qualified_above, missing_policy = n.missing_policy, language = n.language, description = n.description
      FROM brim.scoring_model AS o
     CROSS JOIN LATERAL jsonb_populate_record(o, v_settings) AS n
     WHERE o.name = edit_model_row.name AND o.version = edit_model_row.version AND m.name = o.name AND m.version = o.version;
EXCEPTION WHEN check_violation OR numeric_value_out_of_range THEN
    GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
    PERFORM brim.refuse_row(NULL, SQLERRM, SQLSTATE, 'brim.scoring_model', v_constraint);
END;
$$;

CREATE OR REPLACE FUNCTION brim.write_signals(signals brim.scoring_signal[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_signal brim.scoring_signal;
    v_constraint text;
BEGIN
    FOREACH v_signal IN ARRAY signals LOOP
        INSERT INTO brim.scoring_signal SELECT v_signal.*;
    END LOOP;
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
    PERFORM brim.refuse_row(format('signal %s/%s', v_signal.dimension, v_signal.signal), SQLERRM, SQLSTATE,
                            'brim.scoring_signal', v_constraint);
END;
$$;

COMMENT ON FUNCTION @extschema@.brim_edit_model(text, jsonb, integer) IS
    'Changes settings, rules and signals of a scoring model: of a copy of the published version, or of a version that '
    'was never published. Returns the version, which takes effect when it is published';

COMMENT ON FUNCTION @extschema@.brim_compare_models(text, text) IS
    'One row a lead with its scores by two models (name, name@version, NULL: the default), reckoned now; nothing is '
    'written.
Scores every lead twice and keeps the rows in a temporary file: a few seconds and about 100 MB for a '
    'million leads';

COMMENT ON FUNCTION @extschema@.brim_compare_models_summary(text, text) IS
    'One row: how the scores of all leads differ between two models (name, name@version, NULL: the default); nothing '
    'is written.
Scores every lead twice: a few seconds for a million leads';

CREATE VIEW brim.model_comparison AS
SELECT x.model, x.version, x.default_model, x.default_version, count(x.d) AS leads,
       count(*) FILTER (WHERE x.d <> 0) AS changed,
       count(*) FILTER (WHERE x.d > 0) AS raised,
       count(*) FILTER (WHERE x.d < 0) AS lowered,
       count(*) FILTER (WHERE x.was) AS default_qualified,
       count(*) FILTER (WHERE x.becomes) AS qualified,
       count(*) FILTER (WHERE x.becomes AND NOT x.was) AS crossed_up,
       count(*) FILTER (WHERE x.was AND NOT x.becomes) AS crossed_down,
       round(avg(x.d), 2) AS mean_difference,
       greatest(max(x.d), 0) AS greatest_raise,
       least(min(x.d), 0) AS greatest_drop
  FROM (SELECT m.name AS model, m.version, dm.name AS default_model, dm.version AS default_version,
               s.score - s.default_score AS d,
               s.default_score > dm.qualified_above AS was,
               s.score > m.qualified_above AS becomes
          FROM (brim.scoring_model AS m JOIN brim.model_spec AS p ON p.name = m.name AND p.version = m.version AND p.is_published)
         CROSS JOIN (brim.scoring_model AS dm JOIN brim.model_spec AS dp ON dp.name = dm.name AND dp.version = dm.version AND dp.is_default)
          LEFT JOIN LATERAL (SELECT (brim.lead_scores(l, m.name)).total_score AS score,
                                    (brim.lead_scores(l, dm.name)).total_score AS default_score
                               FROM brim.lead AS l OFFSET 0) AS s ON true
         WHERE m.name <> dm.name) AS x
 GROUP BY x.model, x.version, x.default_model, x.default_version;

COMMENT ON VIEW brim.model_comparison IS
    'One row a published model other than the default one. Key: model.
All leads by this model beside the default '
    'one, reckoned now. Every lead is scored twice for each row: a few seconds a row for a million leads, so a '
    'condition on model makes it quicker';

COMMENT ON COLUMN brim.model_comparison.model IS 'Name of the model';

COMMENT ON COLUMN brim.model_comparison.version IS 'Its published version';

COMMENT ON COLUMN brim.model_comparison.default_model IS 'Name of the default model';

COMMENT ON COLUMN brim.model_comparison.default_version IS 'Its published version';

COMMENT ON COLUMN brim.model_comparison.leads IS 'Leads that were scored by both';

COMMENT ON COLUMN brim.model_comparison.changed IS 'Of these, with another total score than by the default model';

COMMENT ON COLUMN brim.model_comparison.raised IS 'Of these, with a higher one';

COMMENT ON COLUMN brim.model_comparison.lowered IS 'Of these, with a lower one';

COMMENT ON COLUMN brim.model_comparison.default_qualified IS 'Leads that qualify by the default model';

COMMENT ON COLUMN brim.model_comparison.qualified IS 'Leads that qualify by this model';

COMMENT ON COLUMN brim.model_comparison.crossed_up IS 'Leads that qualify by this model and not by the default one';

COMMENT ON COLUMN brim.model_comparison.crossed_down IS 'Leads that qualify by the default model and not by this one';

COMMENT ON COLUMN brim.model_comparison.mean_difference IS 'Mean of score by this model minus score by the default one; NULL without leads';

COMMENT ON COLUMN brim.model_comparison.greatest_raise IS 'Greatest such difference, at least 0';

COMMENT ON COLUMN brim.model_comparison.greatest_drop IS 'Least such difference, at most 0';

COMMENT ON FUNCTION brim.reason_changes(record, text, record, text) IS
    'Reasons that brim_explain() gives for one lead and not for the other, each by a model of its own; NULLs where a '
    'model or lead is NULL';

COMMENT ON VIEW brim.score_changes IS
    'One row a change of a stored score, of its parts or of the model version it is from. Key: event_id.
The first '
    'score of a lead is no change. A condition on company_id or changed_at makes it quick';

COMMENT ON COLUMN brim.score_changes.reasons_added IS
    'Reasons that hold since and did not before, joined by ''; ''; NULL where there are none, or the old version is '
    'gone';

COMMENT ON COLUMN brim.score_changes.reasons_removed IS
    'Reasons that held before and do not since, joined by ''; ''; NULL where there are none, or the old version is '
    'gone';

COMMENT ON FUNCTION brim.is_suppressed(text, text) IS
    'True if the company, the address, its domain or the domain of the company is on the do-not-contact list';

CREATE OR REPLACE FUNCTION brim.lead_journal_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_old record;
    v_usable text[] := '{}';
    v_changed boolean := false;
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    END IF;

    -- The versions that the old scores come from, where they are still there to explain them.
    FOR v_old IN
        SELECT o.model, o.model_version, bool_or((o.model, o.model_version) IS DISTINCT FROM (n.model, n.model_version)) AS is_another
          FROM new_rows AS n
          FULL JOIN old_rows AS o ON o.company_id = n.company_id
         WHERE (n.fit_score, n.intent_score, n.total_score, n.model, n.model_version)
               IS DISTINCT FROM (o.fit_score, o.intent_score, o.total_score, o.model, o.model_version)
         GROUP BY o.model, o.model_version
    LOOP
        v_changed := true;
        -- What has just scored can explain, too.
        v_usable := v_usable || CASE WHEN v_old.is_another THEN brim.usable_version(v_old.model, v_old.model_version)
                                     ELSE v_old.model || '@' || v_old.model_version END;
    END LOOP;
    IF NOT v_changed THEN
        RETURN NULL;
    END IF;

    INSERT INTO brim.event (event_type, company_id, data)
    SELECT 'score_calculated', c.company_id,
           jsonb_build_object('model', c.model, 'version', c.model_version, 'fit_score', c.fit_score,
                              'intent_score', c.intent_score, 'total_score', c.total_score, 'confidence', c.confidence,
                              'action', c.action, 'qualified', coalesce(c.total_score > m.qualified_above, false),
                              'old_model', c.old_model, 'old_version', c.old_version, 'old_fit_score', c.old_fit_score,
                              'old_intent_score', c.old_intent_score, 'old_total_score', c.old_total_score,
                              'reasons_added', (c.reasons).added, 'reasons_removed', (c.reasons).removed)
      FROM (SELECT n.company_id, n.model, n.model_version, n.fit_score, n.intent_score, n.total_score, n.confidence, n.action,
                   o.model AS old_model, o.model_version AS old_version, o.fit_score AS old_fit_score,
                   o.intent_score AS old_intent_score, o.total_score AS old_total_score,
                   brim.reason_changes(o, CASE WHEN o.model || '@' || o.model_version = ANY (v_usable)
                                               THEN o.model || '@' || o.model_version END,
                                       n, n.model || '@' || n.model_version) AS reasons
              FROM new_rows AS n
              FULL JOIN old_rows AS o ON o.company_id = n.company_id
             WHERE (n.fit_score, n.intent_score, n.total_score, n.model, n.model_version)
                   IS DISTINCT FROM (o.fit_score, o.intent_score, o.total_score, o.model, o.model_version)
            OFFSET 0) AS c
      LEFT JOIN brim.scoring_model AS m ON m.name = c.model AND m.version = c.model_version;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE FUNCTION brim.lead_queue_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off SET jit = off
    SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_ids bigint[];
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    END IF;

    INSERT INTO brim.generation (node_id, campaign, company_id, score)
    SELECT (SELECT coalesce(max(x.node_id), '') FROM brim.node AS x), c.name, n.company_id, n.total_score
      FROM new_rows AS n
      JOIN brim.campaign AS c ON c.is_active AND n.total_score >= c.min_score
     WHERE NOT EXISTS (SELECT FROM brim.generation AS g
                        WHERE g.campaign = c.name AND g.company_id = n.company_id OFFSET 0)
       AND (NOT EXISTS (SELECT FROM brim.suppression)
            OR NOT EXISTS (SELECT FROM brim.suppression AS s WHERE s.kind = 'company' AND s.value = n.company_id OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'address' AND s.value = lower(n.contact_email) OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'domain' AND s.value = split_part(lower(n.contact_email), '@', -1) OFFSET 0)
               AND NOT EXISTS (SELECT FROM brim.suppression AS s
                                WHERE s.kind = 'domain' AND s.value = brim.domain_host(n.domain) OFFSET 0))
        ON CONFLICT (campaign, company_id) DO NOTHING;

    -- What waits is taken in the order of the scores as they are now.
    v_ids := ARRAY(SELECT w.generation_id FROM new_rows AS n
                    CROSS JOIN LATERAL (SELECT g.generation_id FROM brim.generation AS g
                                         WHERE g.company_id = n.company_id AND g.status IN ('queued', 'held')
                                           AND g.score <> n.total_score OFFSET 0) AS w);
    UPDATE brim.generation AS g
       SET score = (SELECT l.total_score FROM brim.lead AS l WHERE l.company_id = g.company_id)
     WHERE g.generation_id = ANY (v_ids) AND g.status IN ('queued', 'held');

    v_ids := ARRAY(SELECT w.email_id FROM new_rows AS n
                    CROSS JOIN LATERAL (SELECT q.email_id FROM brim.email_queue AS q
                                         WHERE q.company_id = n.company_id AND q.score <> n.total_score OFFSET 0) AS w);
    UPDATE brim.email_queue AS q
       SET score = (SELECT l.total_score FROM brim.lead AS l WHERE l.company_id = q.company_id)
     WHERE q.email_id = ANY (v_ids);

    v_ids := ARRAY(SELECT w.email_id FROM new_rows AS n
                    CROSS JOIN LATERAL (SELECT p.email_id FROM brim.email_parked AS p
                                         WHERE p.company_id = n.company_id AND p.status IN ('draft', 'held')
                                           AND p.score <> n.total_score OFFSET 0) AS w);
    UPDATE brim.email_parked AS p
       SET score = (SELECT l.total_score FROM brim.lead AS l WHERE l.company_id = p.company_id)
     WHERE p.email_id = ANY (v_ids) AND p.status IN ('draft', 'held');

    -- A recipient has become known, or another one.
    v_ids := ARRAY(SELECT w.email_id FROM new_rows AS n
                    CROSS JOIN LATERAL (SELECT p.email_id FROM brim.email_parked AS p
                                          JOIN brim.email AS e ON e.email_id = p.email_id
                                         WHERE p.company_id = n.company_id AND p.status = 'held'
                                           AND p.hold_reason IN ('no_recipient', 'invalid_recipient')
                                           AND (e.recipient, e.recipient_name)
                                               IS DISTINCT FROM (left(n.contact_email, 320), left(n.contact_name, 320))
                                         OFFSET 0) AS w);
    v_ids := ARRAY(SELECT p.email_id FROM brim.email_parked AS p
                    WHERE p.email_id = ANY (v_ids) AND p.status = 'held' FOR UPDATE);
    UPDATE brim.email AS e
       SET recipient = left(l.contact_email, 320), recipient_name = left(l.contact_name, 320)
      FROM brim.lead AS l
     WHERE e.email_id = ANY (v_ids) AND l.company_id = e.company_id;
    PERFORM brim.review_held(v_ids);
    RETURN NULL;
END;
$$;

CREATE FUNCTION brim.lead_queue_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off SET jit = off
    SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_ids bigint[];
BEGIN
    v_ids := ARRAY(SELECT w.generation_id FROM old_rows AS o
                    CROSS JOIN LATERAL (SELECT g.generation_id FROM brim.generation AS g
                                         WHERE g.company_id = o.company_id AND g.status IN ('queued', 'held') OFFSET 0) AS w);
    UPDATE brim.generation AS g
       SET status = 'cancelled', hold_reason = NULL, finished_at = now(), error = 'the lead was deleted'
     WHERE g.generation_id = ANY (v_ids) AND g.status IN ('queued', 'held');

    PERFORM brim.park_emails(brim.waiting_emails(ARRAY(SELECT o.company_id FROM old_rows AS o)), 'cancelled');
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION brim.lead_queue_delete() IS 'Cancels what waits for deleted leads; nothing of the queue is ever deleted';

REVOKE EXECUTE ON FUNCTION brim.lead_queue_delete() FROM PUBLIC;

CREATE FUNCTION brim.lead_queue_truncate() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE brim.generation
       SET status = 'cancelled', hold_reason = NULL, finished_at = now(), error = 'the lead was deleted'
     WHERE status IN ('queued', 'held');

    PERFORM brim.park_emails(ARRAY(SELECT q.email_id FROM brim.email_queue AS q
                                   UNION ALL
                                   SELECT p.email_id FROM brim.email_parked AS p WHERE p.status IN ('draft', 'held')), 'cancelled');
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION brim.lead_queue_truncate() IS 'Cancels all that waits, since no lead is left';

REVOKE EXECUTE ON FUNCTION brim.lead_queue_truncate() FROM PUBLIC;

COMMENT ON TYPE brim.checked_company IS
    'One element of an import: the columns given, the attributes to be set and to be cleared, or what is wrong with '
    'it';

COMMENT ON COLUMN brim.checked_company.ordinal IS 'Place of the company in what was imported, from 1';

COMMENT ON COLUMN brim.checked_company.company_id IS 'Key that it gets; NULL: it cannot be stored';

COMMENT ON COLUMN brim.checked_company.company IS 'Columns of brim.lead that were given, as a JSON object';

COMMENT ON COLUMN brim.checked_company.attributes IS 'Keys that are no columns, as a JSON object';

COMMENT ON COLUMN brim.checked_company.cleared IS 'Attributes that were given as null and go';

COMMENT ON COLUMN brim.checked_company.error IS 'What is wrong with it, in words; NULL: nothing';

COMMENT ON FUNCTION @extschema@.brim_score_company(jsonb, text) IS
    'Stores a company given as JSON, scores it and queues its e-mails when it qualifies; returns scores, reasons and '
    'action';

COMMENT ON FUNCTION @extschema@.brim_log_event(text, text, jsonb) IS
    'Logs that a user completed an activation step (file_upload, result_viewed, share_step_reached, ...); returns the '
    'event_id';

COMMENT ON FUNCTION @extschema@.brim_report_outcome(text, text, timestamptz, numeric, text, text) IS
    'Reports what became of a lead; true when it is new. The same company, outcome and time again changes nothing; '
    'without a time an outcome is stored once a company';

CREATE FUNCTION brim.company_facts(company_id text) RETURNS jsonb
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT jsonb_strip_nulls(jsonb_build_object(
               'company_name', l.company_name,
               'contact_name', l.contact_name,
               'industry', l.industry,
               'employee_count', nullif(l.employee_count, 0),
               'funding_stage', l.funding_stage,
               'tech_stack', to_jsonb(l.tech_stack),
               'recent_job_posts', to_jsonb(l.recent_job_posts),
               'news_mentions', to_jsonb(l.news_mentions),
               'country', l.country,
               'score', l.total_score,
               'reasons', x.explained -> 'reasoning' -> 'positive'))
      FROM brim.lead AS l
     -- A model that was withdrawn since can give no reasons, but must not stop the queue.
     CROSS JOIN LATERAL (
            SELECT CASE WHEN EXISTS (SELECT FROM brim.model_spec AS s WHERE s.name = l.model AND s.is_published)
                        THEN @extschema@.brim_explain(l, l.model) END AS explained) AS x
     WHERE l.company_id = company_facts.company_id;
END;

COMMENT ON FUNCTION brim.company_facts(text) IS 'What the writer of an e-mail learns about a company; never its address';

REVOKE EXECUTE ON FUNCTION brim.company_facts(text) FROM PUBLIC;

COMMENT ON FUNCTION brim.template_choice(bigint) IS
    'The template for each active variant of a generation: by industry and variant, else by industry, else by '
    'variant, else the default; with what fills its blanks';

COMMENT ON FUNCTION brim.email_footer(text, text, text) IS 'The lines below every e-mail: who writes, the postal address, the way out';

COMMENT ON FUNCTION brim.rescore_batch(text, text, integer) IS
    'Rescores the next leads after a key; returns the last key, NULL where none is left, how many were seen and how '
    'many were written';

COMMENT ON FUNCTION @extschema@.brim_rescore(text) IS
    'Scores the stored leads again in one transaction, each with its model or all with the named one; returns how many '
    'leads changed';

COMMENT ON COLUMN brim.rescore_run.run_id IS 'Grows with each run';

COMMENT ON COLUMN brim.rescore_run.batch_size IS 'Leads in one transaction';

COMMENT ON COLUMN brim.rescore_run.total_estimate IS 'Leads there were at the beginning, as the planner estimates it';

COMMENT ON COLUMN brim.rescore_run.seen IS 'Leads looked at so far';

COMMENT ON COLUMN brim.rescore_run.written IS 'Leads of these whose score changed';

COMMENT ON COLUMN brim.rescore_run.started_at IS 'When it began';

COMMENT ON COLUMN brim.rescore_run.started_by IS 'Role that began it';

COMMENT ON COLUMN brim.rescore_run.last_batch_at IS 'When the last batch was done; NULL: none was';

COMMENT ON COLUMN brim.rescore_run.finished_at IS 'When the last lead was done; NULL: not finished';

COMMENT ON FUNCTION brim.in_transaction_block() IS 'True if this statement is part of a transaction of several, so that it cannot commit';

COMMENT ON FUNCTION brim.statement_runs(integer, timestamptz) IS 'True if a process still runs the statement that began at this time';

CREATE FUNCTION brim.published_hash(model text) RETURNS text
    STABLE LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(md5(string_agg(concat_ws(' ', s.name, s.version, s.is_default, md5(s.spec::text)), ',' ORDER BY s.name)), '')
      FROM brim.model_spec AS s
     WHERE s.is_published AND (published_hash.model IS NULL OR s.name = published_hash.model);
END;

COMMENT ON FUNCTION brim.published_hash(text) IS 'Differs when what is published as a model, or as any, differs';

REVOKE EXECUTE ON FUNCTION brim.published_hash(text) FROM PUBLIC;

COMMENT ON PROCEDURE @extschema@.brim_rescore_all(text, integer) IS
    'Scores the stored leads again, each with its model or all with the named one, committing after each batch. '
    'Interrupted and called again, it goes on where it stopped; brim.rescore_progress shows how far it is';

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

COMMENT ON VIEW brim.rescore_progress IS 'One row a run of brim_rescore_all() or of a task rescore. Key: run_id';

COMMENT ON COLUMN brim.rescore_progress.state IS
    'running; interrupted: goes on with the next call; finished; given up: the models had changed since it was '
    'interrupted, so another run began';

CREATE OR REPLACE FUNCTION brim.campaign_before_write() RETURNS trigger
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

CREATE OR REPLACE FUNCTION brim.variant_before_write() RETURNS trigger
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

CREATE OR REPLACE FUNCTION brim.release_campaign(campaign text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    PERFORM brim.review_held(ARRAY(SELECT p.email_id FROM brim.email_parked AS p
                                    WHERE p.campaign = release_campaign.campaign
                                      AND p.status = 'held' AND p.hold_reason = 'campaign_incomplete'));
END;
$$;

CREATE OR REPLACE FUNCTION brim.store_emails(generation_id bigint, drafts jsonb, generated_by text) RETURNS integer
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

CREATE OR REPLACE FUNCTION brim.suppression_of_contacts() RETURNS trigger
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

CREATE OR REPLACE FUNCTION brim.suppression_of_domains() RETURNS trigger
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

COMMENT ON TABLE brim.classification IS
    'One row a text about leads that is classified by a language model, once for all leads that have it. Key: '
    'content_hash';

COMMENT ON COLUMN brim.classification.content IS 'The text, its first 4000 characters: what the model reads';

COMMENT ON COLUMN brim.classification.status IS 'queued, running, done, failed or held';

COMMENT ON COLUMN brim.classification.hold_reason IS 'Why it is held, as a word: poison, copied; NULL: not held';

COMMENT ON COLUMN brim.classification.next_attempt_at IS 'Not asked about before; later than created_at after a failed attempt';

COMMENT ON COLUMN brim.classification.claim_token IS 'Random number of the worker process that asks about it; NULL: none does';

COMMENT ON COLUMN brim.classification.claimed_by IS 'Number of that worker, from 1; NULL: none asks';

COMMENT ON COLUMN brim.classification.model IS 'Model that was asked last; NULL: none was';

COMMENT ON COLUMN brim.classification.model_version IS 'Version of the model, as its reply named it; NULL: none was asked';

COMMENT ON COLUMN brim.classification.output_tokens IS 'Share of the text in the tokens of all replies about it; NULL: unknown';

COMMENT ON COLUMN brim.classification.thought_tokens IS 'Share of the text in the tokens billed for thinking; NULL: unknown';

COMMENT ON COLUMN brim.classification.latency_ms IS 'Milliseconds from the last request to its reply; NULL: no reply';

COMMENT ON COLUMN brim.classification.error IS 'Why the last attempt failed, in words; NULL: it did not';

COMMENT ON COLUMN brim.classification.created_at IS 'When a lead had the text first';

COMMENT ON COLUMN brim.classification.finished_at IS 'When it was done or failed; NULL: not yet';

COMMENT ON COLUMN brim.classification_event.content_hash IS 'Text that it was found in';

COMMENT ON COLUMN brim.classification_event.event_no IS 'Number of the event in its text, from 1, in the order of the reply';

COMMENT ON TABLE brim.lead_text IS
    'One row a lead and text that it has; kept while brim.classify is on, and by brim_classify_leads(). Key: '
    'content_hash, company_id';

COMMENT ON COLUMN brim.lead_text.content_hash IS 'Text, a row of brim.classification';

COMMENT ON COLUMN brim.lead_text.company_id IS 'Lead that has it';

COMMENT ON TABLE brim.pending_lead IS
    'One row a lead whose texts have to be noted, or whose events have to be set; the worker takes it away. Key: '
    'pending_id';

COMMENT ON COLUMN brim.pending_lead.pending_id IS 'The order in which rows that are due are worked off';

COMMENT ON COLUMN brim.pending_lead.company_id IS 'Lead that it is about; may be gone by then';

COMMENT ON COLUMN brim.pending_lead.what IS 'texts: its texts are to be noted; events: it is to be given the events of its texts';

COMMENT ON COLUMN brim.pending_lead.due_at IS 'Not done before; later than the row was made after an error';

CREATE OR REPLACE FUNCTION brim.lead_texts_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT brim.is_on('brim.classify') OR brim.is_restoring() THEN
        RETURN NULL;
    END IF;
    INSERT INTO brim.pending_lead (company_id, what)
    SELECT n.company_id, 'texts'
      FROM new_rows AS n
     WHERE cardinality(n.news_mentions) > 0 OR cardinality(n.recent_job_posts) > 0;
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION brim.lead_texts_insert() IS 'While brim.classify is on: has the texts of new leads noted';

CREATE OR REPLACE FUNCTION brim.lead_texts_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT brim.is_on('brim.classify') OR brim.is_restoring() THEN
        RETURN NULL;
    END IF;
    -- What the worker sets is right; what somebody else replaced with the other attributes is set again.
    INSERT INTO brim.pending_lead (company_id, what)
    SELECT n.company_id, CASE WHEN c.texts_changed THEN 'texts' ELSE 'events' END
      FROM new_rows AS n
      FULL JOIN old_rows AS o ON o.company_id = n.company_id
     CROSS JOIN LATERAL (SELECT (n.news_mentions, n.recent_job_posts)
                                IS DISTINCT FROM (o.news_mentions, o.recent_job_posts) AS texts_changed) AS c
     WHERE c.texts_changed
        OR n.attributes -> 'gemini_events' IS DISTINCT FROM o.attributes -> 'gemini_events'
           AND session_user <> coalesce(current_setting('brim.worker_role', true), '');
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION brim.lead_texts_update() IS 'While brim.classify is on: has changed texts of leads noted, and lost events set again';

COMMENT ON FUNCTION @extschema@.brim_classify_leads() IS
    'Queues the texts of all stored leads that were never queued, and has all leads get what is known of theirs; '
    'returns how many texts were queued';

COMMENT ON FUNCTION brim.set_events(text[]) IS
    'Sets attributes -> gemini_events of these leads to the sorted classes of the events in their texts; leads that '
    'have them already are not written';

CREATE FUNCTION brim.take_pending(what text, max_leads integer, at timestamptz) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ids text[];
BEGIN
    WITH pick AS MATERIALIZED (
        SELECT p.pending_id FROM brim.pending_lead AS p
         WHERE p.what = take_pending.what AND p.due_at <= take_pending.at
         ORDER BY p.due_at, p.pending_id
         LIMIT take_pending.max_leads
           FOR UPDATE SKIP LOCKED),
    taken AS (
        DELETE FROM brim.pending_lead AS p USING pick AS k WHERE p.pending_id = k.pending_id RETURNING p.company_id)
    SELECT coalesce(array_agg(DISTINCT t.company_id ORDER BY t.company_id), '{}') INTO v_ids FROM taken AS t;
    RETURN v_ids;
END;
$$;

COMMENT ON FUNCTION brim.take_pending(text, integer, timestamptz) IS 'Takes some leads out of brim.pending_lead';

REVOKE EXECUTE ON FUNCTION brim.take_pending(text, integer, timestamptz) FROM PUBLIC;

COMMENT ON FUNCTION brim.passes(text) IS 'True if an error is one of the server that passes, not of what is stored';

CREATE FUNCTION brim.try_pending(what text, company_ids text[], at timestamptz) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms'
AS $$
DECLARE
    v_id text;
BEGIN
    BEGIN
        PERFORM brim.do_pending(what, company_ids);
        RETURN;
    EXCEPTION WHEN lock_not_available THEN
        INSERT INTO brim.pending_lead (company_id, what, due_at)
        SELECT DISTINCT x.company_id, try_pending.what, try_pending.at + interval '2 seconds' FROM unnest(company_ids) AS x (company_id);
        RETURN;
    WHEN OTHERS THEN
        IF brim.passes(SQLSTATE) THEN
            RAISE;
        END IF;
    END;
    FOREACH v_id IN ARRAY company_ids LOOP
        BEGIN
            PERFORM brim.do_pending(what, ARRAY[v_id]);
        EXCEPTION WHEN OTHERS THEN
            IF brim.passes(SQLSTATE) THEN
                RAISE;
            END IF;
            INSERT INTO brim.pending_lead (company_id, what, due_at, error)
            VALUES (v_id, try_pending.what, try_pending.at + interval '1 hour', left(SQLERRM, 500));
        END;
    END LOOP;
END;
$$;

COMMENT ON FUNCTION brim.try_pending(text, text[], timestamptz) IS
    'The same, one by one where it fails for all; what fails alone is due again in an hour, what has to wait for a '
    'lock in two seconds';

REVOKE EXECUTE ON FUNCTION brim.try_pending(text, text[], timestamptz) FROM PUBLIC;

CREATE FUNCTION brim.give_events(max_leads integer, at timestamptz) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ids text[] := brim.take_pending('events', max_leads, at);
    v_free text[];
BEGIN
    IF v_ids = '{}' THEN
        RETURN 0;
    END IF;
    -- Leads that somebody else is writing come later.
    v_free := ARRAY(SELECT l.company_id FROM brim.lead AS l
                     WHERE l.company_id = ANY (v_ids) ORDER BY l.company_id FOR NO KEY UPDATE SKIP LOCKED);
    INSERT INTO brim.pending_lead (company_id, what, due_at)
    SELECT l.company_id, 'events', give_events.at + interval '2 seconds'
      FROM brim.lead AS l WHERE l.company_id = ANY (v_ids) AND l.company_id <> ALL (v_free);
    PERFORM brim.try_pending('events', v_free, at);
    RETURN cardinality(v_ids);
END;
$$;

COMMENT ON FUNCTION brim.give_events(integer, timestamptz) IS 'Gives some of the pending leads their events; returns how many were taken';

REVOKE EXECUTE ON FUNCTION brim.give_events(integer, timestamptz) FROM PUBLIC;

CREATE FUNCTION brim.take_texts(max_leads integer, at timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ids text[] := brim.take_pending('texts', max_leads, at);
BEGIN
    IF v_ids = '{}' THEN
        RETURN 0;
    END IF;
    PERFORM brim.try_pending('texts', v_ids, at);
    RETURN cardinality(v_ids);
END;
$$;

COMMENT ON FUNCTION brim.take_texts(integer, timestamptz) IS 'Notes the texts of some of the pending leads; returns how many were taken';

REVOKE EXECUTE ON FUNCTION brim.take_texts(integer, timestamptz) FROM PUBLIC;

COMMENT ON FUNCTION brim.is_on(text) IS 'True if a switch among the settings is on; a setting that is not known is off';

CREATE VIEW brim.queue_health AS
SELECT 'generation'::text AS kind, g.campaign, g.status, count(*) AS rows, min(g.created_at) AS oldest,
       min(g.next_attempt_at) FILTER (WHERE g.status = 'queued') AS next_due, max(g.score) AS highest_score
  FROM brim.generation AS g
 GROUP BY g.campaign, g.status
UNION ALL
SELECT 'email', e.campaign, e.status, count(*), min(e.created_at), min(e.next_attempt_at), max(e.score)
  FROM brim.outbound_email AS e
 GROUP BY e.campaign, e.status
UNION ALL
SELECT 'classification', NULL, c.status, count(*), min(c.created_at),
       min(c.next_attempt_at) FILTER (WHERE c.status = 'queued'), NULL
  FROM brim.classification AS c
 GROUP BY c.status;

COMMENT ON VIEW brim.queue_health IS 'One row a kind, campaign and status of jobs, e-mails and texts. Key: kind, campaign, status';

COMMENT ON COLUMN brim.queue_health.kind IS 'generation: jobs that draft e-mails; email: e-mails';

COMMENT ON COLUMN brim.queue_health.campaign IS 'Campaign of the rows';

COMMENT ON COLUMN brim.queue_health.status IS 'Status of the rows';

COMMENT ON COLUMN brim.queue_health.rows IS 'How many jobs or e-mails';

COMMENT ON COLUMN brim.queue_health.oldest IS 'When the oldest of them was made';

COMMENT ON COLUMN brim.queue_health.next_due IS 'When the next of them may be taken; only for queued ones';

COMMENT ON COLUMN brim.queue_health.highest_score IS 'Highest score among them';

CREATE VIEW brim.queue_blocked AS
SELECT 'generation'::text AS kind, g.generation_id AS id, g.campaign, g.company_id, g.status, r.reason,
       CASE r.reason
            WHEN 'campaign_inactive' THEN 'The campaign is not active.'
            WHEN 'campaign_incomplete' THEN 'The campaign has no product_pitch.'
            WHEN 'lead_gone' THEN 'The lead is not stored any more.'
            WHEN 'no_variant' THEN 'The campaign has no active variant.'
            WHEN 'poison' THEN 'The worker died twice while it had this job; brim_retry_generation() lets it try again.'
            WHEN 'copied' THEN 'This is a copy, and its original may have sent the e-mail since; '
                               'after a look there brim_retry_generation() lets the job go.'
            WHEN 'other_node' THEN 'Another installation queued the job, this is a copy; brim_retry_generation() adopts it.'
            WHEN 'paused' THEN 'The worker is paused; brim_resume() lets it continue.'
            WHEN 'generate_off' THEN 'The setting brim.generate is off.'
            WHEN 'not_due' THEN 'The next attempt is due at ' || g.next_attempt_at || coalesce(', since: ' || g.error, '.')
            ELSE coalesce(g.error, 'The job is held.') END AS detail,
       CASE WHEN r.reason = 'not_due' THEN g.next_attempt_at END AS may_go_at
  FROM brim.generation AS g
  JOIN brim.campaign AS c ON c.name = g.campaign
  LEFT JOIN brim.node AS n ON true
  LEFT JOIN brim.lead AS l ON l.company_id = g.company_id
 CROSS JOIN LATERAL
       (SELECT CASE WHEN g.status = 'held' THEN coalesce(g.hold_reason, 'held')
                    WHEN g.node_id IS DISTINCT FROM n.node_id THEN 'other_node'
                    WHEN NOT c.is_active THEN 'campaign_inactive'
                    WHEN btrim(c.product_pitch) = '' THEN 'campaign_incomplete'
                    WHEN l.company_id IS NULL THEN 'lead_gone'
                    WHEN NOT EXISTS (SELECT FROM brim.variant AS v WHERE v.campaign = c.name AND v.is_active) THEN 'no_variant'
                    WHEN n.is_paused THEN 'paused'
                    WHEN NOT brim.is_on('brim.generate') THEN 'generate_off'
                    WHEN g.next_attempt_at > now() THEN 'not_due' END AS reason) AS r
 WHERE g.status IN ('queued', 'held') AND r.reason IS NOT NULL
UNION ALL
SELECT 'email', w.email_id, w.campaign, w.company_id, w.status, r.reason,
       CASE r.reason
            WHEN 'needs_approval' THEN 'The campaign is in review; brim_approve() queues the e-mail.'
            WHEN 'no_recipient' THEN 'The lead has no contact_email.'
            WHEN 'invalid_recipient' THEN 'The contact_email ' || coalesce(brim.address_problem(t.recipient), 'was invalid') || '.'
            WHEN 'operator' THEN 'An operator holds the e-mail; brim_release() queues it.'
            WHEN 'poison' THEN 'The worker died twice while it had this e-mail; brim_release() lets it try again.'
            WHEN 'copied' THEN 'This is a copy, and its original may have sent the e-mail since; '
                               'after a look there brim_release() queues it.'
            WHEN 'other_node' THEN 'Another installation queued the e-mail, this is a copy; brim_release() adopts it.'
            WHEN 'campaign_inactive' THEN 'The campaign is not active.'
            WHEN 'campaign_incomplete' THEN 'The campaign lacks: '
                 || coalesce(brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address), 'nothing any more') || '.'
            WHEN 'company_taken' THEN 'Another e-mail of the campaign to this company is being sent, sent or in doubt.'
            WHEN 'already_mailed' THEN 'The ledger says that the company was mailed in this campaign or may have been.'
            WHEN 'other_variant' THEN 'Another variant goes first to this company.'
            WHEN 'paused' THEN 'The worker is paused; brim_resume() lets it continue.'
            WHEN 'send_off' THEN 'The setting brim.send is off.'
            WHEN 'not_due' THEN 'The next attempt is due at ' || w.next_attempt_at || '.'
            ELSE 'The e-mail is held.' END,
       CASE WHEN r.reason = 'not_due' THEN w.next_attempt_at END
  FROM (SELECT q.email_id, q.campaign, q.company_id, q.choice, q.node_id, 'queued'::text AS status,
               NULL::text AS hold_reason, q.next_attempt_at
          FROM brim.email_queue AS q
        UNION ALL
        SELECT p.email_id, p.campaign, p.company_id, p.choice, p.node_id, p.status, p.hold_reason, NULL
          FROM brim.email_parked AS p
         WHERE p.status IN ('draft', 'held')
        UNION ALL
        SELECT x.email_id, x.campaign, x.company_id, e.choice, x.node_id, 'queued', NULL, NULL
          FROM brim.send_ledger AS x
          JOIN brim.email AS e ON e.email_id = x.email_id
         WHERE x.state = 'claimed' AND x.claim_token IS NULL
           AND EXISTS (SELECT FROM brim.email_owner AS o WHERE o.since = 'infinity')) AS w
  JOIN brim.email AS t ON t.email_id = w.email_id
  JOIN brim.campaign AS c ON c.name = w.campaign
  LEFT JOIN brim.node AS n ON true
  LEFT JOIN brim.send_ledger AS l ON l.company_id = w.company_id AND l.campaign = w.campaign
                                 AND NOT (l.state = 'claimed' AND l.claim_token IS NULL)
 CROSS JOIN LATERAL
       (SELECT CASE WHEN w.status = 'held' THEN w.hold_reason
                    WHEN l.state <> 'abandoned' AND EXISTS (SELECT FROM brim.email AS x WHERE x.email_id = l.email_id)
                    THEN 'company_taken'
                    WHEN l.state IS NOT NULL THEN 'already_mailed'
                    WHEN w.status = 'draft' THEN 'needs_approval'
                    WHEN w.node_id IS DISTINCT FROM n.node_id THEN 'other_node'
                    WHEN NOT c.is_active THEN 'campaign_inactive'
                    WHEN brim.campaign_problem(c.product_pitch, c.sender_address, c.postal_address) IS NOT NULL
                    THEN 'campaign_incomplete'
                    WHEN EXISTS (SELECT FROM brim.email_queue AS x
                                  WHERE x.campaign = w.campaign AND x.company_id = w.company_id
                                    AND x.node_id = w.node_id
                                    AND (x.choice, x.email_id) > (w.choice, w.email_id)) THEN 'other_variant'
                    WHEN n.is_paused THEN 'paused'
                    WHEN NOT brim.is_on('brim.send') THEN 'send_off'
                    WHEN w.next_attempt_at > now() THEN 'not_due' END AS reason) AS r
 WHERE r.reason IS NOT NULL
UNION ALL
SELECT 'classification', c.classification_id, NULL, NULL, c.status, r.reason,
       CASE r.reason
            WHEN 'poison' THEN 'The worker died twice while it had this text; brim_retry_classification() lets it try again.'
            WHEN 'copied' THEN 'This is a copy, and its original may have asked about the text; '
                               'brim_retry_classification() has it asked here.'
            WHEN 'other_node' THEN 'Another installation queued the text, this is a copy; brim_retry_classification() adopts it.'
            WHEN 'no_lead' THEN 'No lead has this text any more.'
            WHEN 'paused' THEN 'The worker is paused; brim_resume() lets it continue.'
            WHEN 'classify_off' THEN 'The setting brim.classify is off.'
            WHEN 'not_due' THEN 'The next attempt is due at ' || c.next_attempt_at || coalesce(', since: ' || c.error, '.')
            ELSE coalesce(c.error, 'The text is held.') END,
       CASE WHEN r.reason = 'not_due' THEN c.next_attempt_at END
  FROM brim.classification AS c
  LEFT JOIN brim.node AS n ON true
 CROSS JOIN LATERAL
       (SELECT CASE WHEN c.status = 'held' THEN coalesce(c.hold_reason, 'held')
                    WHEN c.node_id IS DISTINCT FROM n.node_id THEN 'other_node'
                    WHEN NOT EXISTS (SELECT FROM brim.lead_text AS t WHERE t.content_hash = c.content_hash) THEN 'no_lead'
                    WHEN n.is_paused THEN 'paused'
                    WHEN NOT brim.is_on('brim.classify') THEN 'classify_off'
                    WHEN c.next_attempt_at > now() THEN 'not_due' END AS reason) AS r
 WHERE c.status IN ('queued', 'held') AND r.reason IS NOT NULL;

COMMENT ON VIEW brim.queue_blocked IS 'One row a waiting job, e-mail or text that cannot go now, with the reason. Key: kind, id';

COMMENT ON COLUMN brim.queue_blocked.kind IS
    'generation: a job that drafts e-mails; email: an e-mail; classification: a text that is to be classified';

COMMENT ON COLUMN brim.queue_blocked.id IS 'generation_id, email_id or classification_id';

COMMENT ON COLUMN brim.queue_blocked.campaign IS 'Campaign of the row; empty for a text';

COMMENT ON COLUMN brim.queue_blocked.company_id IS 'Company of the row; empty for a text, which several may have';

COMMENT ON COLUMN brim.queue_blocked.status IS 'queued, held or draft';

COMMENT ON COLUMN brim.queue_blocked.reason IS 'Why it waits, as a word; the first of several reasons';

COMMENT ON COLUMN brim.queue_blocked.detail IS 'Why it waits, as a sentence';

COMMENT ON COLUMN brim.queue_blocked.may_go_at IS 'When it may go; empty where that is not a question of time';

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

CREATE FUNCTION brim.lock_email(email_id bigint, VARIADIC statuses text[]) RETURNS brim.outbound_email
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email;
    v_locked boolean;
BEGIN
    PERFORM brim.return_unowned(ARRAY[lock_email.email_id]);
    -- Whoever held the lock may have moved the e-mail: then it is looked for again.
    LOOP
        PERFORM FROM brim.email_queue AS q WHERE q.email_id = lock_email.email_id FOR UPDATE;
        v_locked := FOUND;
        IF NOT v_locked THEN
            PERFORM FROM brim.email_parked AS p WHERE p.email_id = lock_email.email_id FOR UPDATE;
            v_locked := FOUND;
        END IF;
        IF NOT v_locked THEN
            PERFORM FROM brim.send_ledger AS l WHERE l.email_id = lock_email.email_id FOR UPDATE;
            v_locked := FOUND;
        END IF;
        SELECT e.* INTO v_email FROM brim.outbound_email AS e WHERE e.email_id = lock_email.email_id;
        EXIT WHEN v_locked OR NOT FOUND OR v_email.status = 'superseded';
    END LOOP;
    IF v_email.email_id IS NULL THEN
        RAISE EXCEPTION 'e-mail % does not exist', coalesce(lock_email.email_id::text, 'NULL') USING ERRCODE = 'no_data_found';
    ELSIF v_email.status <> ALL (statuses) THEN
        RAISE EXCEPTION 'e-mail % is %, not %', lock_email.email_id, v_email.status, array_to_string(statuses, ' or ')
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN v_email;
END;
$$;

COMMENT ON FUNCTION brim.lock_email(bigint, text[]) IS 'Locks an e-mail that has to be in one of the statuses';

REVOKE EXECUTE ON FUNCTION brim.lock_email(bigint, text[]) FROM PUBLIC;

CREATE FUNCTION brim.check_not_mailed(email brim.outbound_email) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_taken record;
BEGIN
    PERFORM brim.return_unowned(ARRAY(SELECT l.email_id FROM brim.send_ledger AS l
                                       WHERE l.campaign = email.campaign AND l.company_id = email.company_id));
    SELECT l.email_id, l.state, EXISTS (SELECT FROM brim.email AS e WHERE e.email_id = l.email_id) AS is_known
      INTO v_taken
      FROM brim.send_ledger AS l
     WHERE l.campaign = email.campaign AND l.company_id = email.company_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_taken.state <> 'abandoned' AND v_taken.is_known AND v_taken.email_id <> email.email_id THEN
        RAISE EXCEPTION 'company % has another e-mail in campaign "%": e-mail % is %',
                        email.company_id, email.campaign, v_taken.email_id, v_taken.state
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'A company gets at most one e-mail per campaign.';
    END IF;
    RAISE EXCEPTION 'company % was mailed in campaign "%" or may have been: the ledger says %',
                    email.company_id, email.campaign, v_taken.state
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = 'A company gets at most one e-mail per campaign.';
END;
$$;

COMMENT ON FUNCTION brim.check_not_mailed(brim.outbound_email) IS
    'Raises an error when the company of the e-mail has been mailed in the campaign or may have been';

REVOKE EXECUTE ON FUNCTION brim.check_not_mailed(brim.outbound_email) FROM PUBLIC;

CREATE FUNCTION brim.require_node() RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM brim.node) THEN
        RAISE EXCEPTION 'this installation has no row in brim.node'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'SELECT * FROM brim_arm() shows the confirmation for this place.';
    END IF;
END;
$$;

COMMENT ON FUNCTION brim.require_node() IS 'Raises an error where nothing can be queued, since there is no installation to queue it for';

REVOKE EXECUTE ON FUNCTION brim.require_node() FROM PUBLIC;

CREATE FUNCTION brim.queue_email(email brim.outbound_email) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_recipient text := email.recipient;
    v_name text := email.recipient_name;
    v_reason text;
BEGIN
    PERFORM brim.require_node();
    PERFORM brim.check_not_mailed(email);
    IF email.hold_reason IN ('no_recipient', 'invalid_recipient') THEN
        SELECT l.contact_email, l.contact_name INTO v_recipient, v_name
          FROM brim.lead AS l WHERE l.company_id = email.company_id;
    END IF;
    IF brim.is_suppressed(email.company_id, v_recipient) THEN
        RAISE EXCEPTION 'e-mail % must not be sent: the company or its address is on the do-not-contact list', email.email_id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    v_reason := brim.email_hold_reason(email.campaign, v_recipient);
    IF v_reason IS NOT NULL THEN
        RAISE EXCEPTION 'e-mail % cannot be sent: %', email.email_id, v_reason
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = CASE v_reason
                         WHEN 'campaign_incomplete' THEN format('Complete product_pitch, sender_address and postal_address '
                                     'of campaign %I in brim.campaign.', email.campaign)
                         ELSE format('Store an address in contact_email of lead %L in brim.lead.', email.company_id) END;
    END IF;

    UPDATE brim.email AS e
       SET recipient = v_recipient, recipient_name = left(v_name, 320),
           message_id = coalesce(e.message_id, brim.new_message_id(e.campaign)), message_date = coalesce(e.message_date, now())
     WHERE e.email_id = email.email_id
       AND (e.recipient, e.recipient_name) IS DISTINCT FROM (v_recipient, left(v_name, 320))
        OR e.email_id = email.email_id AND e.message_id IS NULL;

    WITH gone AS (DELETE FROM brim.email_parked AS p WHERE p.email_id = email.email_id RETURNING p.*)
    INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id, claims, footer)
    SELECT g.email_id, g.campaign, g.company_id, g.choice, g.score, n.node_id, g.claims, g.footer
      FROM gone AS g CROSS JOIN brim.node AS n;
    IF NOT FOUND THEN
        -- Another installation had queued it.
        UPDATE brim.email_queue AS q
           SET node_id = n.node_id, attempts = 0, crashes = 0, queued_at = now(), next_attempt_at = now()
          FROM brim.node AS n
         WHERE q.email_id = email.email_id;
    END IF;
END;
$$;

COMMENT ON FUNCTION brim.queue_email(brim.outbound_email) IS
    'Queues an e-mail for this installation, or raises an error that says why that cannot be';

REVOKE EXECUTE ON FUNCTION brim.queue_email(brim.outbound_email) FROM PUBLIC;

CREATE FUNCTION brim.log_operation(event_type text, email brim.outbound_email, note text, details jsonb DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF length(note) > 20000 THEN
        RAISE EXCEPTION 'note is longer than 20000 characters' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO brim.event (event_type, company_id, email_id, data)
    VALUES (log_operation.event_type, email.company_id, email.email_id,
            jsonb_strip_nulls(jsonb_build_object('by', session_user, 'note', nullif(log_operation.note, ''),
                                                 'campaign', email.campaign, 'variant', email.variant,
                                                 'from', email.status) || details));
END;
$$;

COMMENT ON FUNCTION brim.log_operation(text, brim.outbound_email, text, jsonb) IS
    'Journals an operation: who, on what, from which status, why';

REVOKE EXECUTE ON FUNCTION brim.log_operation(text, brim.outbound_email, text, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.brim_approve(email_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email := brim.lock_email(email_id, 'draft');
    v_reason text := brim.email_hold_reason(v_email.campaign, v_email.recipient);
BEGIN
    IF v_reason IS NULL THEN
        PERFORM brim.queue_email(v_email);
    ELSE
        PERFORM brim.check_not_mailed(v_email);
        UPDATE brim.email_parked AS p
           SET status = 'held', hold_reason = v_reason, node_id = n.node_id
          FROM brim.node AS n
         WHERE p.email_id = v_email.email_id;
    END IF;
    PERFORM brim.log_operation('email_approved', v_email, NULL);
    RETURN CASE WHEN v_reason IS NULL THEN 'queued' ELSE 'held' END;
END;
$$;

CREATE OR REPLACE FUNCTION @extschema@.brim_hold(email_id bigint, note text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email := brim.lock_email(email_id, 'draft', 'queued');
BEGIN
    PERFORM brim.park_emails(ARRAY[v_email.email_id], 'held', 'operator');
    PERFORM brim.log_operation('email_held', v_email, note);
END;
$$;

CREATE OR REPLACE FUNCTION @extschema@.brim_cancel(email_id bigint, note text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email := brim.lock_email(email_id, 'draft', 'queued', 'held', 'failed');
BEGIN
    PERFORM brim.park_emails(ARRAY[v_email.email_id], 'cancelled');
    UPDATE brim.email_parked AS p SET status = 'cancelled' WHERE p.email_id = v_email.email_id AND p.status = 'failed';
    PERFORM brim.log_operation('email_cancelled', v_email, note);
END;
$$;

CREATE FUNCTION brim.supersede_others(campaign text, company_id text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- In this order, and the queue once more, for the reason given at brim.park_emails().
    DELETE FROM brim.email_queue AS q
     WHERE q.campaign = supersede_others.campaign AND q.company_id = supersede_others.company_id;
    DELETE FROM brim.email_parked AS p
     WHERE p.campaign = supersede_others.campaign AND p.company_id = supersede_others.company_id AND p.status IN ('draft', 'held');
    DELETE FROM brim.email_queue AS q
     WHERE q.campaign = supersede_others.campaign AND q.company_id = supersede_others.company_id;
END;
$$;

COMMENT ON FUNCTION brim.supersede_others(text, text) IS
    'Ends what still waits for a company in a campaign: an e-mail that is in no table any more is superseded';

REVOKE EXECUTE ON FUNCTION brim.supersede_others(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION @extschema@.brim_resolve(email_id bigint, verdict text, note text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_email brim.outbound_email;
    v_state record;
BEGIN
    PERFORM brim.require_node();
    -- What another installation had under way may be decided where its copy goes on alone.
    UPDATE brim.send_ledger AS l
       SET state = 'uncertain', claim_token = NULL, claimed_by = NULL
     WHERE l.email_id = brim_resolve.email_id AND l.state = 'committing'
       AND NOT EXISTS (SELECT FROM brim.node AS n WHERE n.node_id = l.node_id);
    v_email := brim.lock_email(email_id, 'uncertain');
    IF verdict = 'delivered' THEN
        UPDATE brim.send_ledger AS l
           SET state = 'sent', claim_token = NULL, claimed_by = NULL,
               sent_at = least(greatest(coalesce(l.dot_at, l.claimed_at), l.claimed_at), l.claimed_at + interval '24 hours')
         WHERE l.email_id = v_email.email_id;
        PERFORM brim.supersede_others(v_email.campaign, v_email.company_id);
    ELSIF verdict = 'not_delivered' THEN
        IF v_email.claimed_by IS NOT NULL AND brim.claim_owner_alive(v_email.claimed_by) THEN
            RAISE EXCEPTION 'e-mail % may still be on its way', email_id
                USING ERRCODE = 'object_in_use',
                      DETAIL = 'The worker that handed it over is still alive.',
                      HINT = 'Restart the worker, look into the log of the relay again, then try again: '
                             'SELECT pg_terminate_backend(pid) FROM brim.worker_status WHERE component = ''worker'';';
        END IF;
        -- It was approved before it was sent, so it does not become a draft.
        SELECT replace(t.status, 'draft', 'queued') AS status, t.hold_reason INTO v_state
          FROM brim.new_email_state(v_email.campaign, v_email.company_id, v_email.recipient) AS t;
        WITH gone AS (DELETE FROM brim.send_ledger AS l WHERE l.email_id = v_email.email_id RETURNING l.*),
        queued AS (
            INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes, footer)
            SELECT g.email_id, g.campaign, g.company_id, v_email.choice, g.score, n.node_id, g.attempts, g.claims, g.crashes, g.footer
              FROM gone AS g CROSS JOIN brim.node AS n
             WHERE v_state.status = 'queued')
        INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes,
                                       status, hold_reason, footer)
        SELECT g.email_id, g.campaign, g.company_id, v_email.choice, g.score, n.node_id, g.attempts, g.claims, g.crashes,
               v_state.status, v_state.hold_reason, g.footer
          FROM gone AS g CROSS JOIN brim.node AS n
         WHERE v_state.status <> 'queued';
    ELSIF verdict = 'abandon' THEN
        UPDATE brim.send_ledger AS l SET state = 'abandoned', claim_token = NULL, claimed_by = NULL
         WHERE l.email_id = v_email.email_id;
    ELSE
        RAISE EXCEPTION 'invalid verdict %', coalesce(quote_literal(left(verdict, 100)), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A verdict is delivered, not_delivered or abandon.';
    END IF;
    PERFORM brim.log_operation('email_resolved', v_email, note, jsonb_build_object('verdict', verdict));
END;
$$;

COMMENT ON FUNCTION @extschema@.brim_resolve(bigint, text, text) IS
    'Decides about an e-mail in doubt: delivered, not_delivered (it is queued again) or abandon (it is cancelled and '
    'the company stays blocked)';

COMMENT ON FUNCTION @extschema@.brim_suppress(text, text, text) IS
    'Puts an address, domain or company on the do-not-contact list and takes what waits for it out of the queue; true '
    'when it is new there';

COMMENT ON FUNCTION brim.set_paused(boolean) IS 'Pauses the worker or lets it continue; true when that is a change';

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

CREATE OR REPLACE FUNCTION brim.resume_after_promotion() RETURNS boolean
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

CREATE OR REPLACE FUNCTION @extschema@.brim_arm(confirm text DEFAULT NULL, waiting text DEFAULT 'hold')
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

CREATE TYPE brim.check_result AS (check_name text, status text, detail text, hint text);

COMMENT ON TYPE brim.check_result IS
    'One row of brim_status(): what was looked at, its state (ok, info, warning, blocked), why, and what to do';

COMMENT ON COLUMN brim.check_result.check_name IS 'What was looked at';

COMMENT ON COLUMN brim.check_result.status IS 'ok, info, warning or blocked';

COMMENT ON COLUMN brim.check_result.detail IS 'What was found, as a sentence';

COMMENT ON COLUMN brim.check_result.hint IS 'What to do, where possible as a statement; NULL: nothing';

COMMENT ON FUNCTION brim.component_fault(text) IS
    'What keeps a part of the running worker from its work, as it reported (blocked), or kept it when it last tried '
    '(warning); NULLs where nothing does';

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

CREATE OR REPLACE FUNCTION @extschema@.brim_status() RETURNS TABLE (check_name text, status text, detail text, hint text)
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

COMMENT ON FUNCTION brim.wilson_bound(bigint, bigint, double precision) IS
    'Bound of the Wilson score interval of part of whole, in percent: the lower one for a negative z, the upper one '
    'for a positive z; 1.96 gives 95 %; NULL where whole is 0';

CREATE VIEW brim.scored_leads AS
SELECT l.company_id, l.company_name, l.domain, l.industry, l.country, l.employee_count,
       l.fit_score, l.intent_score, l.total_score, l.confidence, l.action, l.model, l.model_version, l.scored_at,
       coalesce((ARRAY['Sent', 'Uncertain', 'Pending', 'Generating', 'Failed', 'Suppressed', 'Cancelled'])[q.progress],
                'Not queued') AS status,
       q.campaign, q.email_id,
       CASE WHEN q.progress = 1 THEN q.variant END AS variant_sent,
       q.sent_at
  FROM brim.lead AS l
  LEFT JOIN LATERAL (
        -- By campaign, so that the keys (campaign, company_id) are used and a
        -- LIMIT reads no more than it shows.
        SELECT j.progress, j.campaign, j.email_id, j.variant, j.sent_at
          FROM brim.campaign AS c
         CROSS JOIN LATERAL (
                SELECT CASE o.status WHEN 'sent' THEN 1
                                     WHEN 'uncertain' THEN 2
                                     WHEN 'failed' THEN 5
                                     WHEN 'suppressed' THEN 6
                                     WHEN 'cancelled' THEN 7
                                     ELSE 3 END AS progress,
                       o.campaign, o.email_id, o.variant, o.sent_at
                  FROM brim.outbound_email AS o
                 WHERE o.campaign = c.name AND o.company_id = l.company_id AND o.status <> 'superseded'
                UNION ALL
                SELECT CASE g.status WHEN 'held' THEN 3
                                     WHEN 'failed' THEN 5
                                     WHEN 'cancelled' THEN 7
                                     ELSE 4 END,
                       g.campaign, NULL, NULL, NULL
                  FROM brim.generation AS g
                 WHERE g.campaign = c.name AND g.company_id = l.company_id AND g.status <> 'done') AS j
         ORDER BY j.progress, j.sent_at DESC NULLS LAST, j.email_id DESC NULLS LAST, j.campaign
         LIMIT 1) AS q ON true
 WHERE l.total_score IS NOT NULL;

COMMENT ON VIEW brim.scored_leads IS 'One row a company with a stored score. Key: company_id.
The status is that of its most advanced campaign';

COMMENT ON COLUMN brim.scored_leads.company_id IS 'Key of the company';

COMMENT ON COLUMN brim.scored_leads.company_name IS 'Name of the company';

COMMENT ON COLUMN brim.scored_leads.domain IS 'Internet domain of the company';

COMMENT ON COLUMN brim.scored_leads.industry IS 'Industry as the lead writes it';

COMMENT ON COLUMN brim.scored_leads.country IS 'Country as the lead writes it';

COMMENT ON COLUMN brim.scored_leads.employee_count IS 'Number of employees';

COMMENT ON COLUMN brim.scored_leads.fit_score IS 'How well the company matches the ideal customer, 0-100';

COMMENT ON COLUMN brim.scored_leads.intent_score IS 'How strong the buying signals of the company are now, 0-100';

COMMENT ON COLUMN brim.scored_leads.total_score IS 'Weighted sum of fit and intent, 0-100';

COMMENT ON COLUMN brim.scored_leads.confidence IS 'Share of the scoring facts that are given, 0-1';

COMMENT ON COLUMN brim.scored_leads.action IS 'What the score advises, such as high_priority_outreach';

COMMENT ON COLUMN brim.scored_leads.model IS 'Scoring model of the stored score';

COMMENT ON COLUMN brim.scored_leads.model_version IS 'Version of that model';

COMMENT ON COLUMN brim.scored_leads.scored_at IS 'When the stored score last changed';

COMMENT ON COLUMN brim.scored_leads.status IS
    'Sent; Uncertain: the server may or may not have taken it; Pending: an e-mail is written and waits or is on its '
    'way; Generating: being written; Failed; Suppressed; Cancelled; Not queued: no campaign has it';

COMMENT ON COLUMN brim.scored_leads.campaign IS 'Campaign that the status is of';

COMMENT ON COLUMN brim.scored_leads.email_id IS 'E-mail that the status is of; NULL while none is written';

COMMENT ON COLUMN brim.scored_leads.variant_sent IS 'Variant that was sent; NULL unless the status is Sent';

COMMENT ON COLUMN brim.scored_leads.sent_at IS 'When the mail server accepted the e-mail';

CREATE VIEW brim.top_leads AS
SELECT t.rank, (t.lead).company_id, (t.lead).company_name, (t.lead).total_score, (t.lead).fit_score,
       (t.lead).intent_score, (t.lead).confidence, (t.lead).action, (t.lead).model,
       (SELECT string_agg(r.reason, ' ' ORDER BY r.n)
          FROM jsonb_array_elements_text(x.explained -> 'reasoning' -> 'positive')
               WITH ORDINALITY AS r(reason, n)) AS positive_reasons
  FROM (SELECT l AS lead, row_number() OVER (ORDER BY l.total_score DESC NULLS LAST, l.company_id) AS rank
          FROM brim.lead AS l
         WHERE l.total_score IS NOT NULL
         ORDER BY l.total_score DESC NULLS LAST, l.company_id
         LIMIT 100) AS t
  -- A model that was withdrawn since can give no reasons, but must not break the list.
 CROSS JOIN LATERAL (
        SELECT CASE WHEN EXISTS (SELECT FROM brim.model_spec AS s WHERE s.name = (t.lead).model AND s.is_published)
                    THEN @extschema@.brim_explain(t.lead, (t.lead).model)
               END AS explained) AS x
 ORDER BY t.rank;

COMMENT ON VIEW brim.top_leads IS 'One row a company among the 100 with the highest stored score. Key: rank; company_id is unique too';

COMMENT ON COLUMN brim.top_leads.rank IS '1 is the highest score; equal scores by company_id';

COMMENT ON COLUMN brim.top_leads.company_id IS 'Key of the company';

COMMENT ON COLUMN brim.top_leads.company_name IS 'Name of the company';

COMMENT ON COLUMN brim.top_leads.total_score IS 'Weighted sum of fit and intent, 0-100';

COMMENT ON COLUMN brim.top_leads.fit_score IS 'How well the company matches the ideal customer, 0-100';

COMMENT ON COLUMN brim.top_leads.intent_score IS 'How strong the buying signals of the company are now, 0-100';

COMMENT ON COLUMN brim.top_leads.confidence IS 'Share of the scoring facts that are given, 0-1';

COMMENT ON COLUMN brim.top_leads.action IS 'What the score advises, such as high_priority_outreach';

COMMENT ON COLUMN brim.top_leads.model IS 'Scoring model of the stored score';

COMMENT ON COLUMN brim.top_leads.positive_reasons IS
    'What speaks for the company, in sentences, by the model''s present rules; NULL if nothing does';

CREATE VIEW brim.sent_email AS
SELECT o.email_id, o.campaign, e.variant, o.company_id, o.score, e.generated_by, o.sent_at,
       EXISTS (SELECT FROM brim.event AS v
                WHERE v.event_type = 'email_opened' AND v.email_id = o.email_id) AS is_opened,
       EXISTS (SELECT FROM brim.event AS v
                WHERE v.event_type = 'email_clicked' AND v.email_id = o.email_id) AS is_clicked,
       EXISTS (SELECT FROM brim.event AS v
                WHERE v.event_type = 'email_replied' AND v.email_id = o.email_id) AS is_replied,
       EXISTS (SELECT FROM brim.event AS v
                WHERE v.event_type IN ('email_opened', 'email_clicked', 'email_replied')
                  AND v.email_id = o.email_id)
       OR EXISTS (SELECT FROM brim.outcome AS r
                   WHERE r.company_id = o.company_id AND r.occurred_at >= o.sent_at
                     AND (r.campaign IS NULL OR r.campaign = o.campaign)) AS is_engaged,
       EXISTS (SELECT FROM brim.outcome AS r
                WHERE r.company_id = o.company_id AND r.occurred_at >= o.sent_at
                  AND (r.campaign IS NULL OR r.campaign = o.campaign)
                  AND r.outcome <> 'not_a_fit') AS is_converted,
       o.claimed_at
  FROM brim.send_ledger AS o
  JOIN brim.email AS e ON e.email_id = o.email_id
 WHERE o.state = 'sent';

COMMENT ON VIEW brim.sent_email IS 'One row an e-mail that the mail server accepted. Key: email_id.
What the figures about e-mails are counted from';

COMMENT ON COLUMN brim.sent_email.email_id IS 'Key of the e-mail';

COMMENT ON COLUMN brim.sent_email.campaign IS 'Campaign of the e-mail';

COMMENT ON COLUMN brim.sent_email.variant IS 'Variant of the e-mail';

COMMENT ON COLUMN brim.sent_email.company_id IS 'Company that was mailed';

COMMENT ON COLUMN brim.sent_email.score IS 'Total score with which the e-mail was queued';

COMMENT ON COLUMN brim.sent_email.generated_by IS 'gemini or template';

COMMENT ON COLUMN brim.sent_email.sent_at IS 'When the mail server accepted the e-mail';

COMMENT ON COLUMN brim.sent_email.claimed_at IS
    'When the worker took the e-mail, at most 24 hours before sent_at. There is an index on this time: a range of '
    'sent_at is found fast where the same range, begun a day earlier, is given for it';

COMMENT ON COLUMN brim.sent_email.is_opened IS 'An email_opened event was reported for it';

COMMENT ON COLUMN brim.sent_email.is_clicked IS 'An email_clicked event was reported for it';

COMMENT ON COLUMN brim.sent_email.is_replied IS 'An email_replied event was reported for it';

COMMENT ON COLUMN brim.sent_email.is_engaged IS
    'Opened, clicked or replied to, or any outcome of the company at or after the sending, of this campaign or of '
    'none';

COMMENT ON COLUMN brim.sent_email.is_converted IS 'An outcome other than not_a_fit at or after the sending, of this campaign or of none';

CREATE VIEW brim.email_performance AS
SELECT k.campaign, k.variant, k.sent,
       k.opened, brim.percent(k.opened, k.sent) AS open_rate,
       brim.wilson_bound(k.opened, k.sent, -1.959964) AS open_rate_low,
       brim.wilson_bound(k.opened, k.sent, 1.959964) AS open_rate_high,
       k.clicked, brim.percent(k.clicked, k.sent) AS click_rate,
       brim.wilson_bound(k.clicked, k.sent, -1.959964) AS click_rate_low,
       brim.wilson_bound(k.clicked, k.sent, 1.959964) AS click_rate_high,
       k.replied, brim.percent(k.replied, k.sent) AS reply_rate,
       brim.wilson_bound(k.replied, k.sent, -1.959964) AS reply_rate_low,
       brim.wilson_bound(k.replied, k.sent, 1.959964) AS reply_rate_high,
       k.converted, brim.percent(k.converted, k.sent) AS conversion_rate,
       brim.wilson_bound(k.converted, k.sent, -1.959964) AS conversion_rate_low,
       brim.wilson_bound(k.converted, k.sent, 1.959964) AS conversion_rate_high
  FROM (SELECT coalesce(v.campaign, m.campaign) AS campaign, coalesce(v.name, m.variant) AS variant,
               coalesce(m.sent, 0) AS sent, coalesce(m.opened, 0) AS opened, coalesce(m.clicked, 0) AS clicked,
               coalesce(m.replied, 0) AS replied, coalesce(m.converted, 0) AS converted
          FROM brim.variant AS v
          -- Responses are gathered once here: asking for each e-mail takes three times as long.
          FULL JOIN (SELECT s.campaign, s.variant, count(*) AS sent,
                            count(*) FILTER (WHERE r.opened) AS opened,
                            count(*) FILTER (WHERE r.clicked) AS clicked,
                            count(*) FILTER (WHERE r.replied) AS replied,
                            count(*) FILTER (WHERE s.is_converted) AS converted
                       FROM brim.sent_email AS s
                       LEFT JOIN (SELECT e.email_id, bool_or(e.event_type = 'email_opened') AS opened,
                                         bool_or(e.event_type = 'email_clicked') AS clicked,
                                         bool_or(e.event_type = 'email_replied') AS replied
                                    FROM brim.event AS e
                                   WHERE e.event_type IN ('email_opened', 'email_clicked', 'email_replied')
                                     AND e.email_id IS NOT NULL
                                   GROUP BY e.email_id) AS r ON r.email_id = s.email_id
                      GROUP BY s.campaign, s.variant) AS m ON m.campaign = v.campaign AND m.variant = v.name) AS k;

COMMENT ON VIEW brim.email_performance IS
    'One row a variant of a campaign. Key: campaign, variant.
Rates are shares of the e-mails sent, in percent, each '
    'with the bounds of its 95 % Wilson interval: where the intervals of two variants overlap, the difference may be '
    'chance';

COMMENT ON COLUMN brim.email_performance.campaign IS 'Campaign';

COMMENT ON COLUMN brim.email_performance.variant IS 'Variant';

COMMENT ON COLUMN brim.email_performance.sent IS 'E-mails that the mail server accepted: the denominator of every rate';

COMMENT ON COLUMN brim.email_performance.opened IS 'Of these, reported as opened';

COMMENT ON COLUMN brim.email_performance.open_rate IS 'opened of sent, percent';

COMMENT ON COLUMN brim.email_performance.open_rate_low IS 'Lower bound of open_rate, percent';

COMMENT ON COLUMN brim.email_performance.open_rate_high IS 'Upper bound of open_rate, percent';

COMMENT ON COLUMN brim.email_performance.clicked IS 'Of these, reported as clicked';

COMMENT ON COLUMN brim.email_performance.click_rate IS 'clicked of sent, percent';

COMMENT ON COLUMN brim.email_performance.click_rate_low IS 'Lower bound of click_rate, percent';

COMMENT ON COLUMN brim.email_performance.click_rate_high IS 'Upper bound of click_rate, percent';

COMMENT ON COLUMN brim.email_performance.replied IS 'Of these, reported as replied to';

COMMENT ON COLUMN brim.email_performance.reply_rate IS 'replied of sent, percent';

COMMENT ON COLUMN brim.email_performance.reply_rate_low IS 'Lower bound of reply_rate, percent';

COMMENT ON COLUMN brim.email_performance.reply_rate_high IS 'Upper bound of reply_rate, percent';

COMMENT ON COLUMN brim.email_performance.converted IS 'Of these, with an outcome other than not_a_fit at or after the sending';

COMMENT ON COLUMN brim.email_performance.conversion_rate IS 'converted of sent, percent';

COMMENT ON COLUMN brim.email_performance.conversion_rate_low IS 'Lower bound of conversion_rate, percent';

COMMENT ON COLUMN brim.email_performance.conversion_rate_high IS 'Upper bound of conversion_rate, percent';

CREATE VIEW brim.score_band_outcomes AS
SELECT b.bin_no, b.low || '-' || b.high AS bin, b.low, b.high,
       coalesce(s.mailed, 0) AS mailed, coalesce(s.with_outcome, 0) AS with_outcome,
       coalesce(s.not_a_fit, 0) AS not_a_fit, coalesce(s.converted, 0) AS converted,
       brim.percent(s.converted, s.mailed) AS conversion_rate,
       brim.wilson_bound(s.converted, s.mailed, -1.959964) AS conversion_rate_low,
       brim.wilson_bound(s.converted, s.mailed, 1.959964) AS conversion_rate_high,
       coalesce(s.won, 0) AS won, brim.percent(s.won, s.mailed) AS win_rate,
       coalesce(s.won_value, 0) AS won_value
  FROM (SELECT n AS bin_no, CASE n WHEN 1 THEN 0 ELSE n * 10 - 9 END AS low, n * 10 AS high
          FROM generate_series(1, 10) AS n) AS b
  LEFT JOIN (SELECT least(10, greatest(1, (f.score + 9) / 10)) AS bin_no, count(*) AS mailed,
                    count(*) FILTER (WHERE r.outcomes > 0) AS with_outcome,
                    count(*) FILTER (WHERE r.not_a_fit) AS not_a_fit,
                    count(*) FILTER (WHERE r.converted) AS converted,
                    count(*) FILTER (WHERE r.won) AS won,
                    sum(r.won_value) AS won_value
               FROM (SELECT DISTINCT ON (m.company_id) m.company_id, m.score, m.sent_at
                       FROM brim.sent_email AS m
                      ORDER BY m.company_id, m.sent_at, m.email_id) AS f
              CROSS JOIN LATERAL (
                     SELECT count(*) AS outcomes, bool_or(o.outcome = 'not_a_fit') AS not_a_fit,
                            bool_or(o.outcome <> 'not_a_fit') AS converted, bool_or(o.outcome = 'closed_won') AS won,
                            sum(o.value) FILTER (WHERE o.outcome = 'closed_won') AS won_value
                       FROM brim.outcome AS o
                      WHERE o.company_id = f.company_id AND o.occurred_at >= f.sent_at) AS r
              GROUP BY 1) AS s ON s.bin_no = b.bin_no
 ORDER BY b.bin_no;

COMMENT ON VIEW brim.score_band_outcomes IS
    'One row a range of ten points. Key: bin_no.
What became of the companies mailed, by the score of their first '
    'e-mail, any campaign: does a higher score mean more customers?';

COMMENT ON COLUMN brim.score_band_outcomes.bin_no IS 'Number of the range, 1 to 10';

COMMENT ON COLUMN brim.score_band_outcomes.bin IS 'The range in words: 0-10, 11-20, ... 91-100';

COMMENT ON COLUMN brim.score_band_outcomes.low IS 'Lowest score of the range';

COMMENT ON COLUMN brim.score_band_outcomes.high IS 'Highest score of the range';

COMMENT ON COLUMN brim.score_band_outcomes.mailed IS 'Companies mailed: the denominator of every rate';

COMMENT ON COLUMN brim.score_band_outcomes.with_outcome IS 'Of these, with any outcome since';

COMMENT ON COLUMN brim.score_band_outcomes.not_a_fit IS 'Of these, with the outcome not_a_fit since';

COMMENT ON COLUMN brim.score_band_outcomes.converted IS 'Of these, with an outcome other than not_a_fit since';

COMMENT ON COLUMN brim.score_band_outcomes.conversion_rate IS 'converted of mailed, percent';

COMMENT ON COLUMN brim.score_band_outcomes.conversion_rate_low IS 'Lower bound of conversion_rate (95 % Wilson interval), percent';

COMMENT ON COLUMN brim.score_band_outcomes.conversion_rate_high IS 'Upper bound of conversion_rate (95 % Wilson interval), percent';

COMMENT ON COLUMN brim.score_band_outcomes.won IS 'Of these, with the outcome closed_won since';

COMMENT ON COLUMN brim.score_band_outcomes.win_rate IS 'won of mailed, percent';

COMMENT ON COLUMN brim.score_band_outcomes.won_value IS 'Sum of the values reported with closed_won';

CREATE VIEW brim.attempts AS
SELECT a.email_id, a.attempt_no, o.campaign, o.company_id, l.company_name, o.variant, o.status AS email_status,
       a.phase, a.outcome, a.smtp_code, a.enhanced_code, a.reply, a.relay, a.started_at, a.ended_at,
       round(extract(epoch FROM a.ended_at - a.started_at), 3) AS seconds
  FROM (SELECT f.email_id, f.attempt_no, f.phase, f.outcome, f.smtp_code, f.enhanced_code, f.reply, f.relay,
               f.started_at, f.ended_at
          FROM brim.email_attempt AS f
        UNION ALL
        SELECT s.email_id, s.claims, s.phase, 'sent', s.smtp_code, s.enhanced_code, s.reply, s.relay,
               s.started_at, greatest(s.sent_at, s.started_at)
          FROM brim.send_ledger AS s
         WHERE s.state = 'sent' AND s.started_at IS NOT NULL) AS a
  JOIN brim.outbound_email AS o ON o.email_id = a.email_id
  LEFT JOIN brim.lead AS l ON l.company_id = o.company_id;

COMMENT ON VIEW brim.attempts IS 'One row a try to hand an e-mail to the mail server. Key: email_id, attempt_no';

COMMENT ON COLUMN brim.attempts.email_id IS 'E-mail';

COMMENT ON COLUMN brim.attempts.attempt_no IS 'Number of the try, from 1';

COMMENT ON COLUMN brim.attempts.campaign IS 'Campaign of the e-mail';

COMMENT ON COLUMN brim.attempts.company_id IS 'Company of the e-mail';

COMMENT ON COLUMN brim.attempts.company_name IS 'Name of the company; NULL if the lead was deleted';

COMMENT ON COLUMN brim.attempts.variant IS 'Variant of the e-mail';

COMMENT ON COLUMN brim.attempts.email_status IS 'Status of the e-mail now';

COMMENT ON COLUMN brim.attempts.phase IS 'How far the dialogue with the server came';

COMMENT ON COLUMN brim.attempts.outcome IS 'How the try ended';

COMMENT ON COLUMN brim.attempts.smtp_code IS 'Reply code of the server, such as 250 or 550';

COMMENT ON COLUMN brim.attempts.enhanced_code IS 'Enhanced status code of the server, such as 5.1.1';

COMMENT ON COLUMN brim.attempts.reply IS 'Last reply of the server, or what was read of it';

COMMENT ON COLUMN brim.attempts.relay IS 'Mail server that was spoken to';

COMMENT ON COLUMN brim.attempts.started_at IS 'When the try began';

COMMENT ON COLUMN brim.attempts.ended_at IS 'When the try ended';

COMMENT ON COLUMN brim.attempts.seconds IS 'How long the try took';

CREATE VIEW brim.kpi_fact AS
SELECT 'qualified_leads'::text AS metric_name, e.company_id AS entity_id, e.occurred_at, true AS is_hit,
       e.occurred_at AS found_at
  FROM brim.event AS e
 WHERE e.event_type = 'score_calculated' AND e.data @> '{"qualified": true}' AND e.company_id IS NOT NULL
UNION ALL
SELECT 'email_engagement', s.email_id::text COLLATE "C", s.sent_at, s.is_engaged, s.claimed_at
  FROM brim.sent_email AS s
UNION ALL
SELECT 'new_activations', a.user_id, a.activated_at, true, a.activated_at
  FROM brim.activated_user AS a
UNION ALL
SELECT 'funnel_conversion', s.company_id, s.sent_at, s.is_converted, s.claimed_at
  FROM brim.sent_email AS s;

COMMENT ON VIEW brim.kpi_fact IS
    'One row a thing that counts for a KPI at one time. Key: none; entities are counted once a period.
Ask it which '
    'companies, e-mails or users stand behind a figure; give metric_name and a range of occurred_at';

COMMENT ON COLUMN brim.kpi_fact.metric_name IS 'KPI: qualified_leads, email_engagement, new_activations or funnel_conversion';

COMMENT ON COLUMN brim.kpi_fact.entity_id IS 'What is counted: company_id (qualified_leads, funnel_conversion), email_id or user_id';

COMMENT ON COLUMN brim.kpi_fact.occurred_at IS 'When it happened: scoring, sending, or the first step of the user';

COMMENT ON COLUMN brim.kpi_fact.found_at IS 'What an index finds it by: at most 24 hours before occurred_at';

COMMENT ON COLUMN brim.kpi_fact.is_hit IS 'Does it count for the numerator; all rows count for the denominator of a rate';

CREATE VIEW brim.kpi AS
SELECT m.metric_name,
       brim.kpi_value(m.is_rate, c.numerator, c.denominator) AS current_value,
       brim.kpi_value(m.is_rate, c.previous_numerator, c.previous_denominator) AS previous_value,
       CASE WHEN m.is_rate THEN brim.kpi_change(c.numerator, c.denominator, c.previous_numerator, c.previous_denominator)
            ELSE brim.kpi_change(c.numerator, 1, c.previous_numerator, 1) END AS percentage_change,
       m.description, p.period_start, p.period_end,
       c.numerator AS current_numerator, CASE WHEN m.is_rate THEN c.denominator END AS current_denominator,
       c.previous_numerator, CASE WHEN m.is_rate THEN c.previous_denominator END AS previous_denominator
  FROM brim.kpi_metric() AS m
 CROSS JOIN brim.kpi_period(brim.report_today() + 1, 30) AS p
 CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE n.is_hit) AS numerator, count(*) FILTER (WHERE n.is_there) AS denominator,
               count(*) FILTER (WHERE n.was_hit) AS previous_numerator,
               count(*) FILTER (WHERE n.was_there) AS previous_denominator
          FROM (SELECT bool_or(f.occurred_at >= p.current_from) AS is_there,
                       bool_or(f.occurred_at >= p.current_from AND f.is_hit) AS is_hit,
                       bool_or(f.occurred_at < p.current_from) AS was_there,
                       bool_or(f.occurred_at < p.current_from AND f.is_hit) AS was_hit
                  FROM brim.kpi_fact AS f
                 WHERE f.metric_name = m.metric_name
                   AND f.occurred_at >= p.previous_from AND f.occurred_at < p.current_to
                   AND f.found_at >= p.previous_from - interval '24 hours' AND f.found_at < p.current_to
                 GROUP BY f.entity_id) AS n) AS c;

COMMENT ON VIEW brim.kpi IS 'One row a KPI. Key: metric_name.
The last 30 days, today included, beside the 30 days before';

COMMENT ON COLUMN brim.kpi.metric_name IS 'Name of the KPI';

COMMENT ON COLUMN brim.kpi.current_value IS 'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';

COMMENT ON COLUMN brim.kpi.previous_value IS 'Value in the period of equal length right before';

COMMENT ON COLUMN brim.kpi.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';

COMMENT ON COLUMN brim.kpi.description IS 'What the KPI says';

COMMENT ON COLUMN brim.kpi.period_start IS 'First day of the period';

COMMENT ON COLUMN brim.kpi.period_end IS 'First day after the period';

COMMENT ON COLUMN brim.kpi.current_numerator IS 'The count itself, or the numerator of the rate';

COMMENT ON COLUMN brim.kpi.current_denominator IS 'Denominator of the rate; NULL for a count';

COMMENT ON COLUMN brim.kpi.previous_numerator IS 'The same for the period before';

COMMENT ON COLUMN brim.kpi.previous_denominator IS 'The same for the period before';

CREATE FUNCTION brim.kpi_for(metric text, end_date date, days integer) RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE ROWS 1 LANGUAGE sql
BEGIN ATOMIC
    SELECT m.metric_name,
           brim.kpi_value(m.is_rate, c.numerator, c.denominator) AS current_value,
           brim.kpi_value(m.is_rate, c.previous_numerator, c.previous_denominator) AS previous_value,
           CASE WHEN m.is_rate THEN brim.kpi_change(c.numerator, c.denominator, c.previous_numerator, c.previous_denominator)
                ELSE brim.kpi_change(c.numerator, 1, c.previous_numerator, 1) END AS percentage_change,
           m.description, p.period_start, p.period_end,
           c.numerator AS current_numerator, CASE WHEN m.is_rate THEN c.denominator END AS current_denominator,
           c.previous_numerator, CASE WHEN m.is_rate THEN c.previous_denominator END AS previous_denominator
      FROM brim.kpi_metric() AS m
     CROSS JOIN brim.kpi_period(kpi_for.end_date, kpi_for.days) AS p
     CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE n.is_hit) AS numerator, count(*) FILTER (WHERE n.is_there) AS denominator,
                   count(*) FILTER (WHERE n.was_hit) AS previous_numerator,
                   count(*) FILTER (WHERE n.was_there) AS previous_denominator
              FROM (SELECT bool_or(f.occurred_at >= p.current_from) AS is_there,
                           bool_or(f.occurred_at >= p.current_from AND f.is_hit) AS is_hit,
                           bool_or(f.occurred_at < p.current_from) AS was_there,
                           bool_or(f.occurred_at < p.current_from AND f.is_hit) AS was_hit
                      FROM brim.kpi_fact AS f
                     WHERE f.metric_name = m.metric_name
                       AND f.occurred_at >= p.previous_from AND f.occurred_at < p.current_to
                       AND f.found_at >= p.previous_from - interval '24 hours' AND f.found_at < p.current_to
                     GROUP BY f.entity_id) AS n) AS c
     WHERE m.metric_name = kpi_for.metric;
END;

COMMENT ON FUNCTION brim.kpi_for(text, date, integer) IS 'One KPI of the days before end_date, beside as many days before';

REVOKE EXECUTE ON FUNCTION brim.kpi_for(text, date, integer) FROM PUBLIC;

CREATE VIEW brim.kpi_qualified_leads AS
SELECT k.metric_name, k.current_value, k.previous_value, k.percentage_change, k.description, k.period_start, k.period_end,
       k.current_numerator, k.current_denominator, k.previous_numerator, k.previous_denominator
  FROM brim.kpi AS k
 WHERE k.metric_name = 'qualified_leads';

COMMENT ON VIEW brim.kpi_qualified_leads IS
    'One row: the last 30 days, today included, beside the 30 days before. Key: metric_name.
Companies with at least '
    'one score_calculated event in the period that qualified them';

COMMENT ON COLUMN brim.kpi_qualified_leads.metric_name IS 'Name of the KPI';

COMMENT ON COLUMN brim.kpi_qualified_leads.current_value IS
    'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';

COMMENT ON COLUMN brim.kpi_qualified_leads.previous_value IS 'Value in the period of equal length right before';

COMMENT ON COLUMN brim.kpi_qualified_leads.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';

COMMENT ON COLUMN brim.kpi_qualified_leads.description IS 'What the KPI says';

COMMENT ON COLUMN brim.kpi_qualified_leads.period_start IS 'First day of the period';

COMMENT ON COLUMN brim.kpi_qualified_leads.period_end IS 'First day after the period';

COMMENT ON COLUMN brim.kpi_qualified_leads.current_numerator IS 'The count itself, or the numerator of the rate';

COMMENT ON COLUMN brim.kpi_qualified_leads.current_denominator IS 'Denominator of the rate; NULL for a count';

COMMENT ON COLUMN brim.kpi_qualified_leads.previous_numerator IS 'The same for the period before';

COMMENT ON COLUMN brim.kpi_qualified_leads.previous_denominator IS 'The same for the period before';

CREATE FUNCTION @extschema@.brim_kpi_qualified_leads(end_date date DEFAULT current_date + 1, days integer DEFAULT 30)
    RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1 LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.* FROM brim.kpi_for('qualified_leads', brim_kpi_qualified_leads.end_date, brim_kpi_qualified_leads.days) AS k;
END;

COMMENT ON FUNCTION @extschema@.brim_kpi_qualified_leads(date, integer) IS
    'Companies with at least one score_calculated event in the period that qualified them: the days before end_date, '
    'which is not part of the period, beside as many days before';

REVOKE EXECUTE ON FUNCTION @extschema@.brim_kpi_qualified_leads(date, integer) FROM PUBLIC;

CREATE VIEW brim.kpi_email_engagement AS
SELECT k.metric_name, k.current_value, k.previous_value, k.percentage_change, k.description, k.period_start, k.period_end,
       k.current_numerator, k.current_denominator, k.previous_numerator, k.previous_denominator
  FROM brim.kpi AS k
 WHERE k.metric_name = 'email_engagement';

COMMENT ON VIEW brim.kpi_email_engagement IS
    'One row: the last 30 days, today included, beside the 30 days before. Key: metric_name.
Share of the e-mails '
    'sent in the period that were opened, clicked or answered since, or whose company had any outcome since';

COMMENT ON COLUMN brim.kpi_email_engagement.metric_name IS 'Name of the KPI';

COMMENT ON COLUMN brim.kpi_email_engagement.current_value IS
    'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';

COMMENT ON COLUMN brim.kpi_email_engagement.previous_value IS 'Value in the period of equal length right before';

COMMENT ON COLUMN brim.kpi_email_engagement.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';

COMMENT ON COLUMN brim.kpi_email_engagement.description IS 'What the KPI says';

COMMENT ON COLUMN brim.kpi_email_engagement.period_start IS 'First day of the period';

COMMENT ON COLUMN brim.kpi_email_engagement.period_end IS 'First day after the period';

COMMENT ON COLUMN brim.kpi_email_engagement.current_numerator IS 'The count itself, or the numerator of the rate';

COMMENT ON COLUMN brim.kpi_email_engagement.current_denominator IS 'Denominator of the rate; NULL for a count';

COMMENT ON COLUMN brim.kpi_email_engagement.previous_numerator IS 'The same for the period before';

COMMENT ON COLUMN brim.kpi_email_engagement.previous_denominator IS 'The same for the period before';

CREATE FUNCTION @extschema@.brim_kpi_email_engagement(end_date date DEFAULT current_date + 1, days integer DEFAULT 30)
    RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1 LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.* FROM brim.kpi_for('email_engagement', brim_kpi_email_engagement.end_date, brim_kpi_email_engagement.days) AS k;
END;

COMMENT ON FUNCTION @extschema@.brim_kpi_email_engagement(date, integer) IS
    'Share of the e-mails sent in the period that were opened, clicked or answered since, or whose company had any '
    'outcome since: the days before end_date, which is not part of the period, beside as many days before';

REVOKE EXECUTE ON FUNCTION @extschema@.brim_kpi_email_engagement(date, integer) FROM PUBLIC;

CREATE VIEW brim.kpi_new_activations AS
SELECT k.metric_name, k.current_value, k.previous_value, k.percentage_change, k.description, k.period_start, k.period_end,
       k.current_numerator, k.current_denominator, k.previous_numerator, k.previous_denominator
  FROM brim.kpi AS k
 WHERE k.metric_name = 'new_activations';

COMMENT ON VIEW brim.kpi_new_activations IS
    'One row: the last 30 days, today included, beside the 30 days before. Key: metric_name.
Users whose first '
    'activation step ever was in the period';

COMMENT ON COLUMN brim.kpi_new_activations.metric_name IS 'Name of the KPI';

COMMENT ON COLUMN brim.kpi_new_activations.current_value IS
    'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';

COMMENT ON COLUMN brim.kpi_new_activations.previous_value IS 'Value in the period of equal length right before';

COMMENT ON COLUMN brim.kpi_new_activations.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';

COMMENT ON COLUMN brim.kpi_new_activations.description IS 'What the KPI says';

COMMENT ON COLUMN brim.kpi_new_activations.period_start IS 'First day of the period';

COMMENT ON COLUMN brim.kpi_new_activations.period_end IS 'First day after the period';

COMMENT ON COLUMN brim.kpi_new_activations.current_numerator IS 'The count itself, or the numerator of the rate';

COMMENT ON COLUMN brim.kpi_new_activations.current_denominator IS 'Denominator of the rate; NULL for a count';

COMMENT ON COLUMN brim.kpi_new_activations.previous_numerator IS 'The same for the period before';

COMMENT ON COLUMN brim.kpi_new_activations.previous_denominator IS 'The same for the period before';

CREATE FUNCTION @extschema@.brim_kpi_new_activations(end_date date DEFAULT current_date + 1, days integer DEFAULT 30)
    RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1 LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.* FROM brim.kpi_for('new_activations', brim_kpi_new_activations.end_date, brim_kpi_new_activations.days) AS k;
END;

COMMENT ON FUNCTION @extschema@.brim_kpi_new_activations(date, integer) IS
    'Users whose first activation step ever was in the period: the days before end_date, which is not part of the '
    'period, beside as many days before';

REVOKE EXECUTE ON FUNCTION @extschema@.brim_kpi_new_activations(date, integer) FROM PUBLIC;

CREATE VIEW brim.kpi_funnel_conversion AS
SELECT k.metric_name, k.current_value, k.previous_value, k.percentage_change, k.description, k.period_start, k.period_end,
       k.current_numerator, k.current_denominator, k.previous_numerator, k.previous_denominator
  FROM brim.kpi AS k
 WHERE k.metric_name = 'funnel_conversion';

COMMENT ON VIEW brim.kpi_funnel_conversion IS
    'One row: the last 30 days, today included, beside the 30 days before. Key: metric_name.
Share of the companies '
    'mailed in the period that had an outcome other than not_a_fit since';

COMMENT ON COLUMN brim.kpi_funnel_conversion.metric_name IS 'Name of the KPI';

COMMENT ON COLUMN brim.kpi_funnel_conversion.current_value IS
    'Value in the period: a count, or a rate in percent; NULL for a rate of nothing';

COMMENT ON COLUMN brim.kpi_funnel_conversion.previous_value IS 'Value in the period of equal length right before';

COMMENT ON COLUMN brim.kpi_funnel_conversion.percentage_change IS
    'Change from previous_value in percent of it, reckoned from the counts; NULL where that is 0 or unknown';

COMMENT ON COLUMN brim.kpi_funnel_conversion.description IS 'What the KPI says';

COMMENT ON COLUMN brim.kpi_funnel_conversion.period_start IS 'First day of the period';

COMMENT ON COLUMN brim.kpi_funnel_conversion.period_end IS 'First day after the period';

COMMENT ON COLUMN brim.kpi_funnel_conversion.current_numerator IS 'The count itself, or the numerator of the rate';

COMMENT ON COLUMN brim.kpi_funnel_conversion.current_denominator IS 'Denominator of the rate; NULL for a count';

COMMENT ON COLUMN brim.kpi_funnel_conversion.previous_numerator IS 'The same for the period before';

COMMENT ON COLUMN brim.kpi_funnel_conversion.previous_denominator IS 'The same for the period before';

CREATE FUNCTION @extschema@.brim_kpi_funnel_conversion(end_date date DEFAULT current_date + 1, days integer DEFAULT 30)
    RETURNS SETOF brim.kpi
    STABLE PARALLEL SAFE SECURITY DEFINER ROWS 1 LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.* FROM brim.kpi_for('funnel_conversion', brim_kpi_funnel_conversion.end_date, brim_kpi_funnel_conversion.days) AS k;
END;

COMMENT ON FUNCTION @extschema@.brim_kpi_funnel_conversion(date, integer) IS
    'Share of the companies mailed in the period that had an outcome other than not_a_fit since: the days before '
    'end_date, which is not part of the period, beside as many days before';

REVOKE EXECUTE ON FUNCTION @extschema@.brim_kpi_funnel_conversion(date, integer) FROM PUBLIC;

CREATE VIEW brim.funnel_daily AS
SELECT b.first_day + d.n AS day, s.scored, s.qualified_leads, g.generated, m.sent,
       coalesce(a.activations, 0) AS activations, o.outcomes
  FROM (SELECT z.zone, z.today,
               -- cut first: a time of -infinity has no day
               least(z.today, (greatest(f.first_at, now() - interval '20 years') AT TIME ZONE z.zone)::date) AS first_day
          FROM (SELECT brim.report_zone() AS zone, brim.report_today() AS today) AS z,
               (SELECT least((SELECT min(e.occurred_at) FROM brim.event AS e
                               WHERE e.event_type = 'score_calculated'),
                             (SELECT min(e.occurred_at) FROM brim.event AS e
                               WHERE e.event_type = 'email_generated'),
                             (SELECT min(e.occurred_at) FROM brim.event AS e
                               WHERE e.event_type = 'activation_step_completed'),
                             (SELECT min(x.sent_at) FROM brim.send_ledger AS x
                               WHERE x.state = 'sent'
                                 AND x.claimed_at <= (SELECT min(y.claimed_at) FROM brim.send_ledger AS y WHERE y.state = 'sent')
                                                     + interval '24 hours'),
                             (SELECT min(r.occurred_at) FROM brim.outcome AS r),
                             now()) AS first_at) AS f
        OFFSET 0) AS b
 CROSS JOIN LATERAL generate_series(0, b.today - b.first_day) AS d(n)
 CROSS JOIN LATERAL (
        SELECT brim.day_start(b.first_day + d.n, b.zone) AS day_from,
               brim.day_start(b.first_day + d.n + 1, b.zone) AS day_to
        OFFSET 0) AS t
 CROSS JOIN LATERAL (
        SELECT count(*) AS scored, count(*) FILTER (WHERE c.is_qualified) AS qualified_leads
          FROM (SELECT bool_or(e.data @> '{"qualified": true}') AS is_qualified
                  FROM brim.event AS e
                 WHERE e.event_type = 'score_calculated' AND e.company_id IS NOT NULL
                   AND e.occurred_at >= t.day_from AND e.occurred_at < t.day_to
                 GROUP BY e.company_id) AS c) AS s
 CROSS JOIN LATERAL (
        SELECT count(*) AS generated
          FROM brim.event AS e
         WHERE e.event_type = 'email_generated' AND e.occurred_at >= t.day_from AND e.occurred_at < t.day_to) AS g
 CROSS JOIN LATERAL (
        SELECT count(*) AS sent
          FROM brim.send_ledger AS x
         WHERE x.state = 'sent' AND x.sent_at >= t.day_from AND x.sent_at < t.day_to
           AND x.claimed_at >= t.day_from - interval '24 hours' AND x.claimed_at < t.day_to) AS m
 CROSS JOIN LATERAL (
        SELECT count(*) AS outcomes
          FROM brim.outcome AS r
         WHERE r.occurred_at >= t.day_from AND r.occurred_at < t.day_to) AS o
  -- A first step is known only from all steps, so these are not counted by the day.
  LEFT JOIN (SELECT (u.activated_at AT TIME ZONE brim.report_zone())::date AS day, count(*) AS activations
               FROM brim.activated_user AS u
              GROUP BY 1) AS a ON a.day = b.first_day + d.n;

COMMENT ON VIEW brim.funnel_daily IS
    'One row a day. Key: day.
Every day from the first with any data to today, at most 20 years; days without data '
    'are rows of zeros. Give a range of day where the history is long';

COMMENT ON COLUMN brim.funnel_daily.day IS 'Day in the time zone of reports';

COMMENT ON COLUMN brim.funnel_daily.scored IS 'Companies scored on the day, each counted once a day';

COMMENT ON COLUMN brim.funnel_daily.qualified_leads IS 'Of these, companies that a score of the day qualified';

COMMENT ON COLUMN brim.funnel_daily.generated IS 'Companies for which the e-mails of a campaign were written';

COMMENT ON COLUMN brim.funnel_daily.sent IS 'E-mails that the mail server accepted';

COMMENT ON COLUMN brim.funnel_daily.activations IS 'Users whose first activation step ever was on the day';

COMMENT ON COLUMN brim.funnel_daily.outcomes IS 'Outcomes that happened on the day';

COMMENT ON TABLE brim.model_price IS
    'One row the price of a language model, for brim.generation_cost. Key: model. It starts empty: brim.known_price '
    'has the prices brim knows; a row here comes before those';

COMMENT ON VIEW brim.generation_cost IS
    'One row a version of a language model that wrote e-mails, and one for the templates. Key: provider, model, '
    'model_version.
What the tokens cost that the provider reported for the answers used; answers that were thrown '
    'away are not in it';

COMMENT ON VIEW brim.classification_cost IS
    'One row a version of a language model that classified texts. Key: model, model_version.
What the tokens cost '
    'that the provider reported, those of answers that were of no use among them';

CREATE FUNCTION brim.begin_restore() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Until the transaction ends: pg_restore and psql load each table in one of its own.
    -- What was set for a database or role is not said by a script.
    IF brim.is_restoring()
       AND NOT EXISTS (SELECT FROM pg_settings AS s
                        WHERE s.name IN ('check_function_bodies', 'row_security') AND s.source <> 'session')
       AND (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        PERFORM set_config('session_replication_role', 'replica', true);
    END IF;
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION brim.begin_restore() IS 'Trigger: a script of pg_dump loads the table without triggers and foreign keys';

REVOKE EXECUTE ON FUNCTION brim.begin_restore() FROM PUBLIC;

CREATE FUNCTION brim.replace_shipped() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT brim.is_restoring() THEN
        RETURN NEW;
    END IF;
    CASE TG_TABLE_NAME
        WHEN 'campaign' THEN DELETE FROM brim.campaign AS x WHERE x.name = NEW.name AND x.is_shipped;
        WHEN 'variant' THEN DELETE FROM brim.variant AS x WHERE x.campaign = NEW.campaign AND x.name = NEW.name AND x.is_shipped;
        WHEN 'intent_class' THEN DELETE FROM brim.intent_class AS x WHERE x.class = NEW.class AND x.is_shipped;
        WHEN 'intent_term' THEN DELETE FROM brim.intent_term AS x WHERE x.class = NEW.class AND x.term_no = NEW.term_no AND x.is_shipped;
        WHEN 'intent_cue' THEN DELETE FROM brim.intent_cue AS x WHERE x.kind = NEW.kind AND x.phrase = NEW.phrase AND x.is_shipped;
    END CASE;
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION brim.replace_shipped() IS 'Trigger: a restored row takes the place of the shipped one';

REVOKE EXECUTE ON FUNCTION brim.replace_shipped() FROM PUBLIC;

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.campaign
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.variant
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.template
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.lead
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.generation
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email_queue
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email_parked
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email_owner
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.send_ledger
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.email_attempt
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.suppression
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.event
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.outcome
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.scoring_model
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.scoring_signal
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.scoring_rule
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.published_model
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.model_publication
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.intent_class
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.intent_term
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.intent_cue
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.model_price
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.classification
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.classification_event
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.lead_text
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER begin_restore BEFORE INSERT ON brim.pending_lead
    FOR EACH STATEMENT WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.begin_restore();

CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.campaign
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();

ALTER TABLE brim.campaign ENABLE ALWAYS TRIGGER replace_shipped;

CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.variant
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();

ALTER TABLE brim.variant ENABLE ALWAYS TRIGGER replace_shipped;

CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.intent_class
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();

ALTER TABLE brim.intent_class ENABLE ALWAYS TRIGGER replace_shipped;

CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.intent_term
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();

ALTER TABLE brim.intent_term ENABLE ALWAYS TRIGGER replace_shipped;

CREATE TRIGGER replace_shipped BEFORE INSERT ON brim.intent_cue
    FOR EACH ROW WHEN (pg_catalog.current_setting('check_function_bodies') = 'off') EXECUTE FUNCTION brim.replace_shipped();

ALTER TABLE brim.intent_cue ENABLE ALWAYS TRIGGER replace_shipped;

ALTER TABLE brim.scoring_model ENABLE ALWAYS TRIGGER scoring_changed;

ALTER TABLE brim.scoring_signal ENABLE ALWAYS TRIGGER scoring_changed;

ALTER TABLE brim.scoring_rule ENABLE ALWAYS TRIGGER scoring_changed;

ALTER TABLE brim.published_model ENABLE ALWAYS TRIGGER scoring_changed;

ALTER TABLE brim.intent_class ENABLE ALWAYS TRIGGER scoring_changed;

ALTER TABLE brim.intent_term ENABLE ALWAYS TRIGGER scoring_changed;

ALTER TABLE brim.intent_cue ENABLE ALWAYS TRIGGER scoring_changed;

CREATE OR REPLACE FUNCTION brim.grant_tables(role regrole, privileges text, VARIADIC tables regclass[]) RETURNS void
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

CREATE OR REPLACE FUNCTION @extschema@.brim_grant(role regrole, capability text) RETURNS void
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

-- Shipped rows: those that nobody changed are replaced. No trigger fires meanwhile, neither a guard nor a foreign key.

SELECT pg_catalog.set_config('session_replication_role', 'replica', true);

DELETE FROM brim.variant WHERE is_shipped;

INSERT INTO brim.variant (is_shipped, campaign, name, instruction) VALUES
(true, 'default', 'problem_focused',
 'Open with one concrete operational problem that the facts about the company suggest, '
 'then show how the product removes it.'),
(true, 'default', 'roi_focused',
 'Open with the measurable gain the company can expect (time, cost or revenue), '
 'then show how the product brings it about. Invent no figures.')
    ON CONFLICT DO NOTHING;

SELECT pg_catalog.set_config('session_replication_role', 'origin', true);

-- end of what comes

-- ---------------------------------------------------------------------------
-- Data
-- ---------------------------------------------------------------------------

-- Rows are moved as they are: no trigger fires meanwhile.
SELECT pg_catalog.set_config('session_replication_role', 'replica', true);

INSERT INTO brim.email (email_id, generation_id, campaign, company_id, variant, score, choice, node_id, recipient,
                        recipient_name, subject, body, message_id, message_date, generated_by, created_at)
    OVERRIDING SYSTEM VALUE
SELECT e.email_id, e.generation_id, e.campaign, e.company_id, e.variant, e.score, e.choice, e.node_id, e.recipient,
       e.recipient_name, e.subject, e.body, e.message_id, e.message_date, e.generated_by, e.created_at
  FROM brim_update.outbound_email AS e;

SELECT setval('brim.email_email_id_seq', s.last_value, s.is_called) FROM brim_update.outbound_email_email_id_seq AS s;

/*
 * What blocks a company goes on blocking it, also where a restore brought the
 * ledger without the e-mail; its number may be that of another e-mail by now, so
 * it gets one of its own. What the server refused for sure, and what an operator
 * released, leaves the ledger. No worker of 0.1.0 lives: what one left behind is
 * recovered as if one of today had.
 */
CREATE TABLE brim_update.blocking AS
SELECT l.* FROM brim_update.send_ledger AS l WHERE l.state NOT IN ('refused', 'released');

INSERT INTO brim.send_ledger (email_id, campaign, company_id, score, node_id, attempts, claims, crashes, footer,
                              claimed_at, claim_token, claimed_by, state, dot_at, sent_at, started_at, phase,
                              smtp_code, enhanced_code, reply, relay)
SELECT coalesce(e.email_id, - row_number() OVER (ORDER BY b.campaign, b.company_id)), b.campaign, b.company_id,
       coalesce(e.score, 0), coalesce(e.node_id, ''), coalesce(e.attempts, 0), coalesce(e.claims, 0),
       coalesce(e.crashes, 0), e.footer, coalesce(t.sent_at, b.dot_at),
       CASE s.state WHEN 'committing' THEN e.claim_token END, CASE s.state WHEN 'committing' THEN e.claimed_by END,
       s.state, b.dot_at, t.sent_at, a.started_at, a.phase, a.smtp_code, a.enhanced_code, a.reply, a.relay
  FROM brim_update.blocking AS b
  LEFT JOIN brim_update.outbound_email AS e
    ON e.email_id = b.email_id AND e.campaign = b.campaign AND e.company_id = b.company_id
 CROSS JOIN LATERAL (SELECT CASE WHEN e.email_id IS NULL OR e.status = 'cancelled' THEN 'abandoned'
                                 WHEN e.status IN ('committing', 'sent', 'uncertain') THEN e.status
                                 WHEN b.state = 'sent' THEN 'sent'
                                 ELSE 'uncertain' END AS state) AS s
 CROSS JOIN LATERAL (SELECT CASE s.state WHEN 'sent' THEN coalesce(e.sent_at, b.dot_at) END AS sent_at) AS t
  LEFT JOIN brim_update.email_attempt AS a
    ON a.email_id = e.email_id AND a.attempt_no = e.claims AND a.outcome = 'sent' AND s.state = 'sent';

-- What is under way without a row in the ledger of 0.1.0: above all what was claimed and had not passed the barrier.
INSERT INTO brim.send_ledger (email_id, campaign, company_id, score, node_id, attempts, claims, crashes, footer,
                              claimed_at, claim_token, claimed_by, state, sent_at)
SELECT e.email_id, e.campaign, e.company_id, e.score, e.node_id, e.attempts, e.claims, e.crashes, e.footer,
       coalesce(t.sent_at, e.created_at), CASE WHEN t.sent_at IS NULL THEN e.claim_token END,
       CASE WHEN t.sent_at IS NULL THEN e.claimed_by END, e.status, t.sent_at
  FROM brim_update.outbound_email AS e
 CROSS JOIN LATERAL (SELECT CASE e.status WHEN 'sent' THEN coalesce(e.sent_at, e.created_at) END AS sent_at) AS t
 WHERE e.status IN ('claimed', 'committing', 'sent', 'uncertain')
   AND NOT EXISTS (SELECT FROM brim_update.blocking AS b WHERE b.campaign = e.campaign AND b.company_id = e.company_id);

INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes,
                              queued_at, next_attempt_at, footer)
SELECT e.email_id, e.campaign, e.company_id, e.choice, e.score, e.node_id, e.attempts, e.claims, e.crashes,
       e.created_at, e.next_attempt_at, e.footer
  FROM brim_update.outbound_email AS e
 WHERE e.status = 'queued' AND NOT EXISTS (SELECT FROM brim.send_ledger AS l WHERE l.email_id = e.email_id);

-- Superseded ones are in no table. What is under way although the company was mailed before is held.
INSERT INTO brim.email_parked (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes,
                               status, hold_reason, footer)
SELECT e.email_id, e.campaign, e.company_id, e.choice, e.score, e.node_id, e.attempts, e.claims, e.crashes,
       CASE WHEN s.is_waiting THEN e.status ELSE 'held' END, CASE WHEN s.is_waiting THEN e.hold_reason ELSE 'already_mailed' END,
       e.footer
  FROM brim_update.outbound_email AS e
 CROSS JOIN LATERAL (SELECT e.status IN ('draft', 'held', 'failed', 'cancelled', 'suppressed') AS is_waiting) AS s
 WHERE e.status NOT IN ('queued', 'superseded') AND NOT EXISTS (SELECT FROM brim.send_ledger AS l WHERE l.email_id = e.email_id);

INSERT INTO brim.email_owner (claimed_by, claim_token, since)
SELECT l.claimed_by, l.claim_token, min(l.claimed_at)
  FROM brim.send_ledger AS l
 WHERE l.claim_token IS NOT NULL AND l.claimed_by IS NOT NULL
 GROUP BY l.claimed_by, l.claim_token;

INSERT INTO brim.email_attempt (email_id, attempt_no, phase, outcome, smtp_code, enhanced_code, reply, relay,
                                started_at, ended_at)
SELECT a.email_id, a.attempt_no, a.phase, a.outcome, a.smtp_code, a.enhanced_code, a.reply, a.relay,
       a.started_at, a.ended_at
  FROM brim_update.email_attempt AS a
 WHERE NOT EXISTS (SELECT FROM brim.send_ledger AS l
                    WHERE l.email_id = a.email_id AND l.claims = a.attempt_no AND l.state = 'sent' AND a.outcome = 'sent');

-- That an e-mail was sent is read from the ledger.
DELETE FROM brim.event AS v USING brim.send_ledger AS l
 WHERE v.event_type = 'email_sent' AND l.email_id = v.email_id AND l.state = 'sent';

SELECT pg_catalog.set_config('session_replication_role', 'origin', true);

DROP TABLE brim_update.blocking, brim_update.email_attempt, brim_update.outbound_email, brim_update.send_ledger;
DROP SCHEMA brim_update;

-- ---------------------------------------------------------------------------
-- Rights, and the worker
-- ---------------------------------------------------------------------------

SELECT @extschema@.brim_grant((g.item ->> 0)::oid::regrole, g.item ->> 1)
  FROM jsonb_array_elements(pg_catalog.current_setting('brim_update.grants')::jsonb) AS g (item);
SELECT brim.wake_worker();
