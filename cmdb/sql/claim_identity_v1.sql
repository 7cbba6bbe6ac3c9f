-- The claims of these items are stored; a new claim on an identity that is taken is refused. Each statement has one
-- way to be carried out, however many rows the cached plan was made for: differences as set operations, which hash;
-- names only for the one clash that is told; what others hold by the index of keys. (For a table that looked empty
-- the planner took the rule's index instead and read, for each of 30,000 new disks, all claims under their rule: a
-- quarter of an hour. "+ 0" keeps the rule out of the choice.) One plan for all calls: planning anew took three
-- times as long as claiming the identity of one item.
CREATE OR REPLACE FUNCTION cmdb.claim_identity_v1(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    enforced bigint[];
    claims cmdb.claim[];
    gone cmdb.claim[];
    fresh cmdb.claim[];
    taken record;
    clash record;
BEGIN
    SELECT array_agg(claim) INTO claims FROM cmdb.identity_claims_v1(ids) AS claim;
    SELECT array_agg(ROW (rule_id, item_id, key)::cmdb.claim) INTO gone FROM (
        SELECT rule_id, item_id, key FROM cmdb.identity WHERE item_id = ANY (ids)
        EXCEPT SELECT rule_id, item_id, key FROM unnest(claims)
    ) AS old_claims;
    IF gone IS NOT NULL THEN
        DELETE FROM cmdb.identity WHERE ctid = ANY (ARRAY (
            SELECT old.place FROM unnest(gone) AS claim
            CROSS JOIN LATERAL (
                SELECT held.ctid AS place FROM cmdb.identity held
                WHERE held.rule_id = claim.rule_id AND held.item_id = claim.item_id LIMIT 1
            ) AS old
        ));
    END IF;
    SELECT array_agg(ROW (rule_id, item_id, key)::cmdb.claim) INTO fresh FROM (
        SELECT rule_id, item_id, key FROM unnest(claims)
        EXCEPT SELECT rule_id, item_id, key FROM cmdb.identity WHERE item_id = ANY (ids)
    ) AS new_claims;
    IF fresh IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(rule.id) INTO enforced FROM public.cmdb_identityrule rule
    JOIN public.cmdb_citype owner ON owner.id = rule.type_id AND owner.identity_mode = 'enforce';
    SELECT * INTO taken FROM (
        SELECT claim.rule_id, claim.item_id, other.item_id AS other_id
        FROM unnest(fresh) AS claim
        CROSS JOIN LATERAL (
            SELECT held.item_id FROM cmdb.identity held
            WHERE held.key = claim.key AND held.rule_id + 0 = claim.rule_id AND held.item_id <> claim.item_id LIMIT 1
        ) AS other
        WHERE claim.rule_id = ANY (enforced)
        UNION ALL
        SELECT rule_id, max(item_id), min(item_id) FROM unnest(fresh)
        WHERE rule_id = ANY (enforced) GROUP BY rule_id, key HAVING count(*) > 1
    ) AS clashes LIMIT 1;
    IF FOUND THEN
        SELECT rule.label, item.id AS item_id, item.name, kind.key || ':' || other.name AS address INTO clash
        FROM public.cmdb_identityrule rule, public.cmdb_configurationitem item, public.cmdb_configurationitem other
        JOIN public.cmdb_citype kind ON kind.id = other.type_id
        WHERE rule.id = taken.rule_id AND item.id = taken.item_id AND other.id = taken.other_id;
        RAISE EXCEPTION '% is the same as % by the rule "%"', clash.name, clash.address, clash.label
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'cmdb_item_identity_is_unique',
                DETAIL = jsonb_build_object('item', clash.item_id, 'name', clash.name, 'other', clash.address,
                    'rule', clash.label)::text;
    END IF;
    INSERT INTO cmdb.identity (rule_id, item_id, key, is_enforced)
    SELECT rule_id, item_id, key, rule_id = ANY (coalesce(enforced, '{}')) FROM unnest(fresh);
END $$;
REVOKE EXECUTE ON FUNCTION cmdb.claim_identity_v1(bigint[]) FROM PUBLIC;
