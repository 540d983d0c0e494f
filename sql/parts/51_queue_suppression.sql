-- The do-not-contact list, operated from psql.

CREATE FUNCTION brim.suppression_value(kind text, value text) RETURNS text
    IMMUTABLE LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_value text := btrim(value);
    v_problem text;
BEGIN
    IF kind IS NULL OR kind NOT IN ('address', 'domain', 'company') THEN
        RAISE EXCEPTION 'invalid kind %', coalesce(quote_literal(left(kind, 100)), 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'A kind is address, domain or company.';
    END IF;
    IF kind = 'address' THEN
        v_value := lower(v_value COLLATE "C");
        v_problem := coalesce(brim.address_problem(v_value), CASE WHEN v_value IS NULL THEN 'is null' END);
    ELSIF kind = 'domain' THEN
        v_value := brim.domain_host(ltrim(v_value, '@'));
        v_problem := CASE WHEN v_value IS NULL THEN 'is null'
                          WHEN v_value !~ '^[[:alnum:]_-]+([.][[:alnum:]_-]+)+$' THEN 'is not a domain such as example.com'
                          WHEN length(v_value) > 253 THEN 'is too long' END;
    ELSE
        v_problem := CASE WHEN coalesce(v_value, '') = '' THEN 'is empty' WHEN length(v_value) > 500 THEN 'is too long' END;
    END IF;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '% % %', kind, coalesce(quote_literal(left(v_value, 300)), 'NULL'), v_problem
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN v_value;
END;
$$;
COMMENT ON FUNCTION brim.suppression_value(text, text) IS 'The value as brim.suppression keeps it; an error when it cannot be one';
REVOKE EXECUTE ON FUNCTION brim.suppression_value(text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_suppress(kind text, value text, reason text DEFAULT '') RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_value text := brim.suppression_value(kind, value);
    v_new boolean;
BEGIN
    INSERT INTO brim.suppression (kind, value, reason)
    VALUES (brim_suppress.kind, v_value, left(coalesce(brim_suppress.reason, ''), 20000))
        ON CONFLICT ON CONSTRAINT suppression_pkey DO NOTHING;
    v_new := FOUND;
    INSERT INTO brim.event (event_type, company_id, data)
    SELECT 'contact_suppressed', CASE WHEN brim_suppress.kind = 'company' THEN v_value END,
           jsonb_build_object('by', session_user, 'kind', brim_suppress.kind, 'value', v_value,
                              'reason', left(coalesce(brim_suppress.reason, ''), 20000))
     WHERE v_new;
    RETURN v_new;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_suppress(text, text, text) IS
    'Puts an address, domain or company on the do-not-contact list and takes what waits for it out of the queue; true '
    'when it is new there';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_suppress(text, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.brim_unsuppress(kind text, value text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_value text := brim.suppression_value(kind, value);
    v_found boolean;
BEGIN
    DELETE FROM brim.suppression AS s WHERE s.kind = brim_unsuppress.kind AND s.value = v_value;
    v_found := FOUND;
    INSERT INTO brim.event (event_type, company_id, data)
    SELECT 'contact_unsuppressed', CASE WHEN brim_unsuppress.kind = 'company' THEN v_value END,
           jsonb_build_object('by', session_user, 'kind', brim_unsuppress.kind, 'value', v_value)
     WHERE v_found;
    RETURN v_found;
END;
$$;
COMMENT ON FUNCTION @extschema@.brim_unsuppress(text, text) IS
    'Takes an entry off the do-not-contact list; e-mails that it stopped stay stopped';
REVOKE EXECUTE ON FUNCTION @extschema@.brim_unsuppress(text, text) FROM PUBLIC;
