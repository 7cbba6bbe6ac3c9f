-- No new edge closes a circle: within one acyclic relation type, and over all kinds of containment together.
-- One walk per statement; the lock makes two writers that would close a circle together wait for each other.
CREATE FUNCTION cmdb.refuse_cycles_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    closed record;
BEGIN
    IF NOT EXISTS (
        SELECT FROM new_rows JOIN public.cmdb_relationtype way ON way.id = relation_type_id WHERE way.is_acyclic
    ) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('cmdb.acyclic'));
    WITH RECURSIVE walk(edge, start, node, ways) AS (
        SELECT new_rows.id, source_id, target_id,
            CASE WHEN way.is_containment
                THEN (SELECT array_agg(id) FROM public.cmdb_relationtype WHERE is_containment)
                ELSE ARRAY[way.id] END
        FROM new_rows JOIN public.cmdb_relationtype way ON way.id = relation_type_id AND way.is_acyclic
        UNION
        SELECT walk.edge, walk.start, onward.target_id, walk.ways
        FROM walk JOIN public.cmdb_relation onward ON onward.source_id = walk.node
        WHERE onward.relation_type_id = ANY (walk.ways) AND walk.node <> walk.start
    )
    SELECT start, name INTO closed
    FROM walk JOIN public.cmdb_configurationitem item ON item.id = start WHERE node = start LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% would contain itself', closed.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cmdb_relation_is_acyclic', COLUMN = 'target',
                DETAIL = jsonb_build_object('source', closed.start)::text;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER cmdb_relation_acyclic_insert AFTER INSERT ON public.cmdb_relation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cmdb.refuse_cycles_v1();
CREATE TRIGGER cmdb_relation_acyclic_update AFTER UPDATE ON public.cmdb_relation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cmdb.refuse_cycles_v1();
