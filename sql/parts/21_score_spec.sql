-- Models as values: what brim_score(lead, spec) takes.

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

