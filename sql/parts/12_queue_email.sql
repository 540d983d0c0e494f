-- E-mails and the journal as people read them: one row each, wherever it lives.

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
