/*
 * Import: companies as JSON.
 *
 * The keys of a company are the columns of brim.lead; keys that are no
 * columns become attributes; the columns that brim keeps itself are passed
 * over, so that an exported lead can be imported.  Everything is checked
 * before anything is stored, all companies in one pass.
 */

CREATE TYPE brim.checked_company AS (
    ordinal bigint,
    company_id text,
    company jsonb,
    attributes jsonb,
    cleared text[],
    error text
);
COMMENT ON TYPE brim.checked_company IS
    'One element of an import: the columns given, the attributes to be set and to be cleared, or what is wrong with '
    'it';
COMMENT ON COLUMN brim.checked_company.ordinal IS 'Place of the company in what was imported, from 1';
COMMENT ON COLUMN brim.checked_company.company_id IS 'Key that it gets; NULL: it cannot be stored';
COMMENT ON COLUMN brim.checked_company.company IS 'Columns of brim.lead that were given, as a JSON object';
COMMENT ON COLUMN brim.checked_company.attributes IS 'Keys that are no columns, as a JSON object';
COMMENT ON COLUMN brim.checked_company.cleared IS 'Attributes that were given as null and go';
COMMENT ON COLUMN brim.checked_company.error IS 'What is wrong with it, in words; NULL: nothing';

CREATE FUNCTION brim.input_problem(key text, kind text, max_length integer, value jsonb) RETURNS text
    IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_found text := jsonb_typeof(value);
    v_number numeric;
    v_entry bigint;
BEGIN
    IF kind = 'name' AND (v_found = 'null' OR v_found = 'string' AND btrim(value #>> '{}') = '') THEN
        RETURN format('key "%s": expected a non-empty string, found %s', key,
                      CASE v_found WHEN 'null' THEN 'null' ELSE 'an empty string' END);
    ELSIF v_found = 'null' OR kind IS NULL OR kind = 'ignored' THEN
        RETURN NULL;
    ELSIF kind IN ('name', 'line', 'text') THEN
        IF v_found <> 'string' THEN
            RETURN format('key "%s": expected string, found %s', key, v_found);
        ELSIF length(value #>> '{}') > max_length THEN
            RETURN format('key "%s": longer than %s characters', key, max_length);
        ELSIF kind <> 'text' AND value #>> '{}' ~ '[\x01-\x1f\x7f]' THEN
            RETURN format('key "%s": contains a control character', key);
        END IF;
    ELSIF kind = 'integer' THEN
        IF v_found <> 'number' THEN
            RETURN format('key "%s": expected integer, found %s', key, v_found);
        END IF;
        v_number := value::numeric;
        IF v_number <> trunc(v_number) THEN
            RETURN format('key "%s": expected integer, found a fraction', key);
        ELSIF v_number NOT BETWEEN 0 AND 2147483647 THEN
            RETURN format('key "%s": not between 0 and 2147483647', key);
        END IF;
    ELSIF kind = 'list' THEN
        IF v_found <> 'array' THEN
            RETURN format('key "%s": expected array of strings, found %s', key, v_found);
        ELSIF jsonb_array_length(value) > 1000 THEN
            RETURN format('key "%s": more than 1000 entries', key);
        END IF;
        SELECT e.ordinal, jsonb_typeof(e.value)
          INTO v_entry, v_found
          FROM jsonb_array_elements(input_problem.value) WITH ORDINALITY AS e (value, ordinal)
         WHERE jsonb_typeof(e.value) NOT IN ('string', 'null') OR length(e.value #>> '{}') > max_length
         ORDER BY e.ordinal
         LIMIT 1;
        IF v_found = 'string' THEN
            RETURN format('key "%s", entry %s: longer than %s characters', key, v_entry, max_length);
        ELSIF FOUND THEN
            RETURN format('key "%s", entry %s: expected string, found %s', key, v_entry, v_found);
        END IF;
    ELSIF kind = 'object' THEN
        IF v_found <> 'object' THEN
            RETURN format('key "%s": expected object, found %s', key, v_found);
        ELSIF length(value::text) > max_length THEN
            RETURN format('key "%s": longer than %s characters', key, max_length);
        END IF;
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION brim.input_problem(text, text, integer, jsonb) IS
    'What is wrong with the value of a key of an imported company, or NULL';
REVOKE EXECUTE ON FUNCTION brim.input_problem(text, text, integer, jsonb) FROM PUBLIC;

CREATE FUNCTION brim.check_companies(companies jsonb) RETURNS SETOF brim.checked_company
    STABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT c.ordinal,
           CASE WHEN p.error IS NULL
                THEN coalesce(f.known ->> 'company_id',
                              @extschema@.brim_company_id(f.known ->> 'company_name', f.known ->> 'domain')) END,
           CASE WHEN p.error IS NULL THEN f.known END,
           CASE WHEN p.error IS NULL THEN f.unknown END,
           CASE WHEN p.error IS NULL THEN f.cleared END,
           p.error
      FROM jsonb_array_elements(companies) WITH ORDINALITY AS c (company, ordinal)
     CROSS JOIN LATERAL
           (SELECT coalesce(jsonb_object_agg(e.key, CASE WHEN jsonb_typeof(e.value) = 'null' THEN e.value
                                                         WHEN k.kind IN ('name', 'line')
                                                         THEN coalesce(to_jsonb(nullif(btrim(e.value #>> '{}'), '')), 'null')
                                                         WHEN k.kind = 'integer' THEN to_jsonb(trunc(e.value::numeric))
                                                         ELSE e.value END)
                            FILTER (WHERE q.problem IS NULL AND k.kind <> 'ignored'), '{}') AS known,
                   coalesce(jsonb_object_agg(e.key, e.value)
                            FILTER (WHERE k.key IS NULL AND jsonb_typeof(e.value) <> 'null'), '{}') AS unknown,
                   array_agg(e.key) FILTER (WHERE k.key IS NULL AND jsonb_typeof(e.value) = 'null') AS cleared,
                   (array_agg(q.problem ORDER BY k.position) FILTER (WHERE q.problem IS NOT NULL))[1] AS problem
              FROM jsonb_each(CASE WHEN jsonb_typeof(c.company) = 'object' THEN c.company ELSE '{}' END) AS e
              LEFT JOIN (VALUES (1, 'company_name', 'name', 500), (2, 'company_id', 'line', 500),
                                (3, 'domain', 'line', 2000), (4, 'contact_name', 'line', 2000),
                                (5, 'contact_email', 'line', 2000), (6, 'employee_count', 'integer', NULL),
                                (7, 'industry', 'text', 2000), (8, 'funding_stage', 'text', 2000),
                                (9, 'tech_stack', 'list', 20000), (10, 'recent_job_posts', 'list', 20000),
                                (11, 'news_mentions', 'list', 20000), (12, 'country', 'text', 2000),
                                (13, 'timezone', 'text', 2000), (14, 'attributes', 'object', 1000000),
                                (15, 'fit_score', 'ignored', NULL), (16, 'intent_score', 'ignored', NULL),
                                (17, 'total_score', 'ignored', NULL), (18, 'confidence', 'ignored', NULL),
                                (19, 'action', 'ignored', NULL), (20, 'model', 'ignored', NULL),
                                (21, 'model_version', 'ignored', NULL), (22, 'scored_at', 'ignored', NULL),
                                (23, 'created_at', 'ignored', NULL), (24, 'updated_at', 'ignored', NULL))
                   AS k (position, key, kind, max_length) ON k.key = e.key
             CROSS JOIN LATERAL (SELECT brim.input_problem(k.key, k.kind, k.max_length, e.value) AS problem OFFSET 0) AS q) AS f
     CROSS JOIN LATERAL
           (SELECT CASE WHEN jsonb_typeof(c.company) <> 'object'
                        THEN format('expected object, found %s', jsonb_typeof(c.company))
                        WHEN NOT c.company ? 'company_name'
                        THEN 'key "company_name": expected a non-empty string, found nothing'
                        WHEN f.problem IS NOT NULL THEN f.problem
                        WHEN length(f.unknown::text) > 1000000
                        THEN 'the keys that become attributes: longer than 1000000 characters' END AS error) AS p;
END;
$$;
COMMENT ON FUNCTION brim.check_companies(jsonb) IS
    'Checks an array of companies: one row an element, as it is to be stored or with what is wrong';
REVOKE EXECUTE ON FUNCTION brim.check_companies(jsonb) FROM PUBLIC;

CREATE FUNCTION brim.store_companies(companies brim.checked_company[], model text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    -- Of several elements about one company the last counts.
    INSERT INTO brim.lead (company_id, company_name, domain, contact_name, contact_email, employee_count, industry,
                           funding_stage, tech_stack, recent_job_posts, news_mentions, country, timezone, attributes, model)
    SELECT b.company_id, n.company_name, n.domain, n.contact_name, n.contact_email, n.employee_count, n.industry,
           n.funding_stage, n.tech_stack, n.recent_job_posts, n.news_mentions, n.country, n.timezone,
           coalesce(n.attributes, '{}') || b.attributes, store_companies.model
      FROM (SELECT DISTINCT ON (c.company_id) c.* FROM unnest(companies) AS c
             WHERE c.error IS NULL ORDER BY c.company_id, c.ordinal DESC) AS b
     CROSS JOIN LATERAL jsonb_populate_record(NULL::brim.lead, b.company) AS n
     WHERE NOT EXISTS (SELECT FROM brim.lead AS l WHERE l.company_id = b.company_id)
     ORDER BY b.company_id
        ON CONFLICT (company_id) DO NOTHING;

    -- Locked in one order everywhere, imports at the same time wait for each other.
    PERFORM l.company_id
       FROM brim.lead AS l
      WHERE l.company_id IN (SELECT c.company_id FROM unnest(companies) AS c WHERE c.error IS NULL)
      ORDER BY l.company_id
        FOR UPDATE;

    -- Keys that are given replace what is stored; rows that stay the same are not written.
    UPDATE brim.lead AS l
       SET company_name = n.company_name, domain = n.domain, contact_name = n.contact_name,
           contact_email = n.contact_email, employee_count = n.employee_count, industry = n.industry,
           funding_stage = n.funding_stage, tech_stack = n.tech_stack, recent_job_posts = n.recent_job_posts,
           news_mentions = n.news_mentions, country = n.country, timezone = n.timezone,
           attributes = a.attributes, model = coalesce(store_companies.model, o.model)
      FROM (SELECT DISTINCT ON (c.company_id) c.* FROM unnest(companies) AS c
             WHERE c.error IS NULL ORDER BY c.company_id, c.ordinal DESC) AS b
      JOIN brim.lead AS o ON o.company_id = b.company_id
     CROSS JOIN LATERAL jsonb_populate_record(o, b.company - 'attributes' - 'company_id') AS n
     CROSS JOIN LATERAL (SELECT (CASE WHEN jsonb_typeof(b.company -> 'attributes') = 'object' THEN b.company -> 'attributes'
                                      WHEN b.company ? 'attributes' THEN '{}'
                                      ELSE o.attributes END || b.attributes) - coalesce(b.cleared, '{}') AS attributes) AS a
     WHERE l.company_id = o.company_id
       AND (l.company_name, l.domain, l.contact_name, l.contact_email, l.employee_count, l.industry, l.funding_stage,
            l.tech_stack, l.recent_job_posts, l.news_mentions, l.country, l.timezone, l.attributes, l.model)
           IS DISTINCT FROM
           (n.company_name, n.domain, n.contact_name, n.contact_email, n.employee_count, n.industry, n.funding_stage,
            n.tech_stack, n.recent_job_posts, n.news_mentions, n.country, n.timezone, a.attributes,
            coalesce(store_companies.model, o.model));
END;
$$;
COMMENT ON FUNCTION brim.store_companies(brim.checked_company[], text) IS
    'Stores checked companies: new ones are inserted, known ones get the keys that were given';
REVOKE EXECUTE ON FUNCTION brim.store_companies(brim.checked_company[], text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_score_company(company jsonb, model text DEFAULT NULL) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_checked brim.checked_company;
BEGIN
    IF company IS NULL THEN
        RAISE EXCEPTION 'company must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;

    SELECT c.* INTO v_checked FROM brim.check_companies(jsonb_build_array(company)) AS c;
    IF v_checked.error IS NOT NULL THEN
        RAISE EXCEPTION 'invalid company: %', v_checked.error
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A company is a JSON object with the columns of brim.lead as its keys; company_name is required.';
    END IF;

    PERFORM brim.store_companies(ARRAY[v_checked], model);
    RETURN (SELECT jsonb_build_object('company_id', l.company_id, 'fit_score', l.fit_score, 'intent_score', l.intent_score,
                                      'total_score', l.total_score, 'confidence', l.confidence,
                                      'reasoning', @extschema@.brim_explain(l, l.model) -> 'reasoning', 'action', l.action)
              FROM brim.lead AS l WHERE l.company_id = v_checked.company_id);
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_score_company(jsonb, text) IS
    'Stores a company given as JSON, scores it and queues its e-mails when it qualifies; returns scores, reasons and '
    'action';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_score_company(jsonb, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_score_batch(companies jsonb, model text DEFAULT NULL)
    RETURNS TABLE (ordinal bigint, company_id text, total_score integer, action text, error text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_checked brim.checked_company[];
BEGIN
    IF companies IS NULL OR jsonb_typeof(companies) <> 'array' THEN
        RAISE EXCEPTION 'companies must be a JSON array, found %', coalesce(jsonb_typeof(companies), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For a single company use brim_score_company().';
    END IF;

    v_checked := ARRAY(SELECT c FROM brim.check_companies(companies) AS c);
    PERFORM brim.store_companies(v_checked, model);
    RETURN QUERY
    SELECT c.ordinal, c.company_id, l.total_score, l.action, c.error
      FROM unnest(v_checked) AS c
      LEFT JOIN brim.lead AS l ON l.company_id = c.company_id
     ORDER BY c.ordinal;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_score_batch(jsonb, text) IS
    'The same for an array of companies in one pass; a bad element is reported by its ordinal, the good ones are kept';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_score_batch(jsonb, text) FROM PUBLIC;
