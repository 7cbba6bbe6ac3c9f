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
CREATE INDEX cmdb_identity_by_key ON cmdb.identity (rule_id, key);
CREATE UNIQUE INDEX cmdb_item_identity_is_unique ON cmdb.identity (rule_id, key) WHERE is_enforced;
GRANT SELECT ON cmdb.identity TO PUBLIC;

-- What these items claim now.
CREATE FUNCTION cmdb.identity_claims_v1(ids bigint[])
RETURNS TABLE (rule_id bigint, item_id bigint, key text, is_enforced boolean, label text)
LANGUAGE sql STABLE AS $$
    SELECT claim.* FROM (
        SELECT rule.id, item.id, cmdb.identity_key_v1(rule.fields, item) AS key,
            owner.identity_mode = 'enforce', rule.label
        FROM public.cmdb_configurationitem item
        JOIN cmdb.type_lineage line ON line.type_id = item.type_id
        JOIN public.cmdb_citype owner ON owner.id = line.ancestor_id AND owner.identity_mode <> 'off'
        JOIN public.cmdb_identityrule rule ON rule.type_id = owner.id
        WHERE item.id = ANY (ids) AND item.duplicate_of_id IS NULL
            AND item.lifecycle_stage NOT IN ('retired', 'disposed')
        OFFSET 0 -- a fence: the key is computed once, not again for the filter
    ) AS claim WHERE claim.key IS NOT NULL
$$;

-- The claims of these items are stored; a new claim on an identity that is taken is refused. Others' claims are
-- found through the index, so that the cost follows the items written, not the items that stand.
CREATE FUNCTION cmdb.claim_identity_v1(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    claims cmdb.identity[];
    clash record;
BEGIN
    SELECT array_agg(ROW (claim.rule_id, claim.item_id, claim.key, claim.is_enforced)::cmdb.identity)
    INTO claims FROM cmdb.identity_claims_v1(ids) claim;
    DELETE FROM cmdb.identity held WHERE held.item_id = ANY (ids) AND NOT EXISTS (
        SELECT FROM unnest(claims) claim
        WHERE (claim.rule_id, claim.item_id, claim.key) = (held.rule_id, held.item_id, held.key));
    WITH fresh AS MATERIALIZED (
        SELECT claim.*, min(claim.item_id) OVER same AS first_id, max(claim.item_id) OVER same AS last_id
        FROM unnest(claims) claim
        WINDOW same AS (PARTITION BY claim.rule_id, claim.key)
    )
    SELECT rule.label, item.id AS item_id, item.name, other.id AS other_id, kind.key || ':' || other.name AS address
    INTO clash
    FROM fresh
    CROSS JOIN LATERAL (
        SELECT held.item_id FROM cmdb.identity held
        WHERE held.rule_id = fresh.rule_id AND held.key = fresh.key AND held.item_id <> fresh.item_id
        UNION ALL
        SELECT CASE fresh.item_id WHEN fresh.first_id THEN fresh.last_id ELSE fresh.first_id END
        WHERE fresh.first_id <> fresh.last_id
        LIMIT 1
    ) taken
    JOIN public.cmdb_identityrule rule ON rule.id = fresh.rule_id
    JOIN public.cmdb_configurationitem item ON item.id = fresh.item_id
    JOIN public.cmdb_configurationitem other ON other.id = taken.item_id
    JOIN public.cmdb_citype kind ON kind.id = other.type_id
    WHERE fresh.is_enforced AND NOT EXISTS (
        SELECT FROM cmdb.identity held WHERE (held.rule_id, held.item_id) = (fresh.rule_id, fresh.item_id))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is the same as % by the rule "%"', clash.name, clash.address, clash.label
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'cmdb_item_identity_is_unique', DETAIL =
                jsonb_build_object('item', clash.item_id, 'name', clash.name, 'other', clash.address, 'rule', clash.label)::text;
    END IF;
    INSERT INTO cmdb.identity (rule_id, item_id, key, is_enforced)
    SELECT claim.rule_id, claim.item_id, claim.key, claim.is_enforced FROM unnest(claims) claim
    ON CONFLICT (rule_id, item_id) DO NOTHING;
END $$;
REVOKE EXECUTE ON FUNCTION cmdb.claim_identity_v1(bigint[]) FROM PUBLIC;

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
