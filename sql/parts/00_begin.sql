\echo Use "CREATE EXTENSION brim" to load this file. \quit

/*
 * Everything below is written with its schema in front.  The path holds
 * nothing but pg_catalog, so that no object of somebody else's can take part
 * in what is created here.
 */
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

CREATE SCHEMA brim;
COMMENT ON SCHEMA brim IS 'brim: leads, scoring rules, outreach queue and analytics';
