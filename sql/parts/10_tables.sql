-- Leads, campaigns, jobs, the queue, the ledger and the journal.

CREATE TABLE brim.lead (
    company_id text COLLATE "C" PRIMARY KEY,
    company_name text NOT NULL CHECK (company_name <> ''),
    domain text COLLATE "C",
    contact_name text,
    contact_email text COLLATE "C",
    employee_count integer,
    industry text,
    funding_stage text,
    tech_stack text[],
    recent_job_posts text[],
    news_mentions text[],
    country text,
    timezone text,
    attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    fit_score integer,
    intent_score integer,
    total_score integer,
    confidence numeric(3,2),
    action text,
    model text,
    model_version integer,
    scored_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE brim.lead IS 'One row a company. Key: company_id. The score columns are kept by a trigger';
COMMENT ON COLUMN brim.lead.company_id IS 'brim_company_id(company_name, domain) where none is given';
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
COMMENT ON COLUMN brim.lead.attributes IS 'Whatever else is known of the company, as a JSON object';
COMMENT ON COLUMN brim.lead.fit_score IS 'How well the company matches the ideal customer, 0-100';
COMMENT ON COLUMN brim.lead.intent_score IS 'How strong the buying signals of the company are now, 0-100';
COMMENT ON COLUMN brim.lead.total_score IS 'Weighted sum of fit and intent, 0-100';
COMMENT ON COLUMN brim.lead.confidence IS 'Share of the seven scoring facts that are given, 0-1';
COMMENT ON COLUMN brim.lead.action IS
    'What the total suggests: high_priority_outreach, medium_priority_outreach or low_priority_monitoring; NULL: not '
    'scored';
COMMENT ON COLUMN brim.lead.model IS 'Scoring model of the stored score; set it to score this lead with another model';
COMMENT ON COLUMN brim.lead.model_version IS 'Version of the model that the stored score comes from; NULL: not scored';
COMMENT ON COLUMN brim.lead.scored_at IS 'When the stored score was last calculated with another result; NULL: not scored';
COMMENT ON COLUMN brim.lead.created_at IS 'When the row was stored first';
COMMENT ON COLUMN brim.lead.updated_at IS 'Start of the transaction that wrote the row last';
CREATE INDEX lead_total_score ON brim.lead (total_score DESC NULLS LAST, company_id);
CREATE INDEX lead_contact_email ON brim.lead USING hash (lower(contact_email));

CREATE TABLE brim.campaign (
    name text PRIMARY KEY CHECK (name ~ '^[[:alnum:]][[:alnum:]_.-]{0,62}$'),
    product_name text NOT NULL DEFAULT '',
    product_pitch text NOT NULL DEFAULT '',
    sender_name text NOT NULL DEFAULT '',
    sender_address text NOT NULL DEFAULT '',
    reply_to text NOT NULL DEFAULT '',
    postal_address text NOT NULL DEFAULT '',
    min_score integer NOT NULL DEFAULT 76 CHECK (min_score BETWEEN 0 AND 100),
    approval text NOT NULL DEFAULT 'auto' CHECK (approval IN ('auto', 'review')),
    is_active boolean NOT NULL DEFAULT true,
    is_shipped boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE brim.campaign IS 'One row an outreach effort. Key: name. A company gets at most one e-mail per campaign';
COMMENT ON COLUMN brim.campaign.name IS 'Letters, digits, _, . and -, at most 63; begins with a letter or digit';
COMMENT ON COLUMN brim.campaign.product_name IS 'What the product is called in e-mails; may be empty';
COMMENT ON COLUMN brim.campaign.product_pitch IS 'What is offered, in a few sentences; e-mails are written from it';
COMMENT ON COLUMN brim.campaign.sender_name IS 'Display name of the sender; empty: the address alone';
COMMENT ON COLUMN brim.campaign.sender_address IS 'From address; also the target of the opt-out unless reply_to is given';
COMMENT ON COLUMN brim.campaign.reply_to IS 'Address that answers and opt-outs go to; empty: sender_address';
COMMENT ON COLUMN brim.campaign.postal_address IS 'Postal address of the sender, printed in the footer of every e-mail';
COMMENT ON COLUMN brim.campaign.min_score IS 'Leads with at least this total score get an e-mail';
COMMENT ON COLUMN brim.campaign.approval IS 'auto: e-mails are queued when written; review: they wait for brim_approve()';
COMMENT ON COLUMN brim.campaign.is_active IS 'Off: nothing is written or sent for it; what waits, waits';
COMMENT ON COLUMN brim.campaign.is_shipped IS
    'The row is as the extension brought it along; a change of the row clears the mark. Only other rows are dumped';
COMMENT ON COLUMN brim.campaign.created_at IS 'When the campaign was made';
INSERT INTO brim.campaign (name, is_shipped) VALUES ('default', true);

CREATE TABLE brim.variant (
    campaign text NOT NULL REFERENCES brim.campaign (name) ON DELETE CASCADE,
    name text NOT NULL CHECK (name ~ '^[[:alnum:]][[:alnum:]_.-]{0,62}$'),
    instruction text NOT NULL,
    weight double precision NOT NULL DEFAULT 1 CHECK (weight > 0 AND weight <= 1000000),
    is_active boolean NOT NULL DEFAULT true,
    is_shipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (campaign, name)
);
COMMENT ON TABLE brim.variant IS 'One row a way of writing in a campaign. Key: campaign, name';
COMMENT ON COLUMN brim.variant.campaign IS 'Campaign that it belongs to; goes with it';
COMMENT ON COLUMN brim.variant.name IS 'Letters, digits, _, . and -, at most 63; begins with a letter or digit';
COMMENT ON COLUMN brim.variant.instruction IS 'What the model reads about this way of writing';
COMMENT ON COLUMN brim.variant.weight IS 'Share of the companies that get this variant, relative to the other variants';
COMMENT ON COLUMN brim.variant.is_active IS 'Off: no further drafts are written with it; those written stay';
COMMENT ON COLUMN brim.variant.is_shipped IS
    'The row is as the extension brought it along; a change of the row clears the mark. Only other rows are dumped';
INSERT INTO brim.variant (is_shipped, campaign, name, instruction) VALUES
(true, 'default', 'problem_focused',
 'Open with one concrete operational problem that the facts about the company suggest, '
 'then show how the product removes it.'),
(true, 'default', 'roi_focused',
 'Open with the measurable gain the company can expect (time, cost or revenue), '
 'then show how the product brings it about. Invent no figures.');

CREATE TABLE brim.template (
    industry text NOT NULL DEFAULT '' CHECK (industry = lower(industry)),
    variant text NOT NULL DEFAULT '',
    subject text NOT NULL CHECK (subject <> ''),
    body text NOT NULL CHECK (body <> ''),
    is_shipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (industry, variant, is_shipped)
);
COMMENT ON TABLE brim.template IS
    'One row a template used where the model writes no e-mail. Key: industry, variant, is_shipped; an empty string '
    'stands for any';
COMMENT ON COLUMN brim.template.industry IS 'Industry in lower case, as lower(brim.lead.industry) gives it; empty: any';
COMMENT ON COLUMN brim.template.variant IS 'Name of the variant; empty: any';
COMMENT ON COLUMN brim.template.subject IS 'Subject with blanks such as {{company_name}} or {{contact_name|there}}';
COMMENT ON COLUMN brim.template.body IS
    'Body with the same blanks: company_name, contact_name, contact_first_name, industry, employee_count, country, '
    'product_name, product_pitch, sender_name';
COMMENT ON COLUMN brim.template.is_shipped IS
    'The row is as the extension brought it along; a change of the row clears the mark. Only other rows are dumped, '
    'and one of the same industry and variant goes before a shipped one';

CREATE TABLE brim.node (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    node_id text NOT NULL,
    system_identifier text NOT NULL,
    timeline_id bigint NOT NULL,
    database_oid oid NOT NULL,
    host text NOT NULL,
    data_directory text NOT NULL,
    is_paused boolean NOT NULL DEFAULT false,
    last_batch_at timestamptz,
    confirmed_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    armed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE brim.node IS 'One row: this installation and the place where it may send. Not dumped, so a restored copy is a new node';
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


CREATE TABLE brim.component (
    component text PRIMARY KEY,
    state text NOT NULL,
    detail text NOT NULL DEFAULT '',
    retry_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE brim.component IS 'One row a part of the worker: what state it reported last and why. Not dumped. Key: component';
COMMENT ON COLUMN brim.component.component IS 'Part that reports: node, generator, classifier, relay';
COMMENT ON COLUMN brim.component.state IS 'ok, fault, or what it does instead of its usual work: templates, outbox';
COMMENT ON COLUMN brim.component.detail IS 'Why, in words; empty where there is nothing to say';
COMMENT ON COLUMN brim.component.retry_at IS 'When a part that stopped tries again; NULL: it is not stopped, or only a reload helps';
COMMENT ON COLUMN brim.component.changed_at IS 'When it reported this';

CREATE TABLE brim.generation (
    generation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign text NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    score integer NOT NULL,
    status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'held', 'cancelled')),
    hold_reason text,
    node_id text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    claim_token bigint,
    claimed_by integer,
    provider text,
    model text,
    model_version text,
    prompt_tokens integer,
    output_tokens integer,
    thought_tokens integer,
    latency_ms integer,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (company_id, campaign)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE brim.generation IS 'One row a job that drafts all variants for one company in one campaign. Key: generation_id';
COMMENT ON COLUMN brim.generation.generation_id IS 'Of jobs with the same score the lowest goes first';
COMMENT ON COLUMN brim.generation.campaign IS
    'A campaign with jobs cannot be deleted or renamed. There is no foreign key, because its check of every row would '
    'slow down intake';
COMMENT ON COLUMN brim.generation.company_id IS 'Lead that the drafts are for; the job stays when the lead is deleted';
COMMENT ON COLUMN brim.generation.score IS 'Total score of the lead, 0-100; of the jobs that are due the highest goes first';
COMMENT ON COLUMN brim.generation.status IS
    'queued, running, done, failed, held, or cancelled (the lead was deleted, or may not be contacted)';
COMMENT ON COLUMN brim.generation.hold_reason IS 'Why it is held, as a word: poison, copied; NULL: not held';
COMMENT ON COLUMN brim.generation.node_id IS 'Installation that queued the job; another one does not take it';
COMMENT ON COLUMN brim.generation.attempts IS 'Requests that were made for this job';
COMMENT ON COLUMN brim.generation.crashes IS 'Times the worker died while it had this job';
COMMENT ON COLUMN brim.generation.next_attempt_at IS 'Not taken before; later than created_at after a failed attempt';
COMMENT ON COLUMN brim.generation.claim_token IS 'Random number of the worker process that has the job; NULL: none has it';
COMMENT ON COLUMN brim.generation.claimed_by IS 'Number of the worker that has the job, from 1; NULL: none has it';
COMMENT ON COLUMN brim.generation.provider IS 'Who wrote the drafts: gemini or template';
COMMENT ON COLUMN brim.generation.model IS 'Model that was asked, as brim.gemini_model named it; NULL: none was';
COMMENT ON COLUMN brim.generation.model_version IS 'Version of the model, as its reply named it; NULL: none was asked';
COMMENT ON COLUMN brim.generation.prompt_tokens IS 'Tokens of the request that were billed; NULL: unknown';
COMMENT ON COLUMN brim.generation.output_tokens IS 'Tokens of the reply that were billed; NULL: unknown';
COMMENT ON COLUMN brim.generation.thought_tokens IS 'Tokens billed for thinking; NULL: unknown';
COMMENT ON COLUMN brim.generation.latency_ms IS 'Milliseconds from request to reply; NULL: no reply';
COMMENT ON COLUMN brim.generation.error IS 'Why the last attempt failed, in words; NULL: it did not';
COMMENT ON COLUMN brim.generation.created_at IS 'When the job was queued first';
COMMENT ON COLUMN brim.generation.finished_at IS 'When it was done, failed or cancelled; NULL: not yet';
-- In the order in which jobs are taken; the expression allows to begin anywhere in it.
CREATE INDEX generation_queued ON brim.generation ((- score), generation_id) WHERE status = 'queued';
CREATE INDEX generation_suspect ON brim.generation ((- score), generation_id) WHERE status = 'queued' AND crashes > 0;
CREATE INDEX generation_due ON brim.generation (next_attempt_at) WHERE status = 'queued' AND next_attempt_at > created_at;
CREATE INDEX generation_running ON brim.generation (claimed_by) WHERE status = 'running';

/*
 * An e-mail is one row of brim.email, its text, which is written once, and
 * where it stands, which is narrow and lives where it changes:
 *
 *	 - brim.email_queue while it waits to be sent.  The claim deletes the row;
 *	 - brim.send_ledger from the claim on.  The row is the state of the e-mail
 *	   and keeps every other e-mail of the company and campaign out.  Barrier and
 *	   record update it in place.  What was refused for sure leaves it;
 *	 - brim.email_parked while nobody claims it: draft, held, failed, cancelled,
 *	   suppressed;
 *	 - nowhere once another e-mail of the company went before it: superseded.
 *
 * brim.outbound_email is the view of all of that.
 */
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
-- In the order of sending; the expression allows to begin anywhere in it.
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
/*
 * Each row is updated twice soon after it was made, on its own page and without
 * touching an index.  So no index, key or predicate may name a column that
 * changes between claim and record: those from claim_token on.
 */
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

CREATE TABLE brim.suppression (
    kind text NOT NULL CHECK (kind IN ('address', 'domain', 'company')),
    value text COLLATE "C" NOT NULL CHECK (value <> ''),
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL DEFAULT session_user,
    PRIMARY KEY (kind, value),
    CHECK (kind = 'company' OR value = lower(value))
);
COMMENT ON TABLE brim.suppression IS 'One row an address, domain or company that is never mailed. Key: kind, value';
COMMENT ON COLUMN brim.suppression.kind IS 'address, domain (of the recipient or of the lead), or company';
COMMENT ON COLUMN brim.suppression.value IS 'The address or domain in lower case, or the company_id';
COMMENT ON COLUMN brim.suppression.reason IS 'Why, in words; may be empty';
COMMENT ON COLUMN brim.suppression.created_at IS 'Since when';
COMMENT ON COLUMN brim.suppression.created_by IS 'Role that made the entry';

CREATE TABLE brim.event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_type text NOT NULL CHECK (event_type <> ''),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    company_id text COLLATE "C",
    user_id text,
    email_id bigint,
    data jsonb NOT NULL DEFAULT '{}'
);
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
CREATE INDEX event_type_time ON brim.event (event_type, occurred_at);
-- Scores make up most of the journal; each company's latest one is in brim.lead.
CREATE INDEX event_company ON brim.event (company_id, occurred_at) WHERE event_type <> 'score_calculated';

CREATE TABLE brim.outcome (
    company_id text COLLATE "C" NOT NULL,
    outcome text NOT NULL CHECK (outcome ~ '^[a-z][a-z0-9_]{0,62}$'),
    occurred_at timestamptz NOT NULL,
    value numeric,
    campaign text,
    note text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (company_id, outcome, occurred_at)
);
COMMENT ON TABLE brim.outcome IS
    'One row an outcome of a lead (demo_booked, closed_won, not_a_fit, ...). Key: company_id, outcome, occurred_at';
COMMENT ON COLUMN brim.outcome.company_id IS 'Lead that it is about; the row stays when the lead is deleted';
COMMENT ON COLUMN brim.outcome.outcome IS 'A word such as demo_booked, closed_won, not_a_fit: lower-case letters, digits, underscores';
COMMENT ON COLUMN brim.outcome.occurred_at IS 'When it happened, never in the future';
COMMENT ON COLUMN brim.outcome.value IS 'What it is worth, in the currency of whoever reports; NULL: unknown';
COMMENT ON COLUMN brim.outcome.campaign IS 'Campaign that it is credited to; NULL: none was named';
COMMENT ON COLUMN brim.outcome.note IS 'Anything else, in words; NULL: nothing';
COMMENT ON COLUMN brim.outcome.created_at IS 'When it was reported';
CREATE INDEX outcome_time ON brim.outcome (occurred_at);

/*
 * A dump is loaded into tables whose triggers are already there.  Its rows
 * are the past, complete in themselves: they are stored as they are, neither
 * scored nor journalled nor queued a second time.  The settings that every
 * script of pg_dump begins with tell it from other writers (one of them alone
 * may be set for reasons of somebody's own), and only the owner of the tables
 * restores them: nobody else gets past the triggers that way.
 */
CREATE FUNCTION brim.is_restoring() RETURNS boolean
    STABLE PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT current_setting('check_function_bodies') = 'off' AND current_setting('row_security') = 'off'
           AND pg_has_role(session_user, (SELECT c.relowner FROM pg_class AS c
                                           WHERE c.oid = 'brim.lead'::regclass), 'MEMBER');
END;
COMMENT ON FUNCTION brim.is_restoring() IS 'True while a script of pg_dump is loaded in this session: rows are stored as they come';

-- What pg_dump takes along: all of the user's data; not brim.node, not brim.component.
SELECT pg_catalog.pg_extension_config_dump('brim.campaign', 'WHERE NOT is_shipped');
SELECT pg_catalog.pg_extension_config_dump('brim.variant', 'WHERE NOT is_shipped');
SELECT pg_catalog.pg_extension_config_dump('brim.template', 'WHERE NOT is_shipped');
SELECT pg_catalog.pg_extension_config_dump('brim.lead', '');
SELECT pg_catalog.pg_extension_config_dump('brim.generation', '');
SELECT pg_catalog.pg_extension_config_dump('brim.generation_generation_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('brim.email', '');
SELECT pg_catalog.pg_extension_config_dump('brim.email_email_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('brim.email_queue', '');
SELECT pg_catalog.pg_extension_config_dump('brim.email_parked', '');
SELECT pg_catalog.pg_extension_config_dump('brim.send_ledger', '');
SELECT pg_catalog.pg_extension_config_dump('brim.email_owner', '');
SELECT pg_catalog.pg_extension_config_dump('brim.email_attempt', '');
SELECT pg_catalog.pg_extension_config_dump('brim.suppression', '');
SELECT pg_catalog.pg_extension_config_dump('brim.event', '');
SELECT pg_catalog.pg_extension_config_dump('brim.event_event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('brim.outcome', '');

