-- What waits, and why: views of the queue and of the worker.

CREATE FUNCTION brim.is_on(setting text) RETURNS boolean
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT coalesce(lower(current_setting(is_on.setting, true)) IN ('on', 'true', 'yes', '1'), false);
END;
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

CREATE FUNCTION brim.worker_rows()
    RETURNS TABLE (worker integer, pid integer, state text, started_at timestamptz, claimed bigint, sent bigint,
                   failed bigint, uncertain bigint, generated bigint, errors bigint)
    VOLATILE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.worker, w.pid, w.state, w.started_at, w.claimed, w.sent, w.failed, w.uncertain, w.generated, w.errors
      FROM brim.worker_slots() AS w;
END;
COMMENT ON FUNCTION brim.worker_rows() IS 'brim.worker_slots() for readers of brim.worker_status';
REVOKE EXECUTE ON FUNCTION brim.worker_rows() FROM PUBLIC;

CREATE VIEW brim.worker_status AS
SELECT 'worker'::text AS component, w.worker, w.state, NULL::text AS detail, w.pid, w.started_at AS changed_at,
       NULL::timestamptz AS retry_at, w.claimed, w.sent, w.failed, w.uncertain, w.generated, w.errors
  FROM brim.worker_rows() AS w
UNION ALL
SELECT c.component, NULL, c.state, c.detail, NULL, c.changed_at, c.retry_at, NULL, NULL, NULL, NULL, NULL, NULL
  FROM brim.component AS c;
COMMENT ON VIEW brim.worker_status IS
    'One row a running worker of this database, and one a part of them that reported. Key: component, worker';
COMMENT ON COLUMN brim.worker_status.component IS 'worker, or the part that reports: node, generator, classifier, relay';
COMMENT ON COLUMN brim.worker_status.worker IS 'Number of the worker, from 1 to brim.workers; empty for a part, which all of them share';
COMMENT ON COLUMN brim.worker_status.state IS 'What it does; for a part: ok, or what is wrong';
COMMENT ON COLUMN brim.worker_status.detail IS 'What happened, in words';
COMMENT ON COLUMN brim.worker_status.pid IS 'Process of the worker';
COMMENT ON COLUMN brim.worker_status.changed_at IS 'When the worker started, or the part reported';
COMMENT ON COLUMN brim.worker_status.retry_at IS 'When a part that stopped tries again';
COMMENT ON COLUMN brim.worker_status.claimed IS 'Jobs, e-mails and texts taken since the worker started';
COMMENT ON COLUMN brim.worker_status.sent IS 'E-mails sent since then';
COMMENT ON COLUMN brim.worker_status.failed IS 'E-mails failed since then';
COMMENT ON COLUMN brim.worker_status.uncertain IS 'E-mails in doubt since then';
COMMENT ON COLUMN brim.worker_status.generated IS 'Generations finished since then';
COMMENT ON COLUMN brim.worker_status.errors IS 'Faults since then';
