-- name: describe_tables(app_role)
-- The tables of the schema public as PostgreSQL has them, and what `app_role` may do with each. Names as SQL writes
-- them. NOT NULL is told of the columns alone: as a constraint (from PostgreSQL 18 on) it depends on the version.
WITH ours AS (
    SELECT oid, relname, relowner, relpersistence, relrowsecurity
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
),
rule AS (
    SELECT
        conrelid AS oid,
        conindid,
        contype,
        quote_ident(conname) AS name,
        pg_get_constraintdef(pg_constraint.oid) AS definition,
        ARRAY(
            SELECT quote_ident(attname)
            FROM pg_attribute
            WHERE attrelid = conrelid AND attnum = ANY (conkey)
            ORDER BY attname
        ) AS columns
    FROM pg_constraint
    WHERE contype IN ('c', 'f', 'p', 'u', 'x')
),
entry AS (
    SELECT
        indrelid AS oid,
        quote_ident(pg_class.relname) AS name,
        pg_get_indexdef(indexrelid) AS definition,
        indisvalid AS is_valid,
        indisunique AND indisvalid AS is_limit,
        EXISTS (SELECT FROM rule WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')) AS is_of_constraint,
        ARRAY(
            SELECT quote_ident(attname)
            FROM pg_attribute
            WHERE attrelid = indrelid AND attnum = ANY (indkey)
            ORDER BY attname
        ) AS columns
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
)
SELECT
    quote_ident(ours.relname) AS name,
    (
        SELECT coalesce(jsonb_object_agg(quote_ident(attname), jsonb_build_object(
            'type', format_type(atttypid, atttypmod),
            'is_nullable', NOT attnotnull,
            'default', CASE WHEN attgenerated = '' THEN pg_get_expr(adbin, adrelid) END,
            'identity', CASE attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
            'generated', CASE attgenerated
                WHEN 's' THEN '(' || pg_get_expr(adbin, adrelid) || ') STORED'
                WHEN 'v' THEN '(' || pg_get_expr(adbin, adrelid) || ') VIRTUAL'
            END
        )), '{}')
        FROM pg_attribute
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
    ) AS columns,
    (
        SELECT coalesce(jsonb_object_agg(rule.name, rule.definition), '{}')
        FROM rule
        WHERE rule.oid = ours.oid
    ) AS constraints,
    (
        SELECT coalesce(jsonb_object_agg(entry.name, entry.definition), '{}')
        FROM entry
        WHERE entry.oid = ours.oid AND NOT entry.is_of_constraint
    ) AS indexes,
    (
        SELECT coalesce(jsonb_object_agg(quote_ident(tgname), jsonb_build_object(
            'definition', pg_get_triggerdef(pg_trigger.oid),
            'function', pg_get_functiondef(tgfoid),
            'is_enabled', tgenabled <> 'D'
        )), '{}')
        FROM pg_trigger
        WHERE tgrelid = ours.oid AND NOT tgisinternal
    ) AS triggers,
    ARRAY(
        SELECT entry.name
        FROM entry
        WHERE entry.oid = ours.oid AND NOT entry.is_valid
        ORDER BY entry.name
    ) AS invalid_indexes,
    (
        SELECT coalesce(jsonb_object_agg(limits.name, limits.columns), '{}')
        FROM (
            SELECT rule.name, rule.columns FROM rule WHERE rule.oid = ours.oid
            UNION ALL
            SELECT entry.name, entry.columns
            FROM entry
            WHERE entry.oid = ours.oid AND entry.is_limit AND NOT entry.is_of_constraint
        ) AS limits
    ) AS limits,
    ARRAY(
        SELECT privilege
        FROM unnest(ARRAY['DELETE', 'INSERT', 'REFERENCES', 'SELECT', 'TRIGGER', 'TRUNCATE', 'UPDATE']) AS privilege
        WHERE has_table_privilege(:app_role, ours.oid, privilege)
    ) AS privileges,
    ARRAY(
        SELECT privilege
        FROM unnest(ARRAY['INSERT', 'REFERENCES', 'SELECT', 'UPDATE']) AS privilege
        WHERE has_any_column_privilege(:app_role, ours.oid, privilege)
            AND NOT has_table_privilege(:app_role, ours.oid, privilege)
    ) AS privileges_of_columns,
    ours.relpersistence <> 'u' AS is_logged,
    ours.relrowsecurity AS has_row_security,
    EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = ours.oid AND tgisinternal AND tgenabled = 'D'
    ) AS has_disabled_foreign_keys
FROM ours
ORDER BY ours.relname;

-- name: describe_role(app_role, tables)^
-- What `app_role` may do beside its rights on tables; `owners`: as which owners of these tables it can act.
SELECT
    quote_ident(rolname) AS name,
    rolsuper AS is_superuser,
    ARRAY(
        SELECT DISTINCT quote_ident(pg_get_userbyid(relowner))
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
            AND relname = ANY (:tables)
            AND pg_has_role(pg_roles.oid, relowner, 'USAGE')
        ORDER BY 1
    ) AS owners,
    ARRAY(
        SELECT privilege
        FROM unnest(ARRAY['CREATE', 'USAGE']) AS privilege
        WHERE has_schema_privilege(pg_roles.oid, 'public', privilege)
    ) AS privileges
FROM pg_roles
WHERE rolname = :app_role;
