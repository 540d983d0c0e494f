-- What the worker's statements are built from.

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

CREATE FUNCTION brim.template_choice(generation_id bigint)
    RETURNS TABLE (variant text, subject text, body text, names text[], vals text[])
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT v.name, t.subject, t.body,
           ARRAY['company_name', 'contact_name', 'contact_first_name', 'industry', 'employee_count',
                 'country', 'product_name', 'product_pitch', 'sender_name'],
           ARRAY[l.company_name, l.contact_name, split_part(btrim(l.contact_name), ' ', 1), l.industry,
                 nullif(l.employee_count, 0)::text, l.country, c.product_name, c.product_pitch, c.sender_name]
      FROM brim.generation AS g
      JOIN brim.campaign AS c ON c.name = g.campaign
      JOIN brim.lead AS l ON l.company_id = g.company_id
      JOIN brim.variant AS v ON v.campaign = g.campaign AND v.is_active
     CROSS JOIN LATERAL (
               SELECT m.subject, m.body
                 FROM brim.template AS m
                WHERE m.industry IN (lower(coalesce(l.industry, '')), '')
                  AND m.variant IN (v.name, '')
                ORDER BY m.industry <> '' DESC, m.variant <> '' DESC, m.is_shipped
                LIMIT 1) AS t
     WHERE g.generation_id = template_choice.generation_id
     ORDER BY v.name;
END;
COMMENT ON FUNCTION brim.template_choice(bigint) IS
    'The template for each active variant of a generation: by industry and variant, else by industry, else by '
    'variant, else the default; with what fills its blanks';
REVOKE EXECUTE ON FUNCTION brim.template_choice(bigint) FROM PUBLIC;

CREATE FUNCTION brim.email_footer(sender_name text, product_name text, postal_address text) RETURNS text
    STABLE PARALLEL SAFE LANGUAGE sql
RETURN concat_ws(chr(10), '-- ', nullif(concat_ws(', ', nullif(btrim(sender_name), ''), nullif(btrim(product_name), '')), ''),
                 btrim(postal_address), '',
                 'If you would rather not hear from us, reply with "unsubscribe" and we will not write again.');
COMMENT ON FUNCTION brim.email_footer(text, text, text) IS 'The lines below every e-mail: who writes, the postal address, the way out';
REVOKE EXECUTE ON FUNCTION brim.email_footer(text, text, text) FROM PUBLIC;
