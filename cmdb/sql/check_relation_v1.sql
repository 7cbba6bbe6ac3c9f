-- A relation joins a pair of types that a rule allows; its dependency group belongs to the side in need.
-- The trigger fills the types and the cardinality; foreign keys keep them true ever after.
CREATE FUNCTION cmdb.check_relation_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    ends record;
    pair cmdb.relation_pair;
    group_item bigint;
BEGIN
    SELECT way.key, way.impact, source.type_id AS source_type_id, target.type_id AS target_type_id
    INTO ends
    FROM public.cmdb_relationtype way, public.cmdb_configurationitem source, public.cmdb_configurationitem target
    WHERE way.id = NEW.relation_type_id AND source.id = NEW.source_id AND target.id = NEW.target_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'relation type, source or target does not exist' USING ERRCODE = 'foreign_key_violation',
            CONSTRAINT = 'cmdb_relation_ends_exist';
    END IF;
    SELECT * INTO pair FROM cmdb.relation_pair
    WHERE relation_type_id = NEW.relation_type_id
        AND source_type_id = ends.source_type_id AND target_type_id = ends.target_type_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no rule allows: % % %',
            (SELECT key FROM public.cmdb_citype WHERE id = ends.source_type_id), ends.key,
            (SELECT key FROM public.cmdb_citype WHERE id = ends.target_type_id)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cmdb_relation_pair_is_allowed', COLUMN = 'target';
    END IF;
    NEW.source_type_id := ends.source_type_id;
    NEW.target_type_id := ends.target_type_id;
    NEW.max_one_source := pair.max_one_source;
    NEW.max_one_target := pair.max_one_target;
    IF NEW.group_id IS NOT NULL THEN
        SELECT item_id INTO group_item FROM public.cmdb_dependencygroup WHERE id = NEW.group_id FOR SHARE;
        IF group_item IS DISTINCT FROM (CASE ends.impact
            WHEN 'source_needs_target' THEN NEW.source_id
            WHEN 'target_needs_source' THEN NEW.target_id END)
        THEN
            RAISE EXCEPTION 'the dependency group belongs to another item than the one in need'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'cmdb_relation_group_serves_its_item',
                    COLUMN = 'group';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER cmdb_relation_check BEFORE INSERT OR UPDATE ON public.cmdb_relation
    FOR EACH ROW EXECUTE FUNCTION cmdb.check_relation_v1();

ALTER TABLE public.cmdb_relation
    ADD CONSTRAINT cmdb_relation_source_has_its_type FOREIGN KEY (source_id, source_type_id)
        REFERENCES public.cmdb_configurationitem (id, type_id) ON UPDATE CASCADE,
    ADD CONSTRAINT cmdb_relation_target_has_its_type FOREIGN KEY (target_id, target_type_id)
        REFERENCES public.cmdb_configurationitem (id, type_id) ON UPDATE CASCADE,
    ADD CONSTRAINT cmdb_relation_pair_is_allowed
        FOREIGN KEY (relation_type_id, source_type_id, target_type_id, max_one_source, max_one_target)
        REFERENCES cmdb.relation_pair
            (relation_type_id, source_type_id, target_type_id, max_one_source, max_one_target)
        ON UPDATE CASCADE;
