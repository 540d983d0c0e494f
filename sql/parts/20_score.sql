-- Scoring: models and rules as rows, the functions that score, the trigger that scores leads.

CREATE TABLE brim.scoring_model (
    name text COLLATE "C" NOT NULL CHECK (name ~ '^[[:alnum:]][[:alnum:]_.-]{0,62}$' AND octet_length(name) <= 63),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    fit_weight numeric(5,4) CHECK (fit_weight BETWEEN 0 AND 1),
    intent_weight numeric(5,4) CHECK (intent_weight BETWEEN 0 AND 1),
    high_above integer NOT NULL DEFAULT 80 CHECK (high_above BETWEEN 0 AND 100),
    medium_above integer NOT NULL DEFAULT 60 CHECK (medium_above BETWEEN 0 AND 100),
    qualified_above integer NOT NULL DEFAULT 75 CHECK (qualified_above BETWEEN 0 AND 100),
    missing_policy text DEFAULT 'ignore' CHECK (missing_policy IN ('ignore', 'zero', 'prior')),
    language text DEFAULT 'english' CHECK (octet_length(language) BETWEEN 1 AND 63),
    description text NOT NULL DEFAULT '',
    is_shipped boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL DEFAULT 'rules' CONSTRAINT scoring_model_kind_known CHECK (kind IN ('rules')),
    PRIMARY KEY (name, version),
    CONSTRAINT scoring_model_rules_have_settings CHECK (num_nulls(fit_weight, intent_weight, missing_policy, language)
                                                        = CASE kind WHEN 'rules' THEN 0 ELSE 4 END),
    CONSTRAINT scoring_model_weights_add_up CHECK (fit_weight + intent_weight = 1),
    CONSTRAINT scoring_model_thresholds_rise CHECK (medium_above <= high_above)
);
COMMENT ON TABLE brim.scoring_model IS
    'One row a version of a scoring model. Key: name, version. A version takes effect when it is published with '
    'brim_publish_model()';
COMMENT ON COLUMN brim.scoring_model.name IS 'Name of the model; its versions share it';
COMMENT ON COLUMN brim.scoring_model.version IS 'Number of the version, from 1';
COMMENT ON COLUMN brim.scoring_model.fit_weight IS
    'Share of the fit score in the total, 0-1; fit and intent add up to 1. This and what else only rules have is NULL '
    'in other kinds';
COMMENT ON COLUMN brim.scoring_model.intent_weight IS 'Share of the intent score in the total, 0-1';
COMMENT ON COLUMN brim.scoring_model.high_above IS 'Totals above it: high_priority_outreach';
COMMENT ON COLUMN brim.scoring_model.medium_above IS
    'Totals above it, up to high_above: medium_priority_outreach; others: low_priority_monitoring';
COMMENT ON COLUMN brim.scoring_model.qualified_above IS 'Leads with a total above it are qualified';
COMMENT ON COLUMN brim.scoring_model.missing_policy IS
    'What a signal counts whose attribute is missing. ignore: it is left out; zero: 0 points; prior: prior_points of '
    'its row in brim.scoring_signal, without one it is left out';
COMMENT ON COLUMN brim.scoring_model.language IS
    'Language whose stems rules with stem compare: there is a text search dictionary pg_catalog.<language>_stem';
COMMENT ON COLUMN brim.scoring_model.description IS 'What the model is for';
COMMENT ON COLUMN brim.scoring_model.is_shipped IS 'Came with the extension: cannot be changed, is not dumped';
COMMENT ON COLUMN brim.scoring_model.created_at IS 'When the version was made';
COMMENT ON COLUMN brim.scoring_model.kind IS 'What scores: rules, those of brim.scoring_rule';

CREATE TABLE brim.scoring_signal (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    dimension text NOT NULL CHECK (dimension IN ('fit', 'intent')),
    signal text NOT NULL CHECK (octet_length(signal) BETWEEN 1 AND 63),
    combine text NOT NULL DEFAULT 'average' CHECK (combine IN ('average', 'add')),
    min_points integer NOT NULL DEFAULT -100 CHECK (min_points BETWEEN -100 AND 100),
    max_points integer NOT NULL DEFAULT 100 CHECK (max_points BETWEEN -100 AND 100),
    prior_points integer CHECK (prior_points BETWEEN -100 AND 100),
    is_shipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (model, version, dimension, signal),
    FOREIGN KEY (model, version) REFERENCES brim.scoring_model (name, version) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT scoring_signal_points_rise CHECK (min_points <= max_points)
);
COMMENT ON TABLE brim.scoring_signal IS
    'One row a signal with settings of its own; a signal without a row has the defaults. Key: model, version, '
    'dimension, signal';
COMMENT ON COLUMN brim.scoring_signal.model IS 'Name of the model';
COMMENT ON COLUMN brim.scoring_signal.version IS 'Version of the model';
COMMENT ON COLUMN brim.scoring_signal.dimension IS 'fit or intent';
COMMENT ON COLUMN brim.scoring_signal.signal IS 'The signal, as its rules name it';
COMMENT ON COLUMN brim.scoring_signal.combine IS
    'average: the first rule that matches gives the points, which take part in the average of the dimension; add: the '
    'points of all rules that match add up and are added to the average';
COMMENT ON COLUMN brim.scoring_signal.min_points IS 'The signal never counts less';
COMMENT ON COLUMN brim.scoring_signal.max_points IS 'The signal never counts more';
COMMENT ON COLUMN brim.scoring_signal.prior_points IS
    'What it counts when its attribute is missing, in models with missing_policy prior; NULL: it is left out';
COMMENT ON COLUMN brim.scoring_signal.is_shipped IS 'Came with the extension: cannot be changed, is not dumped';

CREATE TABLE brim.scoring_rule (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    rule_no integer NOT NULL,
    dimension text NOT NULL CHECK (dimension IN ('fit', 'intent', 'disqualifier')),
    signal text NOT NULL CHECK (octet_length(signal) BETWEEN 1 AND 63),
    attribute text NOT NULL CHECK (octet_length(attribute) BETWEEN 1 AND 63),
    path text[],
    kind text NOT NULL CHECK (kind IN ('range', 'one_of', 'any_of', 'all_of', 'words', 'regex', 'event', 'present', 'otherwise')),
    low numeric,
    high numeric,
    keywords text[],
    stem boolean NOT NULL DEFAULT false,
    pattern text,
    points integer NOT NULL CHECK (points BETWEEN -100 AND 100),
    weight numeric(7,4) NOT NULL DEFAULT 1 CHECK (weight > 0),
    reason text CHECK (octet_length(reason) BETWEEN 1 AND 1000),
    reason_kind text CHECK (reason_kind IN ('positive', 'negative')),
    is_shipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (model, version, rule_no),
    FOREIGN KEY (model, version) REFERENCES brim.scoring_model (name, version) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT scoring_rule_reason_has_kind CHECK ((reason IS NULL) = (reason_kind IS NULL)),
    CONSTRAINT scoring_rule_range_has_ends CHECK ((kind = 'range') = (low IS NOT NULL OR high IS NOT NULL)),
    CONSTRAINT scoring_rule_ends_rise CHECK (low <= high),
    CONSTRAINT scoring_rule_kind_has_keywords CHECK (
        (kind IN ('one_of', 'any_of', 'all_of', 'words', 'event')) = (cardinality(keywords) IS NOT NULL AND cardinality(keywords) > 0)),
    CONSTRAINT scoring_rule_keywords_are_given CHECK (array_position(keywords, NULL) IS NULL AND array_position(keywords, '') IS NULL),
    CONSTRAINT scoring_rule_path_is_given CHECK (
        array_position(path, NULL) IS NULL AND array_position(path, '') IS NULL AND cardinality(path) BETWEEN 1 AND 16),
    CONSTRAINT scoring_rule_kind_has_pattern CHECK ((kind = 'regex') = (pattern IS NOT NULL) AND octet_length(pattern) BETWEEN 1 AND 1000),
    CONSTRAINT scoring_rule_words_have_stems CHECK (kind = 'words' OR NOT stem),
    CONSTRAINT scoring_rule_disqualifier_has_no_points CHECK (
        dimension <> 'disqualifier' OR points = 0 AND reason_kind IS DISTINCT FROM 'positive')
);
COMMENT ON TABLE brim.scoring_rule IS
    'One row a rule of a scoring model. Key: model, version, rule_no. Of the rules of a signal the first that '
    'matches, by rule_no, gives the points, unless brim.scoring_signal says that they add up';
COMMENT ON COLUMN brim.scoring_rule.model IS 'Name of the model';
COMMENT ON COLUMN brim.scoring_rule.version IS 'Version of the model';
COMMENT ON COLUMN brim.scoring_rule.rule_no IS 'Place of the rule: rules are tried in this order';
COMMENT ON COLUMN brim.scoring_rule.dimension IS 'fit, intent, or disqualifier: when the rule matches, the total is 0';
COMMENT ON COLUMN brim.scoring_rule.signal IS 'The thing that is looked at; rules of one signal exclude each other';
COMMENT ON COLUMN brim.scoring_rule.attribute IS 'Column of the lead that is read; the same in all rules of a signal';
COMMENT ON COLUMN brim.scoring_rule.path IS 'Where in a jsonb column the value is, as for the operator #>; NULL: the column is the value';
COMMENT ON COLUMN brim.scoring_rule.kind IS
    'range: number from low to high; one_of: the whole text is a keyword; any_of: an entry of the list is a keyword; '
    'all_of: each keyword is an entry of the list; words: a keyword is in the text or an entry as a word or '
    'phrase; regex: the text or an entry matches pattern; event: it reports an event of the company of one of the '
    'classes in keywords (brim.intent_class); present: the attribute is given; otherwise: it is given and no earlier '
    'rule matched';
COMMENT ON COLUMN brim.scoring_rule.low IS 'Least number that matches; NULL: no lower end';
COMMENT ON COLUMN brim.scoring_rule.high IS 'Greatest number that matches; NULL: no upper end';
COMMENT ON COLUMN brim.scoring_rule.keywords IS 'What is looked for, in any case of letters';
COMMENT ON COLUMN brim.scoring_rule.stem IS 'Words are compared by their stems: "hire" is found in "hiring", too';
COMMENT ON COLUMN brim.scoring_rule.pattern IS
    'Regular expression (PostgreSQL''s advanced ones, case-insensitive, without back references), looked for in the '
    'first 32 kB of a text';
COMMENT ON COLUMN brim.scoring_rule.points IS 'Points of the signal when the rule matches, -100 to 100';
COMMENT ON COLUMN brim.scoring_rule.weight IS 'Weight of the signal in the average of its dimension when the rule matches';
COMMENT ON COLUMN brim.scoring_rule.reason IS
    'Sentence given as the reason; {value} is what the lead has, {matched} the keywords, or the part of the text, '
    'that matched';
COMMENT ON COLUMN brim.scoring_rule.reason_kind IS 'positive or negative';
COMMENT ON COLUMN brim.scoring_rule.is_shipped IS 'Came with the extension: cannot be changed, is not dumped';

CREATE TABLE brim.published_model (
    name text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    published_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (name, version) REFERENCES brim.scoring_model (name, version) ON UPDATE CASCADE
);
COMMENT ON TABLE brim.published_model IS
    'One row a model whose published version somebody chose. Key: name. A shipped model without a row is published in '
    'its newest shipped version; balanced is the default until a row says otherwise';
COMMENT ON COLUMN brim.published_model.name IS 'Name of the model';
COMMENT ON COLUMN brim.published_model.version IS 'The version that scores';
COMMENT ON COLUMN brim.published_model.is_default IS 'Scores where no model is named';
COMMENT ON COLUMN brim.published_model.published_at IS 'When this version was published';
CREATE UNIQUE INDEX published_model_default ON brim.published_model (is_default) WHERE is_default;

-- The shipped models: the same rules, weighed differently.
INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight, description, is_shipped) VALUES
('balanced', 1, 0.6, 0.4, 'Fit counts a little more than intent', true),
('aggressive', 1, 0.3, 0.7, 'Goes for companies that show buying signals now', true),
('conservative', 1, 0.8, 0.2, 'Goes for companies that match the ideal customer', true),
('intent_plus', 1, 0.6, 0.4, 'Balanced, and moved by what news and job posts mean', true);

INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, high, keywords,
                               points, reason, reason_kind, is_shipped)
SELECT m.name, 1, r.rule_no, r.dimension, r.signal, r.attribute, r.kind, r.low, r.high, r.keywords,
       r.points, r.reason, r.reason_kind, true
  FROM brim.scoring_model AS m
 CROSS JOIN (VALUES
    (10, 'fit', 'employee_count', 'employee_count', 'range', 30, 300, NULL::text[], 100,
     'Ideal company size ({value} employees).', 'positive'),
    (11, 'fit', 'employee_count', 'employee_count', 'range', 15, 29, NULL, 50, NULL, NULL),
    (12, 'fit', 'employee_count', 'employee_count', 'range', 301, 500, NULL, 50, NULL, NULL),
    (13, 'fit', 'employee_count', 'employee_count', 'otherwise', NULL, NULL, NULL, 0, 'Company size is outside target range.', 'negative'),
    (20, 'fit', 'industry', 'industry', 'one_of', NULL, NULL, ARRAY['saas', 'fintech', 'ai', 'technology'], 100,
     'Ideal industry: {value}.', 'positive'),
    (21, 'fit', 'industry', 'industry', 'one_of', NULL, NULL, ARRAY['e-commerce', 'biotech', 'education'], 60, NULL, NULL),
    (30, 'intent', 'automation_tools', 'tech_stack', 'any_of', NULL, NULL, ARRAY['zapier', 'make', 'workato', 'hubspot'], 100,
     'Uses automation tools: {matched}.', 'positive'),
    (31, 'intent', 'automation_tools', 'tech_stack', 'otherwise', NULL, NULL, NULL, 20, NULL, NULL),
    (40, 'intent', 'hiring_operations', 'recent_job_posts', 'words', NULL, NULL,
     ARRAY['operations', 'ops', 'revops', 'devops', 'automation engineer'], 100, 'Hiring for operations or automation roles.', 'positive')
  ) AS r (rule_no, dimension, signal, attribute, kind, low, high, keywords, points, reason, reason_kind);

-- What intent_plus has beside them: events of the news and job posts move the intent up and down.
INSERT INTO brim.scoring_signal (model, version, dimension, signal, combine, min_points, max_points, is_shipped) VALUES
('intent_plus', 1, 'intent', 'growth_news', 'add', 0, 60, true),
('intent_plus', 1, 'intent', 'trouble_news', 'add', -100, 0, true),
('intent_plus', 1, 'intent', 'hiring_events', 'add', 0, 30, true);
INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, keywords,
                               points, reason, reason_kind, is_shipped) VALUES
('intent_plus', 1, 50, 'intent', 'growth_news', 'news_mentions', 'event',
 '{expansion,new_market,mass_hiring}', 40, 'In the news: {matched}.', 'positive', true),
('intent_plus', 1, 51, 'intent', 'growth_news', 'news_mentions', 'event',
 '{funding,ipo}', 40, 'In the news: {matched}.', 'positive', true),
('intent_plus', 1, 52, 'intent', 'growth_news', 'news_mentions', 'event',
 '{acquisition,partnership,product_launch,customer_win,revenue_growth,leadership_hire}', 20, 'In the news: {matched}.', 'positive', true),
('intent_plus', 1, 60, 'intent', 'trouble_news', 'news_mentions', 'event',
 '{layoffs,cost_cutting,office_closure}', -50, 'In the news: {matched}.', 'negative', true),
('intent_plus', 1, 61, 'intent', 'trouble_news', 'news_mentions', 'event',
 '{restructuring,revenue_decline,leadership_departure,legal_trouble,data_breach,product_recall}', -30,
 'In the news: {matched}.', 'negative', true),
('intent_plus', 1, 62, 'intent', 'trouble_news', 'news_mentions', 'event',
 '{bankruptcy,delisting}', -100, 'In the news: {matched}.', 'negative', true),
('intent_plus', 1, 70, 'intent', 'hiring_events', 'recent_job_posts', 'event',
 '{hiring_operations,hiring_automation}', 30, 'Hires for what the product does: {matched}.', 'positive', true);

-- What users made is dumped; what was shipped is there after CREATE EXTENSION.
SELECT pg_catalog.pg_extension_config_dump('brim.scoring_model', 'WHERE NOT is_shipped');
SELECT pg_catalog.pg_extension_config_dump('brim.scoring_signal', 'WHERE NOT is_shipped');
SELECT pg_catalog.pg_extension_config_dump('brim.scoring_rule', 'WHERE NOT is_shipped');
SELECT pg_catalog.pg_extension_config_dump('brim.published_model', '');

-- Shipped versions stay as they are; an upgrade script disables these triggers for its own changes.
CREATE FUNCTION brim.guard_shipped() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
    v_old jsonb := to_jsonb(OLD);
    v_new jsonb := to_jsonb(NEW);
    v_row jsonb;
BEGIN
    FOREACH v_row IN ARRAY ARRAY[v_old, v_new] LOOP
        IF (v_row ->> 'is_shipped')::boolean
           OR EXISTS (SELECT FROM brim.scoring_model AS m
                       WHERE m.name = v_row ->> 'model' AND m.version = (v_row ->> 'version')::integer AND m.is_shipped) THEN
            RAISE EXCEPTION 'version % of scoring model "%" came with brim and cannot be changed',
                            v_row ->> 'version', coalesce(v_row ->> 'model', v_row ->> 'name')
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Change a copy with brim_edit_model(), and publish that with brim_publish_model().';
        END IF;
    END LOOP;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
COMMENT ON FUNCTION brim.guard_shipped() IS 'Trigger: shipped versions of scoring models, their rules and signals cannot be changed';
REVOKE EXECUTE ON FUNCTION brim.guard_shipped() FROM PUBLIC;

CREATE FUNCTION brim.guard_truncate() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    RAISE EXCEPTION 'table brim.% has rows that came with brim and cannot be truncated', TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Delete your own rows with DELETE.';
END
$$;
COMMENT ON FUNCTION brim.guard_truncate() IS 'Trigger: tables with shipped rows cannot be truncated';
REVOKE EXECUTE ON FUNCTION brim.guard_truncate() FROM PUBLIC;

CREATE TRIGGER guard_shipped BEFORE INSERT OR UPDATE OR DELETE ON brim.scoring_model
    FOR EACH ROW EXECUTE FUNCTION brim.guard_shipped();
CREATE TRIGGER guard_shipped BEFORE INSERT OR UPDATE OR DELETE ON brim.scoring_rule
    FOR EACH ROW EXECUTE FUNCTION brim.guard_shipped();
CREATE TRIGGER guard_shipped BEFORE INSERT OR UPDATE OR DELETE ON brim.scoring_signal
    FOR EACH ROW EXECUTE FUNCTION brim.guard_shipped();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON brim.scoring_model
    FOR EACH STATEMENT EXECUTE FUNCTION brim.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON brim.scoring_rule
    FOR EACH STATEMENT EXECUTE FUNCTION brim.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON brim.scoring_signal
    FOR EACH STATEMENT EXECUTE FUNCTION brim.guard_truncate();

-- A change of rules is seen by the next statement of every session.
CREATE FUNCTION brim.scoring_changed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'brim_scoring_changed';
COMMENT ON FUNCTION brim.scoring_changed() IS 'Trigger: every session drops its compiled scoring models';
REVOKE EXECUTE ON FUNCTION brim.scoring_changed() FROM PUBLIC;

CREATE TRIGGER scoring_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON brim.scoring_model
    FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_changed();
CREATE TRIGGER scoring_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON brim.scoring_rule
    FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_changed();
CREATE TRIGGER scoring_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON brim.scoring_signal
    FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_changed();
CREATE TRIGGER scoring_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON brim.published_model
    FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_changed();

CREATE FUNCTION brim.check_model(name text, version integer, is_draft boolean DEFAULT false) RETURNS void
    STABLE STRICT LANGUAGE c AS 'MODULE_PATHNAME', 'brim_check_model';
COMMENT ON FUNCTION brim.check_model(text, integer, boolean) IS
    'Raise what is wrong with a version of a scoring model, if something is; a draft may lack rules still';
REVOKE EXECUTE ON FUNCTION brim.check_model(text, integer, boolean) FROM PUBLIC;

-- What would break a model cannot be stored, whether the model is published or not.
CREATE FUNCTION brim.scoring_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
    IF brim.is_restoring() THEN
        RETURN NULL;
    ELSIF TG_TABLE_NAME = 'scoring_model' THEN
        PERFORM brim.check_model(w.name, w.version, true) FROM written_rows AS w;
    ELSE
        PERFORM brim.check_model(m.name, m.version, true)
           FROM brim.scoring_model AS m
          WHERE EXISTS (SELECT FROM written_rows AS w WHERE w.model = m.name AND w.version = m.version);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION brim.scoring_written() IS 'Trigger: a statement whose rules or settings would break a scoring model is refused';
REVOKE EXECUTE ON FUNCTION brim.scoring_written() FROM PUBLIC;

CREATE TRIGGER scoring_updated AFTER UPDATE ON brim.scoring_model
    REFERENCING NEW TABLE AS written_rows FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_written();
CREATE TRIGGER scoring_inserted AFTER INSERT ON brim.scoring_signal
    REFERENCING NEW TABLE AS written_rows FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_written();
CREATE TRIGGER scoring_updated AFTER UPDATE ON brim.scoring_signal
    REFERENCING NEW TABLE AS written_rows FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_written();
CREATE TRIGGER scoring_deleted AFTER DELETE ON brim.scoring_signal
    REFERENCING OLD TABLE AS written_rows FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_written();
CREATE TRIGGER scoring_inserted AFTER INSERT ON brim.scoring_rule
    REFERENCING NEW TABLE AS written_rows FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_written();
CREATE TRIGGER scoring_updated AFTER UPDATE ON brim.scoring_rule
    REFERENCING NEW TABLE AS written_rows FOR EACH STATEMENT EXECUTE FUNCTION brim.scoring_written();

CREATE FUNCTION @extschema@.brim_publish_model(name text, version integer DEFAULT NULL, make_default boolean DEFAULT false)
    RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
#variable_conflict use_column
DECLARE
    chosen integer := brim_publish_model.version;
BEGIN
    IF brim_publish_model.name IS NULL THEN
        RAISE EXCEPTION 'name of the scoring model to publish must not be null'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF chosen IS NULL THEN
        SELECT max(m.version) INTO chosen FROM brim.scoring_model AS m WHERE m.name = brim_publish_model.name;
    END IF;
    IF chosen IS NULL THEN
        RAISE EXCEPTION 'scoring model "%" does not exist', brim_publish_model.name
            USING ERRCODE = 'undefined_object', HINT = 'The view brim.model_spec lists the models.';
    END IF;
    PERFORM brim.check_model(brim_publish_model.name, chosen);
    LOCK TABLE brim.published_model IN SHARE ROW EXCLUSIVE MODE;
    IF make_default THEN
        UPDATE brim.published_model AS p SET is_default = false
         WHERE p.is_default AND p.name <> brim_publish_model.name;
    END IF;
    INSERT INTO brim.published_model AS p (name, version, is_default)
    VALUES (brim_publish_model.name, chosen, coalesce(make_default, false))
    ON CONFLICT (name) DO UPDATE
        SET version = excluded.version,
            is_default = p.is_default OR excluded.is_default,
            published_at = now();
    RETURN chosen;
END
$$;
COMMENT ON FUNCTION @extschema@.brim_publish_model(text, integer, boolean) IS
    'Publish a version of a scoring model, the newest where none is named, and make the model the default if asked '
    'to; returns the version';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_publish_model(text, integer, boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_company_id(name text, domain text DEFAULT NULL) RETURNS text
    IMMUTABLE PARALLEL SAFE COST 10 LANGUAGE c AS 'MODULE_PATHNAME', 'brim_company_id';
COMMENT ON FUNCTION @extschema@.brim_company_id(text, text) IS
    'Key of a company: 15 hex digits of the SHA-1 of the host of its domain, or of its name where no domain is given';

CREATE FUNCTION brim.score_columns(want integer, serial bigint, model text, spec jsonb, names text[], absent text[], VARIADIC columns "any")
    RETURNS integer
    STABLE PARALLEL SAFE COST 20 LANGUAGE c AS 'MODULE_PATHNAME', 'brim_score_columns';
COMMENT ON FUNCTION brim.score_columns(integer, bigint, text, jsonb, text[], text[], "any") IS
    'What the planner makes of a score of a table''s row: the same with the columns that the model reads. Not meant '
    'to be called by hand';

CREATE FUNCTION brim.score_support(internal) RETURNS internal
    STRICT LANGUAGE c AS 'MODULE_PATHNAME', 'brim_score_support';
COMMENT ON FUNCTION brim.score_support(internal) IS 'Planner support of the scoring functions';
REVOKE EXECUTE ON FUNCTION brim.score_support(internal) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_score(lead record) RETURNS integer
    STABLE STRICT PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_score';
COMMENT ON FUNCTION @extschema@.brim_score(record) IS 'Total score of a lead, 0-100, by the default model; columns are matched by name';
CREATE FUNCTION @extschema@.brim_score(lead record, model text) RETURNS integer
    STABLE PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_score_named';
COMMENT ON FUNCTION @extschema@.brim_score(record, text) IS
    'Total score of a lead, 0-100, by the published version of a model (NULL: the default)';
CREATE FUNCTION @extschema@.brim_score(lead record, spec jsonb) RETURNS integer
    IMMUTABLE STRICT PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_score_spec';
COMMENT ON FUNCTION @extschema@.brim_score(record, jsonb) IS
    'Total score of a lead, 0-100, by a model given as a value (brim.model_spec.spec); reads no table';

CREATE FUNCTION @extschema@.brim_fit_score(lead record) RETURNS integer
    STABLE STRICT PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_fit_score';
COMMENT ON FUNCTION @extschema@.brim_fit_score(record) IS 'Fit score of a lead, 0-100, by the default model';
CREATE FUNCTION @extschema@.brim_fit_score(lead record, model text) RETURNS integer
    STABLE PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_fit_score_named';
COMMENT ON FUNCTION @extschema@.brim_fit_score(record, text) IS
    'Fit score of a lead, 0-100, by the published version of a model (NULL: the default)';
CREATE FUNCTION @extschema@.brim_fit_score(lead record, spec jsonb) RETURNS integer
    IMMUTABLE STRICT PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_fit_score_spec';
COMMENT ON FUNCTION @extschema@.brim_fit_score(record, jsonb) IS 'Fit score of a lead, 0-100, by a model given as a value; reads no table';

CREATE FUNCTION @extschema@.brim_intent_score(lead record) RETURNS integer
    STABLE STRICT PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_intent_score';
COMMENT ON FUNCTION @extschema@.brim_intent_score(record) IS 'Intent score of a lead, 0-100, by the default model';
CREATE FUNCTION @extschema@.brim_intent_score(lead record, model text) RETURNS integer
    STABLE PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_intent_score_named';
COMMENT ON FUNCTION @extschema@.brim_intent_score(record, text) IS
    'Intent score of a lead, 0-100, by the published version of a model (NULL: the default)';
CREATE FUNCTION @extschema@.brim_intent_score(lead record, spec jsonb) RETURNS integer
    IMMUTABLE STRICT PARALLEL SAFE COST 20 SUPPORT brim.score_support LANGUAGE c AS 'MODULE_PATHNAME', 'brim_intent_score_spec';
COMMENT ON FUNCTION @extschema@.brim_intent_score(record, jsonb) IS
    'Intent score of a lead, 0-100, by a model given as a value; reads no table';

CREATE FUNCTION @extschema@.brim_explain(lead record) RETURNS jsonb
    STABLE STRICT PARALLEL SAFE COST 100 LANGUAGE c AS 'MODULE_PATHNAME', 'brim_explain';
COMMENT ON FUNCTION @extschema@.brim_explain(record) IS
    'Scores of a lead with confidence, action, reasons and what became of each signal, by the default model';
CREATE FUNCTION @extschema@.brim_explain(lead record, model text) RETURNS jsonb
    STABLE PARALLEL SAFE COST 100 LANGUAGE c AS 'MODULE_PATHNAME', 'brim_explain_named';
COMMENT ON FUNCTION @extschema@.brim_explain(record, text) IS
    'Scores of a lead with their reasons, by the published version of a model (NULL: the default)';
CREATE FUNCTION @extschema@.brim_explain(lead record, spec jsonb) RETURNS jsonb
    IMMUTABLE STRICT PARALLEL SAFE COST 100 LANGUAGE c AS 'MODULE_PATHNAME', 'brim_explain_spec';
COMMENT ON FUNCTION @extschema@.brim_explain(record, jsonb) IS
    'Scores of a lead with their reasons, by a model given as a value; reads no table';

-- Leads are scored when they are written.
CREATE FUNCTION brim.lead_before_write() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'brim_lead_before_write';
COMMENT ON FUNCTION brim.lead_before_write() IS 'Trigger: fill company_id, the score columns and updated_at of a lead';
REVOKE EXECUTE ON FUNCTION brim.lead_before_write() FROM PUBLIC;

CREATE TRIGGER lead_before_write BEFORE INSERT OR UPDATE ON brim.lead
    FOR EACH ROW EXECUTE FUNCTION brim.lead_before_write();
