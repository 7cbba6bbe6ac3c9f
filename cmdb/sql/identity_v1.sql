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

-- The claims of these items are stored; a new claim on an identity that is taken is refused. Set operations
-- instead of anti-joins: they hash, whatever number of rows the cached plan was made for; others' claims are
-- found through the index, so that the cost follows the items written, not the items that stand. One plan for
-- all calls: planning anew took three times as long as claiming the identity of one item; and by index, because
-- the plan may have been made when the tables were empty.
CREATE FUNCTION cmdb.claim_identity_v1(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    claims cmdb.claim[];
    gone cmdb.claim[];
    fresh cmdb.claim[];
    clash record;
BEGIN
    SELECT array_agg(claim) INTO claims FROM cmdb.identity_claims_v1(ids) AS claim;
    SELECT array_agg(ROW (rule_id, item_id, key)::cmdb.claim) INTO gone FROM (
        SELECT rule_id, item_id, key FROM cmdb.identity WHERE item_id = ANY (ids)
        EXCEPT SELECT rule_id, item_id, key FROM unnest(claims)
    ) AS old_claims;
    IF gone IS NOT NULL THEN
        DELETE FROM cmdb.identity held USING unnest(gone) AS claim
        WHERE held.rule_id = claim.rule_id AND held.item_id = claim.item_id;
    END IF;
    SELECT array_agg(ROW (rule_id, item_id, key)::cmdb.claim) INTO fresh FROM (
        SELECT rule_id, item_id, key FROM unnest(claims)
        EXCEPT SELECT rule_id, item_id, key FROM cmdb.identity WHERE item_id = ANY (ids)
    ) AS new_claims;
    IF fresh IS NULL THEN
        RETURN;
    END IF;
    SELECT rule.label, item.id AS item_id, item.name, kind.key || ':' || other.name AS address INTO clash
    FROM (
        SELECT claim.rule_id, claim.item_id, other.item_id AS other_id
        FROM unnest(fresh) AS claim
        CROSS JOIN LATERAL (
            SELECT held.item_id FROM cmdb.identity held
            WHERE held.rule_id = claim.rule_id AND held.key = claim.key AND held.item_id <> claim.item_id LIMIT 1
        ) AS other
        UNION ALL
        SELECT rule_id, max(item_id), min(item_id) FROM unnest(fresh) GROUP BY rule_id, key HAVING count(*) > 1
    ) AS taken
    JOIN public.cmdb_identityrule rule ON rule.id = taken.rule_id
    JOIN public.cmdb_citype owner ON owner.id = rule.type_id AND owner.identity_mode = 'enforce'
    JOIN public.cmdb_configurationitem item ON item.id = taken.item_id
    JOIN public.cmdb_configurationitem other ON other.id = taken.other_id
    JOIN public.cmdb_citype kind ON kind.id = other.type_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is the same as % by the rule "%"', clash.name, clash.address, clash.label
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'cmdb_item_identity_is_unique',
                DETAIL = jsonb_build_object('item', clash.item_id, 'name', clash.name, 'other', clash.address,
                    'rule', clash.label)::text;
    END IF;
    INSERT INTO cmdb.identity (rule_id, item_id, key, is_enforced)
    SELECT claim.rule_id, claim.item_id, claim.key, owner.identity_mode = 'enforce'
    FROM unnest(fresh) AS claim
    JOIN public.cmdb_identityrule rule ON rule.id = claim.rule_id
    JOIN public.cmdb_citype owner ON owner.id = rule.type_id;
END $$;
REVOKE EXECUTE ON FUNCTION cmdb.claim_identity_v1(bigint[]) FROM PUBLIC;

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
