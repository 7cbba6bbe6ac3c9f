-- Every type with each of its ancestors, itself included.
CREATE VIEW cmdb.type_lineage AS
    WITH RECURSIVE lineage(type_id, ancestor_id) AS (
        SELECT id, id FROM public.cmdb_citype
        UNION
        SELECT lineage.type_id, parent.parent_id
        FROM lineage JOIN public.cmdb_citype parent ON parent.id = lineage.ancestor_id
        WHERE parent.parent_id IS NOT NULL
    )
    SELECT type_id, ancestor_id FROM lineage;
GRANT SELECT ON cmdb.type_lineage TO PUBLIC;
