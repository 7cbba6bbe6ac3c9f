-- The compiled schema is PostgreSQL's word: whatever a writer sends for it is replaced; versions count up.
CREATE FUNCTION cmdb.compile_type_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.parent_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.parent_id IS DISTINCT FROM OLD.parent_id) THEN
        PERFORM pg_advisory_xact_lock(hashtext('cmdb.type_tree'));
        IF EXISTS (
            WITH RECURSIVE above(id) AS (
                SELECT NEW.parent_id
                UNION
                SELECT t.parent_id FROM public.cmdb_citype t JOIN above ON t.id = above.id
                WHERE t.parent_id IS NOT NULL
            )
            SELECT FROM above WHERE id = NEW.id
        ) THEN
            RAISE EXCEPTION 'type % cannot stand below itself', NEW.key
                USING ERRCODE = 'check_violation', CONSTRAINT = 'cmdb_citype_is_a_tree', COLUMN = 'parent';
        END IF;
    END IF;
    NEW.compiled_schema := cmdb.compiled_schema_v1(NEW.id, NEW.parent_id);
    IF TG_OP = 'INSERT' THEN
        NEW.schema_version := 1;
    ELSE
        NEW.schema_version := OLD.schema_version + (NEW.compiled_schema IS DISTINCT FROM OLD.compiled_schema)::int;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER cmdb_citype_compile BEFORE INSERT OR UPDATE ON public.cmdb_citype
    FOR EACH ROW EXECUTE FUNCTION cmdb.compile_type_v1();

-- An edited attribute or a moved type recompiles the types whose document differs now.
CREATE FUNCTION cmdb.recompile_types_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.cmdb_citype SET schema_version = schema_version
    WHERE compiled_schema IS DISTINCT FROM cmdb.compiled_schema_v1(id, parent_id);
    RETURN NULL;
END $$;

CREATE TRIGGER cmdb_ciattribute_recompile AFTER INSERT OR UPDATE OR DELETE ON public.cmdb_ciattribute
    FOR EACH STATEMENT EXECUTE FUNCTION cmdb.recompile_types_v1();
CREATE TRIGGER cmdb_citype_recompile AFTER UPDATE OF parent_id ON public.cmdb_citype
    FOR EACH STATEMENT EXECUTE FUNCTION cmdb.recompile_types_v1();
