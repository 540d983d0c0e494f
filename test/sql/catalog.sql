-- Promise: each object says what it is. COMMENTs are read by \d+, by BI tools and by whoever takes this over.
\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS brim;
CREATE EXTENSION brim;
RESET client_min_messages;
\pset format unaligned

-- The columns of tables, views and types without a comment: none.
SELECT c.relname, a.attname
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'brim'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
   AND btrim(coalesce(col_description(c.oid, a.attnum), '')) = ''
 ORDER BY 1, a.attnum;

-- The other objects of the extension without one: none. Triggers, constraints and indexes speak by their names.
SELECT pg_describe_object(d.classid, d.objid, 0) AS object
  FROM pg_depend AS d
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
   AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'brim')
   AND btrim(coalesce(obj_description(d.objid, d.classid::regclass::name), '')) = ''
   AND NOT (d.classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type AS t WHERE t.oid = d.objid AND (t.typelem <> 0 OR t.typrelid <> 0)))
   AND NOT (d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class AS c WHERE c.oid = d.objid AND c.relkind IN ('c', 'S')))
 ORDER BY 1;

-- A comment says more than the name of the column.
SELECT c.relname, a.attname, col_description(c.oid, a.attnum) AS comment
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'brim'::regnamespace AND c.relkind IN ('r', 'p', 'c')
   AND lower(regexp_replace(col_description(c.oid, a.attnum), '^(the|a|an) |\W', '', 'gi')) = replace(a.attname, '_', '')
 ORDER BY 1, a.attnum;

SET client_min_messages = warning;
DROP EXTENSION brim;
