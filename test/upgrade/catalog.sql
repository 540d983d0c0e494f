/*
 * What the extension is made of, a line a fact, by name: so that a database that
 * was updated can be compared with a fresh one.  Columns are ordered by name, since
 * those that an update adds go last.
 */
WITH members AS (
    SELECT d.classid, d.objid
      FROM pg_depend AS d
      JOIN pg_extension AS e ON e.oid = d.refobjid
     WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'brim'
), relations AS (
    SELECT c.* FROM pg_class AS c JOIN members AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
), functions AS (
    SELECT p.* FROM pg_proc AS p JOIN members AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
), facts (fact) AS (
    SELECT format('member %s %s', i.type, i.identity)
      FROM members AS m CROSS JOIN LATERAL pg_identify_object(m.classid, m.objid, 0) AS i
    UNION ALL
    SELECT format('comment on %s: %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)
      FROM pg_description AS d
     WHERE (d.classoid, d.objoid) IN (SELECT m.classid, m.objid FROM members AS m)
        OR d.classoid IN ('pg_trigger'::regclass, 'pg_constraint'::regclass)
    UNION ALL
    SELECT format('relation %s kind %s persistence %s options %s row security %s %s', c.oid::regclass, c.relkind, c.relpersistence,
                  c.reloptions, c.relrowsecurity, c.relforcerowsecurity)
      FROM relations AS c
    UNION ALL
    SELECT format('column %s.%s %s not null %s default %s identity %s generated %s collation %s storage %s statistics %s', c.oid::regclass, a.attname,
                  format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(x.adbin, x.adrelid), a.attidentity, a.attgenerated,
                  a.attcollation::regcollation, a.attstorage, coalesce(nullif(a.attstattarget, -1)::text, ''))
      FROM relations AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef AS x ON x.adrelid = a.attrelid AND x.adnum = a.attnum
     WHERE c.relkind <> 'S'
    UNION ALL
    SELECT format('constraint %s on %s: %s deferrable %s %s valid %s', x.conname, x.conrelid::regclass, pg_get_constraintdef(x.oid),
                  x.condeferrable, x.condeferred, x.convalidated)
      FROM pg_constraint AS x JOIN relations AS c ON c.oid = x.conrelid
    UNION ALL
    SELECT format('index %s: %s valid %s clustered %s replica %s', i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), i.indisvalid,
                  i.indisclustered, i.indisreplident)
      FROM pg_index AS i JOIN relations AS c ON c.oid = i.indrelid
    UNION ALL
    SELECT format('trigger %s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
      FROM pg_trigger AS t JOIN relations AS c ON c.oid = t.tgrelid
     WHERE NOT t.tgisinternal
    UNION ALL
    SELECT format('internal trigger of %s on %s enabled %s', x.conname, t.tgrelid::regclass, t.tgenabled)
      FROM pg_trigger AS t JOIN relations AS c ON c.oid = t.tgrelid JOIN pg_constraint AS x ON x.oid = t.tgconstraint
     WHERE t.tgisinternal
    UNION ALL
    SELECT format('view %s: %s', c.oid::regclass, pg_get_viewdef(c.oid))
      FROM relations AS c
     WHERE c.relkind = 'v'
    UNION ALL
    SELECT format('rule %s', pg_get_ruledef(r.oid))
      FROM pg_rewrite AS r JOIN relations AS c ON c.oid = r.ev_class
     WHERE r.rulename <> '_RETURN'
    UNION ALL
    SELECT format('policy %s on %s', p.polname, c.oid::regclass)
      FROM pg_policy AS p JOIN relations AS c ON c.oid = p.polrelid
    UNION ALL
    SELECT format('sequence %s: %s', c.oid::regclass, to_jsonb(s) - 'seqrelid')
      FROM relations AS c JOIN pg_sequence AS s ON s.seqrelid = c.oid
    UNION ALL
    SELECT format('function %s', pg_get_functiondef(p.oid))
      FROM functions AS p
     WHERE p.prokind <> 'a'
    UNION ALL
    SELECT format('type %s: %s', t.oid::regtype, (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
                                                    FROM pg_attribute AS a WHERE a.attrelid = t.typrelid))
      FROM pg_type AS t JOIN members AS m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
      LEFT JOIN pg_class AS c ON c.oid = t.typrelid
     WHERE t.typtype <> 'c' OR c.relkind = 'c'
    UNION ALL
    SELECT format('privilege on %s: %s to %s%s', x.object, a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                  CASE WHEN a.is_grantable THEN ' with grant option' END)
      FROM (SELECT c.oid::regclass::text AS object, coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) AS acl
              FROM relations AS c
             WHERE c.relkind <> 'c'
            UNION ALL
            SELECT p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner)) FROM functions AS p
            UNION ALL
            SELECT format('column %s.%s', c.oid::regclass, t.attname), t.attacl
              FROM relations AS c JOIN pg_attribute AS t ON t.attrelid = c.oid
             WHERE t.attacl IS NOT NULL
            UNION ALL
            SELECT 'schema ' || n.nspname, n.nspacl FROM pg_namespace AS n WHERE n.nspname = 'brim') AS x
     CROSS JOIN LATERAL aclexplode(x.acl) AS a
    UNION ALL
    SELECT format('dumped %s %s', x.relation::regclass, e.extcondition[x.n])
      FROM pg_extension AS e CROSS JOIN LATERAL unnest(e.extconfig) WITH ORDINALITY AS x (relation, n)
     WHERE e.extname = 'brim'
    UNION ALL
    SELECT format('extension %s version %s relocatable %s', e.extname, e.extversion, e.extrelocatable)
      FROM pg_extension AS e
     WHERE e.extname = 'brim'
)
SELECT f.fact FROM facts AS f ORDER BY f.fact COLLATE "C";
