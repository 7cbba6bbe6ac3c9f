-- A dependency group in use stays with its item, and a relation type with groups keeps its direction.
CREATE FUNCTION cmdb.keep_groups_true_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.cmdb_relation
        WHERE CASE TG_TABLE_NAME WHEN 'cmdb_dependencygroup' THEN group_id = NEW.id
            ELSE relation_type_id = NEW.id AND group_id IS NOT NULL END
    ) THEN
        RAISE EXCEPTION 'relations with a dependency group depend on this'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cmdb_relation_group_serves_its_item';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER cmdb_dependencygroup_keep BEFORE UPDATE ON public.cmdb_dependencygroup
    FOR EACH ROW WHEN (OLD.item_id <> NEW.item_id) EXECUTE FUNCTION cmdb.keep_groups_true_v1();
CREATE TRIGGER cmdb_relationtype_keep BEFORE UPDATE ON public.cmdb_relationtype
    FOR EACH ROW WHEN (OLD.impact <> NEW.impact) EXECUTE FUNCTION cmdb.keep_groups_true_v1();
