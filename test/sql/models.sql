--
-- Scoring models over time: copies, changes, publications and the way back;
-- what-if; the history of scores; rescoring.
--
\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS brim;
CREATE EXTENSION brim;
SET timezone = 'UTC';
\pset format unaligned

-- Shows what an error says, with its SQLSTATE.
CREATE FUNCTION fault(statement text) RETURNS TABLE (state text, message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN QUERY SELECT 'none', 'no error', '';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END
$$;
-- All rows of a version except its name, number and age.
CREATE FUNCTION version_rows(name text, version integer) RETURNS SETOF jsonb LANGUAGE sql AS $$
    SELECT to_jsonb(m) - '{name,version,is_shipped,created_at}'::text[] FROM brim.scoring_model AS m WHERE m.name = $1 AND m.version = $2
    UNION ALL SELECT to_jsonb(r) - '{model,version,is_shipped}'::text[] FROM brim.scoring_rule AS r WHERE r.model = $1 AND r.version = $2
    UNION ALL SELECT to_jsonb(s) - '{model,version,is_shipped}'::text[] FROM brim.scoring_signal AS s WHERE s.model = $1 AND s.version = $2
$$;
CREATE FUNCTION same_rows(name text, version integer, other text, other_version integer) RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT EXISTS ((SELECT version_rows($1, $2) EXCEPT ALL SELECT version_rows($3, $4))
                       UNION ALL (SELECT version_rows($3, $4) EXCEPT ALL SELECT version_rows($1, $2)))
       AND EXISTS (SELECT version_rows($1, $2))
$$;

--
-- Promise: a copy has all that the original has, is not shipped, and takes no effect by itself.
--
SELECT brim_copy_model('balanced') AS next, brim_copy_model('balanced') AS one_more, brim_copy_model('balanced', new_name => 'mine') AS mine,
       brim_copy_model('balanced', 2, 'mine') AS mine_2, brim_copy_model(name => 'aggressive', version => 1) AS aggressive;
SELECT same_rows('balanced', 1, 'balanced', 2) AS next, same_rows('balanced', 1, 'mine', 1) AS mine, same_rows('balanced', 1, 'mine', 2) AS mine_2,
       same_rows('balanced', 1, 'aggressive', 1) AS of_another;
SELECT name, version, is_shipped, created_at = now() AS made_now, is_published FROM brim.scoring_model JOIN brim.model_spec USING (name, version) ORDER BY 1, 2;
SELECT count(*) FROM brim.scoring_rule WHERE is_shipped AND version > 1;
INSERT INTO brim.scoring_signal (model, version, dimension, signal, max_points) VALUES ('mine', 2, 'fit', 'industry', 70);
SELECT brim_copy_model('mine', 2), same_rows('mine', 2, 'mine', 3);
SELECT s, f.* FROM unnest(ARRAY[
    $$SELECT brim_copy_model(NULL)$$, $$SELECT brim_copy_model('nobody')$$, $$SELECT brim_copy_model('mine')$$, $$SELECT brim_copy_model('mine', 9)$$,
    $$SELECT brim_copy_model('balanced', new_name => 'a b')$$, $$SELECT brim_copy_model('balanced', new_name => '')$$,
    $$SELECT brim_copy_model('balanced', new_name => repeat('ä', 40))$$]) AS s, fault(s) AS f;

--
-- Promise: one call changes weights, rules and signals, of a copy or of a version that was never published.
--
SELECT brim_edit_model('balanced', '{"fit_weight": 0.7, "description": "Less of everything", "high_above": 90,
    "rules": [{"rule_no": 20, "points": 90, "keywords": ["saas", "ai"]}, {"rule_no": 21, "delete": true}, {"rule_no": 31, "delete": false, "points": 25},
              {"rule_no": 60, "dimension": "intent", "signal": "asked", "attribute": "attributes", "kind": "present", "points": 10},
              {"rule_no": 40, "reason": null, "reason_kind": null}],
    "signals": [{"dimension": "fit", "signal": "industry", "max_points": 80}]}') AS version;
SELECT fit_weight, intent_weight, high_above, medium_above, description FROM brim.scoring_model WHERE name = 'balanced' AND version = 4;
SELECT rule_no, points, weight, keywords, reason, is_shipped FROM brim.scoring_rule WHERE model = 'balanced' AND version = 4 ORDER BY 1;
SELECT dimension, signal, combine, min_points, max_points, prior_points FROM brim.scoring_signal WHERE model = 'balanced' AND version = 4;
SELECT brim_edit_model('balanced', '{"intent_weight": 0.35, "signals": [{"dimension": "fit", "signal": "industry", "min_points": 5}]}', 4) AS version;
SELECT brim_edit_model('balanced', '{"rules": [{"rule_no": 20, "delete": true}]}', 4) AS version;
SELECT fit_weight, intent_weight, (SELECT count(*) FROM brim.scoring_signal WHERE model = 'balanced' AND version = 4) AS settings_of_signals_left
  FROM brim.scoring_model WHERE name = 'balanced' AND version = 4;
SELECT same_rows('balanced', 1, 'balanced', 2) AS others_untouched;

-- Promise: a change that is sound only as a whole is taken as a whole: an attribute of all rules of a signal, its dimension, numbers that change
-- places, kinds that fit each other only in the end, a signal that turns from average to sum with weights that are 1.
SELECT brim_copy_model('balanced', 1, 'whole');
SELECT brim_edit_model('whole', '{"rules": [{"rule_no": 20, "attribute": "branch"}, {"rule_no": 21, "attribute": "branch"}]}', 1) AS attribute;
SELECT brim_edit_model('whole', '{"rules": [{"rule_no": 20, "dimension": "intent"}, {"rule_no": 21, "dimension": "intent"}],
    "signals": [{"dimension": "intent", "signal": "industry", "max_points": 70}]}', 1) AS dimension;
SELECT brim_edit_model('whole', '{"rules": [{"rule_no": 20, "keywords": ["e-commerce"], "points": 60}, {"rule_no": 21, "keywords": ["saas"], "points": 100},
    {"rule_no": 13, "kind": "range", "low": 501, "points": 10}, {"rule_no": 12, "kind": "otherwise", "low": null, "high": null}]}', 1) AS numbers;
SELECT brim_edit_model('whole', '{"rules": [{"rule_no": 30, "kind": "range", "attribute": "tools", "low": 3, "keywords": null, "reason": "Has {value} tools."},
    {"rule_no": 31, "attribute": "tools"}]}', 1) AS kinds;
SELECT brim_edit_model('whole', '{"rules": [{"rule_no": 40, "weight": 3}]}', 1), brim_edit_model('whole', '{"rules": [{"rule_no": 40, "weight": 1}],
    "signals": [{"dimension": "intent", "signal": "hiring_operations", "combine": "add"}]}', 1), brim_edit_model('whole', '{"rules": [{"rule_no": 40, "weight": 2}],
    "signals": [{"dimension": "intent", "signal": "hiring_operations", "delete": true}]}', 1) AS combine;
SELECT rule_no, dimension, signal, attribute, kind, low, high, keywords, points, weight, reason FROM brim.scoring_rule WHERE model = 'whole' ORDER BY 1;
SELECT dimension, signal, combine, max_points FROM brim.scoring_signal WHERE model = 'whole';
SELECT brim_score(l, spec) FROM brim.model_spec, (SELECT 'saas' AS branch, 4 AS tools, 600 AS employee_count) AS l WHERE name = 'whole';
SELECT brim_edit_model('whole', '{"rules": [{"rule_no": 10, "delete": true}, {"rule_no": 11, "delete": true}, {"rule_no": 12, "delete": true}, {"rule_no": 13, "delete": true},
    {"rule_no": 20, "delete": true}, {"rule_no": 21, "delete": true}, {"rule_no": 30, "delete": true}, {"rule_no": 31, "delete": true}, {"rule_no": 40, "delete": true},
    {"rule_no": 1, "dimension": "fit", "signal": "size", "attribute": "employee_count", "kind": "present", "points": 10}]}', 1) AS all_others;
SELECT rule_no, signal FROM brim.scoring_rule WHERE model = 'whole';

-- Promise: what is wrong is said with its place, and nothing is left of it.
CREATE TABLE before AS SELECT version_rows(m.name, m.version) AS r, m.name, m.version FROM brim.scoring_model AS m;
SELECT c, f.* FROM unnest(ARRAY[
    NULL, '[]', '{"points": 1}', '{"name": "x"}', '{"fit_weight": "0.5"}', '{"fit_weight": null}', '{"language": null}', '{"kind": "rules"}', '{"fit_weight": 2}', '{"fit_weight": 0.5, "intent_weight": 0.6}', '{"high_above": 1.5}',
    '{"high_above": 1e12}', '{"high_above": 10}', '{"description": null}',
    '{"rules": {}}', '{"rules": [1]}', '{"rules": [{}]}', '{"rules": [{"rule_no": null}]}', '{"rules": [{"rule_no": "20"}]}', '{"rules": [{"rule_no": 1e12, "delete": true}]}',
    '{"rules": [{"rule_no": 20, "pints": 1}]}', '{"rules": [{"rule_no": 20, "points": "1"}]}', '{"rules": [{"rule_no": 20, "points": 1.5}]}',
    '{"rules": [{"rule_no": 20, "points": 1000}]}', '{"rules": [{"rule_no": 20, "points": null}]}', '{"rules": [{"rule_no": 20, "keywords": "a"}]}',
    '{"rules": [{"rule_no": 20, "keywords": ["a", 1]}]}', '{"rules": [{"rule_no": 20, "keywords": []}]}', '{"rules": [{"rule_no": 20, "weight": 1e9}]}',
    '{"rules": [{"rule_no": 20, "model": "x"}]}', '{"rules": [{"rule_no": 20, "is_shipped": true}]}', '{"rules": [{"rule_no": 20, "low": 5}]}',
    '{"rules": [{"rule_no": 20, "points": 1}, {"rule_no": 20, "points": 2}]}', '{"rules": [{"rule_no": 99, "delete": true}]}', '{"rules": [{"rule_no": 20, "delete": 1}]}',
    '{"rules": [{"rule_no": 20, "delete": true, "points": 1}]}', '{"rules": [{"rule_no": 99, "points": 1}]}', '{"rules": [{"rule_no": 20, "attribute": "employee_count"}]}',
    '{"rules": [{"rule_no": 20, "points": 1}, {"rule_no": 21, "attribute": "country"}]}',
    '{"signals": [{"dimension": "fit"}]}', '{"signals": [{"dimension": "fit", "signal": "nothing", "max_points": 1}]}', '{"signals": [{"dimension": "fit", "signal": "industry", "delete": true}]}',
    '{"signals": [{"dimension": "fit", "signal": "industry", "cap": 1}]}', '{"signals": [{"dimension": "fit", "signal": "industry", "max_points": 1000}]}',
    '{"rules": [{"rule_no": 20, "points": 1}, {"rule_no": 21, "points": 1000}, {"rule_no": 30, "low": 1}]}', '{"rules": [{"rule_no": 40, "kind": "regex", "keywords": null, "pattern": "a["}]}',
    '{"rules": [{"rule_no": 20, "attribute": "branch"}]}', '{"rules": [{"rule_no": 40, "stem": true}], "language": "klingon"}',
    '{"rules": [{"rule_no": 40, "weight": 2}], "signals": [{"dimension": "intent", "signal": "hiring_operations", "combine": "add"}]}',
    '{"rules": [{"rule_no": 10, "delete": true}, {"rule_no": 11, "delete": true}, {"rule_no": 12, "delete": true}, {"rule_no": 13, "delete": true}, {"rule_no": 20, "delete": true}, {"rule_no": 21, "delete": true}, {"rule_no": 30, "delete": true}, {"rule_no": 31, "delete": true}, {"rule_no": 40, "delete": true}]}'
    ]) AS c, fault(format('SELECT brim_edit_model(%L, %L)', 'balanced', c)) AS f;
SELECT count(*) AS differences
  FROM (SELECT r, name, version FROM before EXCEPT ALL SELECT version_rows(m.name, m.version), m.name, m.version FROM brim.scoring_model AS m) AS d;
SELECT (SELECT count(*) FROM before) = (SELECT count(*) FROM brim.scoring_model AS m, version_rows(m.name, m.version)) AS nothing_new;
SELECT s, f.* FROM unnest(ARRAY[
    $$SELECT brim_edit_model('balanced', '{"fit_weight": 1}', 1)$$, $$SELECT brim_edit_model('balanced', '{"fit_weight": 1}', 99)$$,
    $$SELECT brim_edit_model(NULL, '{}')$$, $$SELECT brim_edit_model('mine', '{"fit_weight": 1}')$$]) AS s, fault(s) AS f;

--
-- Promise: each publication is kept, and each step back goes one further.
--
SELECT s, f.* FROM unnest(ARRAY[$$SELECT brim_rollback_model('balanced')$$, $$SELECT brim_rollback_model('mine')$$,
    $$SELECT brim_rollback_model('nobody')$$, $$SELECT brim_rollback_model(NULL)$$]) AS s, fault(s) AS f;
SELECT count(*) FROM brim.model_history;
SELECT brim_publish_model('balanced', 2), brim_publish_model('balanced', 3), brim_publish_model('balanced', 3), brim_publish_model('balanced', 4);
SELECT s, f.* FROM fault($$SELECT brim_edit_model('balanced', '{"fit_weight": 1}', 3)$$) AS f, (VALUES ('published before')) AS v (s);
SELECT brim_rollback_model('balanced') AS three;
SELECT brim_rollback_model('balanced') AS two;
SELECT brim_publish_model('balanced', 4);
SELECT brim_rollback_model('balanced') AS two;
SELECT brim_rollback_model('balanced') AS one;
SELECT message FROM fault($$SELECT brim_rollback_model('balanced')$$);
SELECT name, version, is_default, is_rollback, published_by = session_user AS by_me, replaced_at IS NULL AS is_now, description FROM brim.model_history ORDER BY publication_id;
SELECT version, is_published FROM brim.model_spec WHERE name = 'balanced' ORDER BY 1;
-- past a version that was deleted since, and past a time without any
SELECT brim_publish_model('mine', 1), brim_publish_model('mine', 2), brim_publish_model('mine', 3);
DELETE FROM brim.scoring_model WHERE name = 'mine' AND version = 2;
SELECT brim_rollback_model('mine') AS one;
DELETE FROM brim.published_model WHERE name = 'mine';
SELECT message FROM fault($$SELECT brim_score(l, 'mine') FROM (SELECT 1 AS employee_count) AS l$$);
SELECT brim_rollback_model('mine') AS one;
SELECT version, is_rollback FROM brim.model_history WHERE name = 'mine' ORDER BY publication_id;
-- the default, wherever it is chosen
SELECT brim_publish_model('mine', 3, true);
SELECT name, version, is_default FROM brim.model_history WHERE name = 'mine' AND replaced_at IS NULL;
SELECT brim_rollback_model('mine'), (SELECT is_default FROM brim.published_model WHERE name = 'mine') AS still_default;
SELECT brim_publish_model('balanced', 1, true);
-- who did what
SELECT event_type, data ->> 'model' AS model, data ->> 'version' AS version, data ->> 'from_version' AS from_version, data ->> 'by' = session_user AS by_me, data -> 'changes' IS NOT NULL AS changes
  FROM brim.event WHERE event_type <> 'model_published' ORDER BY event_id;
SELECT count(*) = (SELECT count(*) FROM brim.model_history WHERE published_by <> 'brim') AS each_publication
  FROM brim.event WHERE event_type IN ('model_published', 'model_withdrawn');

--
-- Leads: what they score by each model is known.
--
INSERT INTO brim.lead (company_id, company_name, employee_count, industry, tech_stack, recent_job_posts, model)
SELECT 'c' || lpad(i::text, 3, '0'), 'Company ' || i, CASE WHEN i % 17 <> 0 THEN i * 7 END,
       (ARRAY['SaaS', 'Mining', 'Biotech', 'AI', NULL])[1 + i % 5], (ARRAY['{zapier}', '{sap}', NULL])[1 + i % 3]::text[],
       (ARRAY['{Head of Operations}', '{Designer}'])[1 + i % 2]::text[], CASE i % 10 WHEN 0 THEN 'aggressive' END
  FROM generate_series(1, 100) AS i;

-- Promise: lead_scores() is what is stored.
SELECT count(*) AS differ FROM brim.lead AS l, brim.lead_scores(l, l.model) AS s
 WHERE (l.fit_score, l.intent_score, l.total_score, l.confidence, l.action, l.model, l.model_version)
       IS DISTINCT FROM (s.fit_score, s.intent_score, s.total_score, s.confidence, s.action, s.model, s.model_version);
SELECT s.* FROM brim.lead_scores(NULL::brim.lead) AS s;

--
-- Promise: two models beside each other over all leads; nothing is written; the summary counts the rows.
--
BEGIN;
SELECT count(*) AS leads, count(*) FILTER (WHERE c.old_score <> brim_score(l, 'conservative') OR c.new_score <> brim_score(l, 'aggressive')
           OR c.old_fit_score <> brim_fit_score(l) OR c.new_fit_score <> brim_fit_score(l) OR c.old_intent_score <> brim_intent_score(l)
           OR c.new_intent_score <> brim_intent_score(l) OR c.company_name <> l.company_name OR c.difference <> c.new_score - c.old_score
           OR c.old_qualified <> (c.old_score > 75) OR c.new_qualified <> (c.new_score > 75)
           OR c.crossed IS DISTINCT FROM CASE WHEN c.new_score > 75 AND c.old_score <= 75 THEN 'up' WHEN c.new_score <= 75 AND c.old_score > 75 THEN 'down' END) AS wrong
  FROM brim_compare_models('conservative', 'aggressive') AS c JOIN brim.lead AS l USING (company_id);
SELECT crossed, count(*) FROM brim_compare_models('conservative', 'aggressive') GROUP BY 1 ORDER BY 1;
\x
SELECT * FROM brim_compare_models_summary('conservative', 'aggressive');
\x
SELECT s.leads = c.leads AND s.changed = c.changed AND s.raised = c.raised AND s.lowered = c.lowered AND s.old_qualified = c.old_qualified
       AND s.new_qualified = c.new_qualified AND s.crossed_up = c.up AND s.crossed_down = c.down AND s.mean_difference = c.mean
       AND s.greatest_raise = c.most AND s.greatest_drop = c.least
       AND s.leads = s.lowered_over_20 + s.lowered_11_to_20 + s.lowered_1_to_10 + s.unchanged + s.raised_1_to_10 + s.raised_11_to_20 + s.raised_over_20
       AND s.lowered = s.lowered_over_20 + s.lowered_11_to_20 + s.lowered_1_to_10 AS summary_is_right
  FROM brim_compare_models_summary('conservative', 'aggressive') AS s,
       (SELECT count(*) AS leads, count(*) FILTER (WHERE difference <> 0) AS changed, count(*) FILTER (WHERE difference > 0) AS raised,
               count(*) FILTER (WHERE difference < 0) AS lowered, count(*) FILTER (WHERE old_qualified) AS old_qualified,
               count(*) FILTER (WHERE new_qualified) AS new_qualified, count(*) FILTER (WHERE crossed = 'up') AS up,
               count(*) FILTER (WHERE crossed = 'down') AS down, round(avg(difference), 2) AS mean, max(difference) AS most, min(difference) AS least
          FROM brim_compare_models('conservative', 'aggressive')) AS c;
-- a version by its number, the default by NULL, a threshold of its own
SELECT old_model, old_version, new_model, new_version, changed FROM brim_compare_models_summary(NULL, 'balanced@2');
SELECT brim_edit_model('balanced', '{"qualified_above": 99}') AS version;
SELECT old_qualified, new_qualified, crossed_down, changed FROM brim_compare_models_summary(NULL, 'balanced@5');
ROLLBACK;
BEGIN;
SELECT count(*) FROM brim_compare_models('balanced', 'aggressive@1');
SELECT leads FROM brim_compare_models_summary('balanced', 'aggressive@1');
SELECT count(*) FROM brim.model_comparison;
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_was_written;
COMMIT;
SELECT s, f.* FROM unnest(ARRAY[$$SELECT * FROM brim_compare_models('balanced', 'nobody')$$, $$SELECT * FROM brim_compare_models_summary('balanced@9', NULL)$$]) AS s, fault(s) AS f;
-- each published model beside the default
SELECT m.model, m.version, m.default_model, m.leads, m.changed,
       (m.changed, m.raised, m.lowered, m.default_qualified, m.qualified, m.crossed_up, m.crossed_down, m.mean_difference, m.greatest_raise, m.greatest_drop)
       = (s.changed, s.raised, s.lowered, s.old_qualified, s.new_qualified, s.crossed_up, s.crossed_down, s.mean_difference, s.greatest_raise, s.greatest_drop) AS as_the_summary
  FROM brim.model_comparison AS m, brim_compare_models_summary(NULL, m.model) AS s ORDER BY 1;
BEGIN;
DELETE FROM brim.lead;
SELECT count(*) FROM brim_compare_models('balanced', 'aggressive');
SELECT leads, changed, mean_difference, greatest_raise, unchanged FROM brim_compare_models_summary('balanced', 'aggressive');
SELECT model, leads, changed, mean_difference, greatest_raise FROM brim.model_comparison ORDER BY 1;
ROLLBACK;

--
-- Promise: every stored change of a score is in the history, with the reasons that came and went.
--
SELECT count(*) AS first_scores_are_no_changes FROM brim.score_changes;
UPDATE brim.lead SET country = 'SE';
SELECT count(*) AS nothing_changed FROM brim.score_changes;
UPDATE brim.lead SET employee_count = 7, tech_stack = '{zapier,make}' WHERE company_id IN ('c015', 'c020');
SELECT c.company_id, c.company_name, old_score, new_score, difference, old_fit_score, new_fit_score, old_intent_score, new_intent_score, old_model, old_model_version,
       new_model, new_model_version, reasons_added, reasons_removed, new_score = l.total_score AS is_stored
  FROM brim.score_changes AS c JOIN brim.lead AS l USING (company_id) ORDER BY event_id;
SELECT data - '{confidence,action,qualified}'::text[] FROM brim.event WHERE event_type = 'score_calculated' AND data ? 'old_model' AND company_id = 'c015';
-- by the version that the old score was from, not by the one that is published now
SELECT brim_edit_model('balanced', '{"description": "Other words", "rules": [{"rule_no": 10, "reason": "Of the right size: {value}."}]}') AS version;
SELECT brim_publish_model('balanced');
UPDATE brim.lead SET employee_count = 98 WHERE company_id IN ('c014', 'c015');
SELECT company_id, old_score, new_score, old_model_version, new_model_version, reasons_added, reasons_removed
  FROM brim.score_changes WHERE new_model_version > 1 ORDER BY company_id;
-- an old version that is gone, or broken, keeps no lead from being written
SELECT brim_copy_model('balanced', 1, 'brief'), brim_publish_model('brief');
UPDATE brim.lead SET model = 'brief' WHERE company_id IN ('c016', 'c018');
SELECT brim_publish_model('brief', brim_copy_model('brief', 1));
ALTER TABLE brim.scoring_rule DISABLE TRIGGER USER;
UPDATE brim.scoring_rule SET attribute = 'country' WHERE model = 'brief' AND version = 1 AND rule_no = 11;
ALTER TABLE brim.scoring_rule ENABLE TRIGGER USER;
UPDATE brim.lead SET employee_count = 1 WHERE company_id = 'c016';
ALTER TABLE brim.scoring_model DISABLE TRIGGER guard_scored;
DELETE FROM brim.scoring_model WHERE name = 'brief' AND version = 1;
ALTER TABLE brim.scoring_model ENABLE TRIGGER guard_scored;
UPDATE brim.lead SET employee_count = 1 WHERE company_id = 'c018';
SELECT company_id, old_model_version, new_model_version, new_score < old_score AS lower, reasons_added, reasons_removed,
       (SELECT data -> 'reasons_added' FROM brim.event WHERE event_id = c.event_id) AS journal
  FROM brim.score_changes AS c WHERE old_model = 'brief' ORDER BY event_id;
-- a lead without a score, as a dump of long ago may have left it
ALTER TABLE brim.lead DISABLE TRIGGER USER;
INSERT INTO brim.lead (company_id, company_name, employee_count) VALUES ('unscored', 'Unscored', 100);
ALTER TABLE brim.lead ENABLE TRIGGER USER;
UPDATE brim.lead SET industry = 'AI' WHERE company_id = 'unscored';
SELECT old_score, new_score, difference, old_model, new_model, reasons_added FROM brim.score_changes WHERE company_id = 'unscored';
DELETE FROM brim.lead WHERE company_id = 'unscored';
SELECT company_name IS NULL AS nameless, new_score FROM brim.score_changes WHERE company_id = 'unscored';

-- Promise: versions that stored scores are from stay; others may go.
SELECT s, f.* FROM unnest(ARRAY[$$DELETE FROM brim.scoring_model WHERE name = 'brief' AND version = 2$$, $$UPDATE brim.scoring_model SET version = 7 WHERE name = 'brief' AND version = 2$$,
    $$DELETE FROM brim.scoring_model WHERE name = 'mine' AND version = 1$$, $$DELETE FROM brim.scoring_model WHERE name = 'balanced' AND version = 3$$]) AS s, fault(s) AS f;
SELECT version, description FROM brim.model_history WHERE name = 'balanced' AND version IN (3, 5) ORDER BY publication_id;

--
-- Promise: rescoring writes the leads that change, and touches no other.
--
CREATE FUNCTION untouched() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM at_first AS f JOIN brim.lead AS l ON (l.company_id, l.ctid, l.xmin::text, l.xmax::text) = (f.company_id, f.place, f.made_by, f.locked_by));
END
$$;
SELECT brim_rescore() > 0 AS rescored, brim_rescore() AS again;
SELECT count(*) AS differ FROM brim.lead AS l, brim.lead_scores(l, l.model) AS s WHERE (l.total_score, l.model_version) IS DISTINCT FROM (s.total_score, s.model_version);
CREATE TABLE at_first AS SELECT company_id, ctid AS place, xmin::text AS made_by, xmax::text AS locked_by FROM brim.lead;
SELECT brim_rescore(), untouched();
CALL brim_rescore_all(batch_size => 7);
SELECT untouched();
-- those that change: with the leads of one model
SELECT brim_publish_model('aggressive', brim_edit_model('aggressive', '{"fit_weight": 0.5}'));
CALL brim_rescore_all(batch_size => 7);
SELECT untouched(), count(*) FILTER (WHERE model = 'aggressive') AS changed, count(*) FILTER (WHERE model_version = 3) AS version_3,
       (SELECT count(*) FROM brim.score_changes WHERE new_model = 'aggressive' AND new_model_version = 3) AS journalled FROM brim.lead;
SELECT run_id, model, state, seen, total_estimate >= seen AS estimate, share_done, written, batch_size, last_company_id, started_by = session_user AS by_me,
       finished_at >= last_batch_at AS finished, pid = pg_backend_pid() AS by_this FROM brim.rescore_progress ORDER BY 1;
-- all by one model, in batches of every size
CALL brim_rescore_all('conservative', 1);
SELECT count(*), untouched() FROM brim.lead WHERE model = 'conservative';
CALL brim_rescore_all('balanced', 100);
CALL brim_rescore_all('balanced', 101);
SELECT count(*) FILTER (WHERE model = 'balanced' AND model_version = 5) AS balanced FROM brim.lead;
SELECT model, state, seen, written, batch_size FROM brim.rescore_progress WHERE model IS NOT NULL ORDER BY run_id;
SELECT brim_rescore('aggressive') AS all_of_them;
-- an interrupted run whose models are no longer what they were is given up, and all begins again
UPDATE brim.rescore_run SET finished_at = NULL, pid = 0, last_company_id = 'c050', seen = 50 WHERE run_id = (SELECT max(run_id) FROM brim.rescore_run);
SELECT state, share_done FROM brim.rescore_progress ORDER BY run_id DESC LIMIT 1;
SELECT brim_publish_model('balanced', 1);
CALL brim_rescore_all('balanced');
SELECT model, state, seen, written FROM brim.rescore_progress ORDER BY run_id DESC LIMIT 2;
-- where they are the same it goes on
UPDATE brim.rescore_run SET finished_at = NULL, pid = 0, last_company_id = 'c050', seen = 50, written = 50 WHERE run_id = (SELECT max(run_id) FROM brim.rescore_run);
UPDATE brim.lead SET model = 'aggressive' WHERE company_id IN ('c050', 'c051');
CALL brim_rescore_all('balanced');
SELECT model, state, seen, written, (SELECT count(*) FROM brim.lead WHERE model = 'aggressive') AS before_the_place FROM brim.rescore_progress ORDER BY run_id DESC LIMIT 1;
SELECT s, f.* FROM unnest(ARRAY[$$SELECT brim_rescore('nobody')$$, $$SELECT brim_rescore('balanced@1')$$]) AS s, fault(s) AS f;
\set SHOW_CONTEXT never
\set VERBOSITY default
CALL brim_rescore_all('nobody');
CALL brim_rescore_all('balanced@1');
CALL brim_rescore_all(batch_size => 0);
CALL brim_rescore_all(batch_size => NULL);
BEGIN;
CALL brim_rescore_all();
ROLLBACK;
DO $$ BEGIN CALL brim_rescore_all(); END $$;
SELECT count(*) AS open FROM brim.rescore_run WHERE finished_at IS NULL AND NOT is_given_up;

DROP FUNCTION fault(text), version_rows(text, integer), same_rows(text, integer, text, integer), untouched();
DROP TABLE before, at_first;
DROP EXTENSION brim;
