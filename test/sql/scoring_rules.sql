-- Promises: what rules can say (docs/scoring.md, "Rules"), and that a bad one cannot be stored.
CREATE EXTENSION brim;

CREATE FUNCTION error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS v_hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ': ' || SQLERRM || coalesce(' / ' || nullif(v_hint, ''), '');
END
$$;

-- A model of one signal with the rules given, as a value.
CREATE FUNCTION model(rules jsonb, settings jsonb DEFAULT '{}', policy text DEFAULT 'ignore') RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$
    SELECT jsonb_build_object('fit_weight', 1, 'intent_weight', 0, 'missing_policy', policy,
        'rules', (SELECT jsonb_agg('{"dimension": "fit", "signal": "s"}' || r.rule ORDER BY r.ordinal)
                    FROM jsonb_array_elements(rules) WITH ORDINALITY AS r (rule, ordinal)),
        'signals', CASE WHEN settings = '{}' THEN '[]' ELSE jsonb_build_array('{"dimension": "fit", "signal": "s"}' || settings) END)
$$;
CREATE TABLE one (industry text, employee_count numeric, tech_stack text[], recent_job_posts text[], attributes jsonb);

-- all_of: each keyword is a whole entry, in any order and case; keywords that fold to one count once.
SELECT tools, brim_score(ROW(NULL, NULL, tools, NULL, NULL)::one,
           model('[{"attribute": "tech_stack", "kind": "all_of", "keywords": ["Zapier", "zapier", "slack"], "points": 70}]'))
  FROM (VALUES (ARRAY['slack', 'ZAPIER']), (ARRAY['slack']), (ARRAY['slack', 'slack']), (ARRAY['slack', 'zapier x']),
               (ARRAY['a', 'zapier', NULL, 'b', 'Slack'])) AS v (tools);

-- stem: words of one stem are the same, also inside phrases.
SELECT post, brim_score(ROW(NULL, NULL, NULL, ARRAY[post], NULL)::one,
           model('[{"attribute": "recent_job_posts", "kind": "words", "stem": true, "keywords": ["automate", "hiring manager"], "points": 70}]')) AS stem,
           brim_score(ROW(NULL, NULL, NULL, ARRAY[post], NULL)::one,
           model('[{"attribute": "recent_job_posts", "kind": "words", "keywords": ["automate", "hiring manager"], "points": 70}]')) AS whole
  FROM (VALUES ('Automating payroll'), ('automation'), ('Hire  managers'), ('the hiring manager'), ('automatic'), ('managing hires')) AS v (post);

-- regex: anywhere in the text, in any case; the part that matched is the evidence.
SELECT industry, brim_explain(ROW(industry, NULL, NULL, NULL, NULL)::one,
           model('[{"attribute": "industry", "kind": "regex", "pattern": "\\mbio(tech|pharma)?\\M", "points": 70, "reason": "Is {matched} of {value}", "reason_kind": "positive"}]'))
           #> '{reasoning,positive}' AS reasons
  FROM (VALUES ('Green BioTech'), ('bio'), ('biology'), ('Éa, biopharma!')) AS v (industry);

-- A value by its path: of whatever type it is; what the rule cannot read is missing, and no error.
SELECT v.attributes,
       brim_score(x, model('[{"attribute": "attributes", "path": ["crm", "n"], "kind": "range", "low": 10, "points": 70}]')) AS number,
       brim_score(x, model('[{"attribute": "attributes", "path": ["crm", "n"], "kind": "one_of", "keywords": ["gold", "true"], "points": 71}]')) AS text,
       brim_score(x, model('[{"attribute": "attributes", "path": ["crm", "n"], "kind": "any_of", "keywords": ["gold"], "points": 72}]')) AS list,
       brim_score(x, model('[{"attribute": "attributes", "path": ["crm", "n"], "kind": "words", "keywords": ["gold"], "points": 73}]')) AS words,
       brim_score(x, model('[{"attribute": "attributes", "path": ["crm", "n"], "kind": "present", "points": 74}]')) AS present,
       brim_score(x, model('[{"attribute": "attributes", "path": ["crm", "n", "-1"], "kind": "one_of", "keywords": ["last"], "points": 75}]')) AS last
  FROM (VALUES ('{"crm": {"n": 10}}'::jsonb), ('{"crm": {"n": 9.5}}'), ('{"crm": {"n": "10"}}'), ('{"crm": {"n": "Gold"}}'), ('{"crm": {"n": "gold ring"}}'),
               ('{"crm": {"n": true}}'), ('{"crm": {"n": null}}'), ('{"crm": {"n": ["x", "GOLD", 3]}}'), ('{"crm": {"n": []}}'), ('{"crm": {"n": {}}}'),
               ('{"crm": {"n": {"a": 1}}}'), ('{"crm": ["n"]}'), ('{"crm": {"n": ["gold", "last"]}}'), ('{"crm": {"n": ""}}'), ('"crm"'), (NULL)) AS v (attributes)
 CROSS JOIN LATERAL (SELECT v.attributes) AS x;

-- A step is read as the operator #> reads it: also a number with a sign, zeros or white space before it.
SELECT step, brim_score(x, model(jsonb_build_array(jsonb_build_object('attribute', 'attributes', 'path', ARRAY['tags', step], 'kind', 'one_of', 'keywords', ARRAY[found], 'points', 70)))) AS score
  FROM (SELECT '{"tags": ["first", "second", "third"]}'::jsonb AS attributes) AS x,
       unnest(ARRAY['0', '2', '3', '-1', '-3', '-4', '-0', '+1', '-01', ' 1', E'\t+2', '1 ', '+', '-', ' ', '1.0', '0x1', '+-1', '00000000000000000000002', '-00000000000000000000002', '4294967296', '-4294967297', '18446744073709551616', '99999999999999999999']) AS step,
       LATERAL (SELECT coalesce(x.attributes #>> ARRAY['tags', step], 'no entry') AS found) AS f;

-- Signals that add: points of all rules that match, within the limits, on top of the average; never below 0 or above 100.
SELECT n, brim_score(x, model(r, '{"combine": "add"}')) AS added, brim_score(x, model(r, '{"combine": "add", "max_points": 50, "min_points": -10}')) AS limited,
       brim_score(x, model(r)) AS first,
       brim_score(x, model('[{"signal": "base", "attribute": "industry", "kind": "present", "points": 40}]' || r, '{"combine": "add", "min_points": -15}')) AS based
  FROM (SELECT '[{"attribute": "employee_count", "kind": "range", "low": 10, "points": 30}, {"attribute": "employee_count", "kind": "range", "low": 20, "points": 40},
                 {"attribute": "employee_count", "kind": "range", "high": 5, "points": -60}, {"attribute": "employee_count", "kind": "otherwise", "points": 5}]'::jsonb AS r) AS r,
       (VALUES (3), (7), (12), (25)) AS v (n) CROSS JOIN LATERAL (SELECT 'Food' AS industry, v.n AS employee_count) AS x;

-- Policies: what a signal counts whose attribute is missing. A value that no rule matches is left out under each.
SELECT policy, n, brim_score(x, model('[{"attribute": "employee_count", "kind": "range", "low": 10, "points": 60, "weight": 3}, {"signal": "t", "attribute": "industry", "kind": "present", "points": 80}]',
                         '{"prior_points": 20}', policy)) AS score
  FROM (VALUES ('ignore'), ('zero'), ('prior')) AS p (policy), (VALUES (NULL), (5), (15)) AS v (n)
 CROSS JOIN LATERAL (SELECT 'Food' AS industry, v.n AS employee_count) AS x ORDER BY 1, 2;

-- Disqualifiers: the total is 0, the reason is given, fit and intent stay.
SELECT v.industry, brim_fit_score(x, s) AS fit, brim_score(x, s) AS total, brim_explain(x, s) -> 'disqualified' AS disqualified,
       brim_explain(x, s) #> '{reasoning,negative}' AS negative, brim_explain(x, s) -> 'adjustments' AS adjustments
  FROM (VALUES ('Gambling'), ('Food')) AS v (industry)
 CROSS JOIN LATERAL (SELECT v.industry, 100 AS employee_count) AS x
 CROSS JOIN (SELECT model('[{"attribute": "employee_count", "kind": "present", "points": 90},
                            {"dimension": "disqualifier", "signal": "trade", "attribute": "industry", "kind": "one_of", "keywords": ["gambling"], "points": 0, "reason": "We do not sell to {value}.", "reason_kind": "negative"}]') AS s) AS m;

-- The explanation adds up to the score, whatever the model; here with fractions, limits and a negative signal.
SELECT brim_score(x, s) AS score,
       (SELECT sum((e ->> 'contribution')::numeric) FROM jsonb_array_elements((brim_explain(x, s) -> 'signals') || (brim_explain(x, s) -> 'adjustments')) AS e) AS sum,
       brim_explain(x, s) -> 'adjustments' AS adjustments
  FROM (SELECT 'Food' AS industry, 100 AS employee_count, ARRAY['a'] AS tech_stack) AS x,
       (VALUES (model('[{"attribute": "employee_count", "kind": "present", "points": 50, "weight": 1.3333}, {"signal": "b", "attribute": "industry", "kind": "present", "points": 33, "weight": 0.7}]')),
               (model('[{"attribute": "employee_count", "kind": "present", "points": -50}]')),
               (model('[{"attribute": "employee_count", "kind": "present", "points": 90}, {"signal": "b", "attribute": "industry", "kind": "present", "points": 80}]', '{"combine": "add"}'))) AS m (s);

-- A version is named behind an @.
INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight) VALUES ('mine', 1, 1, 0), ('mine', 2, 1, 0);
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, points)
SELECT 'mine', v, 1, 'fit', 's', 'industry', 'present', 10 * v FROM generate_series(1, 2) AS v;
SELECT brim_publish_model('mine', 1);
SELECT brim_score(x, 'mine') AS published, brim_score(x, 'mine@1') AS one, brim_score(x, 'mine@2') AS two FROM (SELECT 'Food' AS industry) AS x;
SELECT error_of($$SELECT brim_score(x, 'mine@3') FROM (SELECT 'Food' AS industry) AS x$$);
SELECT error_of($$SELECT brim_score(x, 'mine@') FROM (SELECT 'Food' AS industry) AS x$$);
SELECT error_of($$SELECT brim_score(x, 'mine@two') FROM (SELECT 'Food' AS industry) AS x$$);
SELECT error_of($$INSERT INTO brim.lead (company_name, model) VALUES ('X', 'mine@2')$$);

-- A bad rule cannot be stored, and a bad change of a good one neither.
SELECT error_of(format('INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, path, kind, keywords, pattern, stem, points, weight, reason_kind, reason)
                        SELECT ''mine'', 2, 9, %s', r))
  FROM (VALUES
    ($$'fit', 'n', 'industry', NULL, 'regex', NULL::text[], '(a', false, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'industry', NULL, 'regex', NULL::text[], '(a)\1', false, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'industry', NULL, 'regex', NULL::text[], NULL, false, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'industry', NULL, 'one_of', '{a}'::text[], 'b', false, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'industry', NULL, 'one_of', '{a}'::text[], NULL, true, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'industry', NULL, 'any_of', '{a}'::text[], NULL, false, 1, 1, NULL, NULL$$),
    ($$'fit', 's', 'country', NULL, 'present', NULL::text[], NULL, false, 1, 1, NULL, NULL$$),
    ($$'fit', 's', 'industry', '{a}'::text[], 'present', NULL::text[], NULL, false, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'attributes', '{a,NULL}'::text[], 'present', NULL::text[], NULL, false, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'industry', NULL, 'words', '{" "}'::text[], NULL, false, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'industry', NULL, 'present', NULL::text[], NULL, false, 101, 1, NULL, NULL$$),
    ($$'disqualifier', 'n', 'industry', NULL, 'present', NULL::text[], NULL, false, 1, 1, NULL, NULL$$),
    ($$'fit', 'n', 'industry', NULL, 'present', NULL::text[], NULL, false, 1, 1, 'positive', 'Has {matched}'$$)) AS v (r);
SELECT error_of($$INSERT INTO brim.scoring_signal (model, version, dimension, signal, combine) VALUES ('mine', 2, 'fit', 's', 'sum')$$);
SELECT error_of($$INSERT INTO brim.scoring_signal (model, version, dimension, signal, min_points, max_points) VALUES ('mine', 2, 'fit', 's', 5, 4)$$);
INSERT INTO brim.scoring_signal (model, version, dimension, signal, combine) VALUES ('mine', 2, 'fit', 's', 'add');
SELECT error_of($$UPDATE brim.scoring_rule SET weight = 2 WHERE model = 'mine' AND version = 2$$);
SELECT error_of($$UPDATE brim.scoring_rule SET kind = 'words', keywords = '{a}', stem = true WHERE model = 'mine' AND version = 2$$);
SELECT error_of($$UPDATE brim.scoring_model SET language = 'klingon' WHERE name = 'mine' AND version = 2$$);
-- Settings may be written before the rules they are for, but not published without.
INSERT INTO brim.scoring_signal (model, version, dimension, signal) VALUES ('mine', 2, 'fit', 'later');
SELECT error_of($$SELECT brim_publish_model('mine', 2)$$);
SELECT error_of($$UPDATE brim.scoring_signal SET max_points = 5 WHERE model = 'balanced'; INSERT INTO brim.scoring_signal (model, version, dimension, signal) VALUES ('balanced', 1, 'fit', 'industry')$$);
SELECT error_of($$TRUNCATE brim.scoring_signal$$);

-- Bad specs.
SELECT error_of(format('SELECT brim_score(x, model(%L, %L)) FROM (SELECT ''Food'' AS industry, ''{}''::text AS attributes) AS x', r, s))
  FROM (VALUES ('[{"attribute": "industry", "kind": "present", "points": 1}]', '{"combine": "multiply"}'),
               ('[{"attribute": "industry", "kind": "present", "points": 1}]', '{"max_points": 101}'),
               ('[{"attribute": "industry", "kind": "present", "points": 1}]', '{"cap": 1}'),
               ('[{"attribute": "industry", "kind": "present", "points": 1, "path": "a"}]', '{}'),
               ('[{"attribute": "attributes", "kind": "present", "points": 1, "path": ["a"]}]', '{}'),
               ('[{"attribute": "industry", "kind": "words", "keywords": ["a"], "points": 1, "stem": "yes"}]', '{}')) AS v (r, s);

DROP TABLE one;
DROP FUNCTION model(jsonb, jsonb, text), error_of(text);
DROP EXTENSION brim CASCADE;
