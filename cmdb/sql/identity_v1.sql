-- Which item claims which identity. In mode "enforce" a second claim is refused, in mode "report" it stands
-- in the work list of duplicates; "off" claims nothing. Ended items and known duplicates claim nothing.
CREATE TABLE cmdb.identity (
    rule_id bigint NOT NULL,
    item_id bigint NOT NULL,
    key text NOT NULL,
    is_enforced boolean NOT NULL,
    PRIMARY KEY (rule_id, item_id)
);
CREATE INDEX cmdb_identity_by_item ON cmdb.identity (item_id);
CREATE INDEX cmdb_identity_by_key ON cmdb.identity (key);
CREATE UNIQUE INDEX cmdb_item_identity_is_unique ON cmdb.identity (rule_id, key) WHERE is_enforced;
GRANT SELECT ON cmdb.identity TO PUBLIC;

CREATE TYPE cmdb.claim AS (rule_id bigint, item_id bigint, key text);

-- What these items claim now. OFFSET 0 keeps the planner from computing each key twice.
CREATE FUNCTION cmdb.identity_claims_v1(ids bigint[]) RETURNS SETOF cmdb.claim
LANGUAGE sql STABLE AS $$
    SELECT rule_id, item_id, key FROM (
        SELECT rule.id AS rule_id, item.id AS item_id, cmdb.identity_key_v1(rule.fields, item) AS key
        FROM public.cmdb_configurationitem item
        JOIN cmdb.type_lineage line ON line.type_id = item.type_id
        JOIN public.cmdb_citype owner ON owner.id = line.ancestor_id AND owner.identity_mode <> 'off'
        JOIN public.cmdb_identityrule rule ON rule.type_id = owner.id
        WHERE item.id = ANY (ids) AND item.duplicate_of_id IS NULL
            AND item.lifecycle_stage NOT IN ('retired', 'disposed')
        OFFSET 0
    ) AS claim WHERE key IS NOT NULL
$$;

-- As it was at first; claim_for_items_v1.sql replaces it.
CREATE FUNCTION cmdb.claim_for_items_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ids bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(id) INTO ids FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM cmdb.identity WHERE item_id IN (SELECT id FROM old_rows);
    ELSE
        SELECT array_agg(new_rows.id) INTO ids FROM new_rows JOIN old_rows USING (id)
        WHERE (new_rows.type_id, new_rows.name, new_rows.serial, new_rows.primary_ip, new_rows.attributes,
               new_rows.lifecycle_stage, new_rows.duplicate_of_id)
            IS DISTINCT FROM
              (old_rows.type_id, old_rows.name, old_rows.serial, old_rows.primary_ip, old_rows.attributes,
               old_rows.lifecycle_stage, old_rows.duplicate_of_id);
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM cmdb.claim_identity_v1(ids);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER cmdb_item_identity_insert AFTER INSERT ON public.cmdb_configurationitem
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cmdb.claim_for_items_v1();
CREATE TRIGGER cmdb_item_identity_update AFTER UPDATE ON public.cmdb_configurationitem
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cmdb.claim_for_items_v1();
CREATE TRIGGER cmdb_item_identity_delete AFTER DELETE ON public.cmdb_configurationitem
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cmdb.claim_for_items_v1();
