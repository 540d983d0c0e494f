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

CREATE TABLE brim.outbound_email (
    email_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    generation_id bigint,
    campaign text NOT NULL REFERENCES brim.campaign (name),
    company_id text COLLATE "C" NOT NULL,
    variant text NOT NULL,
    score integer NOT NULL,
    choice double precision NOT NULL DEFAULT random(),
    status text NOT NULL
        CHECK (status IN ('draft', 'queued', 'held', 'claimed', 'committing', 'sent', 'failed',
                          'uncertain', 'superseded', 'cancelled', 'suppressed')),
    hold_reason text,
    node_id text NOT NULL,
    recipient text COLLATE "C",
    recipient_name text,
    subject text NOT NULL,
    body text NOT NULL,
    footer text,
    message_id text,
    message_date timestamptz,
    generated_by text NOT NULL CHECK (generated_by IN ('gemini', 'template')),
    attempts integer NOT NULL DEFAULT 0,
    claims integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    claim_token bigint,
    claimed_by integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    UNIQUE (company_id, campaign, variant),
    CHECK ((status = 'held') = (hold_reason IS NOT NULL)),
    CHECK (status NOT IN ('queued', 'claimed', 'committing', 'sent', 'uncertain')
           OR (message_id IS NOT NULL AND message_date IS NOT NULL AND recipient IS NOT NULL))
-- Each e-mail leaves three dead versions behind: they go soon, and without pauses.
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE brim.outbound_email IS 'One row an e-mail: one variant for one company in one campaign. Key: email_id';
COMMENT ON COLUMN brim.outbound_email.email_id IS 'Of e-mails with the same score the lowest goes first';
COMMENT ON COLUMN brim.outbound_email.generation_id IS 'Job that drafted it; NULL: none did';
COMMENT ON COLUMN brim.outbound_email.campaign IS 'Campaign that it belongs to';
COMMENT ON COLUMN brim.outbound_email.company_id IS 'Lead that it is for; the e-mail stays when the lead is deleted';
COMMENT ON COLUMN brim.outbound_email.variant IS 'Name of the variant that it was written with';
COMMENT ON COLUMN brim.outbound_email.score IS 'Total score of the lead, 0-100; of the e-mails that are due the highest goes first';
COMMENT ON COLUMN brim.outbound_email.choice IS
    'Weighted random draw made when the e-mail was written; among the waiting variants of a company the highest goes';
COMMENT ON COLUMN brim.outbound_email.status IS 'Where it is on its way; docs/operations.md has the states and how they follow each other';
COMMENT ON COLUMN brim.outbound_email.hold_reason IS 'Why it is held, as a word of brim.queue_blocked.reason; NULL: not held';
COMMENT ON COLUMN brim.outbound_email.node_id IS 'Installation that queued the e-mail; another one does not send it';
COMMENT ON COLUMN brim.outbound_email.recipient IS 'Address it goes to, at most 320 characters; NULL: the lead had none';
COMMENT ON COLUMN brim.outbound_email.recipient_name IS 'Display name of the recipient; NULL: unknown';
COMMENT ON COLUMN brim.outbound_email.subject IS 'Subject in plain text';
COMMENT ON COLUMN brim.outbound_email.body IS 'Body in plain text, without footer';
COMMENT ON COLUMN brim.outbound_email.footer IS 'Postal address and opt-out sentence as last handed to a mail server';
COMMENT ON COLUMN brim.outbound_email.message_id IS 'Message-ID without brackets, fixed when the e-mail was queued';
COMMENT ON COLUMN brim.outbound_email.message_date IS 'Date header, fixed when the e-mail was queued';
COMMENT ON COLUMN brim.outbound_email.generated_by IS 'gemini or template';
COMMENT ON COLUMN brim.outbound_email.attempts IS 'Failed attempts that were charged to this e-mail';
COMMENT ON COLUMN brim.outbound_email.claims IS 'Times the worker took this e-mail to send it';
COMMENT ON COLUMN brim.outbound_email.crashes IS 'Times the worker died while it had this e-mail';
COMMENT ON COLUMN brim.outbound_email.next_attempt_at IS 'Not taken before; later than created_at after a failed attempt';
COMMENT ON COLUMN brim.outbound_email.claim_token IS 'Random number of the worker process that has the e-mail; NULL: none has it';
COMMENT ON COLUMN brim.outbound_email.claimed_by IS
    'Number of the worker that has the e-mail, or had it when it became uncertain, from 1; NULL: none has it';
COMMENT ON COLUMN brim.outbound_email.created_at IS 'When it was written';
COMMENT ON COLUMN brim.outbound_email.sent_at IS 'When the mail server took it; NULL: it has not, as far as is known';
-- In the order of sending; the expression allows to begin anywhere in it.
CREATE INDEX outbound_email_queued ON brim.outbound_email ((- score), email_id) WHERE status = 'queued';
CREATE INDEX outbound_email_suspect ON brim.outbound_email ((- score), email_id) WHERE status = 'queued' AND crashes > 0;
CREATE INDEX outbound_email_due ON brim.outbound_email (next_attempt_at) WHERE status = 'queued' AND next_attempt_at > created_at;
CREATE INDEX outbound_email_owned ON brim.outbound_email (claimed_by) WHERE status IN ('claimed', 'committing', 'uncertain');
CREATE INDEX outbound_email_recipient ON brim.outbound_email (lower(recipient)) WHERE status IN ('draft', 'queued', 'held');
CREATE INDEX outbound_email_sent_at ON brim.outbound_email (sent_at) WHERE status = 'sent';
-- Guard: at most one e-mail of a company and campaign is in flight, sent or in doubt.
CREATE UNIQUE INDEX outbound_email_once ON brim.outbound_email (campaign, company_id)
    WHERE status IN ('claimed', 'committing', 'sent', 'uncertain');

CREATE TABLE brim.send_ledger (
    campaign text NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    email_id bigint NOT NULL,
    message_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('committing', 'sent', 'refused', 'uncertain', 'released')),
    dot_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (campaign, company_id)
-- Each row is updated once, soon after it was made: on its own page, without touching the index.
) WITH (fillfactor = 60);
COMMENT ON TABLE brim.send_ledger IS
    'One row a company and campaign whose e-mail was about to be handed over for good. Key: campaign, company_id. '
    'Rows are never deleted';
COMMENT ON COLUMN brim.send_ledger.campaign IS 'Campaign of the e-mail; no foreign key, since the row outlives everything';
COMMENT ON COLUMN brim.send_ledger.company_id IS 'Company that was, or may have been, mailed';
COMMENT ON COLUMN brim.send_ledger.email_id IS 'E-mail that was handed over last';
COMMENT ON COLUMN brim.send_ledger.message_id IS 'Message-ID of that e-mail, without brackets';
COMMENT ON COLUMN brim.send_ledger.state IS
    'refused (the server declined for sure) and released (an operator decided so) let the company be tried again; '
    'every other state blocks it';
COMMENT ON COLUMN brim.send_ledger.dot_at IS 'When the barrier was written, right before the final dot of the message';

CREATE TABLE brim.email_attempt (
    email_id bigint NOT NULL REFERENCES brim.outbound_email (email_id),
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
COMMENT ON TABLE brim.email_attempt IS 'One row a try to hand an e-mail to the mail server. Key: email_id, attempt_no';
COMMENT ON COLUMN brim.email_attempt.email_id IS 'E-mail that was tried';
COMMENT ON COLUMN brim.email_attempt.attempt_no IS 'Number of the try, from 1: claims of the e-mail at that time';
COMMENT ON COLUMN brim.email_attempt.phase IS 'How far the dialogue came: CONNECT, RESET, MAIL, RCPT, DATA, BODY, DOT, QUIT';
COMMENT ON COLUMN brim.email_attempt.outcome IS 'sent, failed, retry, transport (nothing said about this e-mail), uncertain';
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
COMMENT ON TABLE brim.event IS 'One row a thing that happened. Key: event_id';
COMMENT ON COLUMN brim.event.event_id IS 'Grows in the order of writing, not of committing';
COMMENT ON COLUMN brim.event.event_type IS
    'score_calculated, email_generated, email_sent, email_failed, activation_step_completed, outcome_reported, or an '
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
SELECT pg_catalog.pg_extension_config_dump('brim.outbound_email', '');
SELECT pg_catalog.pg_extension_config_dump('brim.outbound_email_email_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('brim.send_ledger', '');
SELECT pg_catalog.pg_extension_config_dump('brim.email_attempt', '');
SELECT pg_catalog.pg_extension_config_dump('brim.suppression', '');
SELECT pg_catalog.pg_extension_config_dump('brim.event', '');
SELECT pg_catalog.pg_extension_config_dump('brim.event_event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('brim.outcome', '');

