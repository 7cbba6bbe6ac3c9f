-- The rules of relations expanded over the tree of types: what the relations' foreign key points at.
-- Where several rules meet in one pair, the strictest cardinality holds.
CREATE TABLE cmdb.relation_pair (
    relation_type_id bigint NOT NULL,
    source_type_id bigint NOT NULL,
    target_type_id bigint NOT NULL,
    max_one_source boolean NOT NULL,
    max_one_target boolean NOT NULL,
    PRIMARY KEY (relation_type_id, source_type_id, target_type_id),
    UNIQUE (relation_type_id, source_type_id, target_type_id, max_one_source, max_one_target)
);
GRANT SELECT ON cmdb.relation_pair TO PUBLIC;

CREATE VIEW cmdb.wanted_relation_pair AS
    SELECT rule.relation_type_id, source.type_id AS source_type_id, target.type_id AS target_type_id,
        bool_or(rule.max_one_source) AS max_one_source, bool_or(rule.max_one_target) AS max_one_target
    FROM public.cmdb_relationrule rule
    JOIN cmdb.type_lineage source ON source.ancestor_id = rule.source_type_id
    JOIN cmdb.type_lineage target ON target.ancestor_id = rule.target_type_id
    GROUP BY 1, 2, 3;

CREATE FUNCTION cmdb.sync_relation_pairs_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('cmdb.relation_pair'));
    DELETE FROM cmdb.relation_pair pair WHERE NOT EXISTS (
        SELECT FROM cmdb.wanted_relation_pair wanted
        WHERE (wanted.relation_type_id, wanted.source_type_id, wanted.target_type_id)
            = (pair.relation_type_id, pair.source_type_id, pair.target_type_id));
    INSERT INTO cmdb.relation_pair AS pair SELECT * FROM cmdb.wanted_relation_pair
    ON CONFLICT (relation_type_id, source_type_id, target_type_id) DO UPDATE
        SET max_one_source = excluded.max_one_source, max_one_target = excluded.max_one_target
        WHERE (pair.max_one_source, pair.max_one_target)
            IS DISTINCT FROM (excluded.max_one_source, excluded.max_one_target);
    RETURN NULL;
END $$;

CREATE TRIGGER cmdb_relationrule_pairs AFTER INSERT OR UPDATE OR DELETE ON public.cmdb_relationrule
    FOR EACH STATEMENT EXECUTE FUNCTION cmdb.sync_relation_pairs_v1();
CREATE TRIGGER cmdb_citype_pairs AFTER INSERT OR DELETE OR UPDATE OF parent_id ON public.cmdb_citype
    FOR EACH STATEMENT EXECUTE FUNCTION cmdb.sync_relation_pairs_v1();
