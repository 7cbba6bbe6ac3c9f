-- A new, edited or removed rule, another mode or another place in the tree rebuilds the claims. Duplicates
-- that stand already are never refused: they stay unenforced, in the work list, until they are resolved.
CREATE FUNCTION cmdb.rebuild_identity_v1() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('cmdb.identity'));
    DELETE FROM cmdb.identity;
    INSERT INTO cmdb.identity (rule_id, item_id, key, is_enforced)
    SELECT claim.rule_id, claim.item_id, claim.key,
        owner.identity_mode = 'enforce' AND count(*) OVER (PARTITION BY claim.rule_id, claim.key) = 1
    FROM cmdb.identity_claims_v1((SELECT array_agg(id) FROM public.cmdb_configurationitem)) AS claim
    JOIN public.cmdb_identityrule rule ON rule.id = claim.rule_id
    JOIN public.cmdb_citype owner ON owner.id = rule.type_id;
END $$;
REVOKE EXECUTE ON FUNCTION cmdb.rebuild_identity_v1() FROM PUBLIC;

CREATE FUNCTION cmdb.rebuild_identity_of_rule_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM cmdb.rebuild_identity_v1();
    RETURN NULL;
END $$;

CREATE TRIGGER cmdb_identityrule_rebuild AFTER INSERT OR UPDATE OR DELETE ON public.cmdb_identityrule
    FOR EACH STATEMENT EXECUTE FUNCTION cmdb.rebuild_identity_of_rule_v1();

CREATE FUNCTION cmdb.rebuild_identity_of_type_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_rows JOIN old_rows USING (id)
        WHERE (new_rows.identity_mode, new_rows.parent_id) IS DISTINCT FROM (old_rows.identity_mode, old_rows.parent_id)
    ) THEN
        PERFORM cmdb.rebuild_identity_v1();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER cmdb_citype_rebuild_identity AFTER UPDATE ON public.cmdb_citype
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION cmdb.rebuild_identity_of_type_v1();
