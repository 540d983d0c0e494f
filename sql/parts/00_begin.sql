\echo Use "CREATE EXTENSION brim" to load this file. \quit

/*
 * Everything below is written with its schema in front.  The path holds
 * nothing but pg_catalog, so that no object of somebody else's can take part
 * in what is created here.
 */
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

DO $$
BEGIN
    IF '@extschema@' = 'brim' THEN
        RAISE EXCEPTION 'extension "brim" cannot be created in schema "brim"'
            USING ERRCODE = 'invalid_schema_name',
                  HINT = 'Its tables have that schema to themselves; name one for its functions: CREATE EXTENSION brim SCHEMA public;';
    END IF;
END;
$$;

CREATE SCHEMA brim;
COMMENT ON SCHEMA brim IS 'brim: leads, scoring rules, outreach queue and analytics';
