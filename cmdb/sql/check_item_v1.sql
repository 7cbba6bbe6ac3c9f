-- An item's attributes fit its type's compiled schema. Only what a write touches is checked, so that
-- tightening a type never blocks rows that stood before; a new or retyped item is checked in full.
CREATE FUNCTION cmdb.check_item_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    kind record;
    schema jsonb;
    same_type boolean := TG_OP = 'UPDATE' AND NEW.type_id = OLD.type_id;
    attribute text;
    given jsonb;
    fault text;
BEGIN
    IF jsonb_typeof(NEW.attributes) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'attributes must be an object' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'cmdb_item_attributes_fit_type', COLUMN = 'attributes', DETAIL = '{"rule": "kind"}';
    END IF;
    NEW.attributes := jsonb_strip_nulls(NEW.attributes);
    IF same_type AND NEW.attributes = OLD.attributes THEN
        RETURN NEW;
    END IF;
    SELECT key, compiled_schema, is_abstract INTO kind FROM public.cmdb_citype WHERE id = NEW.type_id;
    IF NOT FOUND THEN
        RETURN NEW;  -- the foreign key says it better
    END IF;
    IF kind.is_abstract AND NOT same_type THEN
        RAISE EXCEPTION 'type % is abstract and has no items', kind.key USING ERRCODE = 'check_violation',
            CONSTRAINT = 'cmdb_item_type_is_concrete', COLUMN = 'type';
    END IF;
    schema := kind.compiled_schema || '{}';  -- unpacked once, not at every look
    FOR attribute, given IN SELECT * FROM jsonb_each(NEW.attributes) LOOP
        CONTINUE WHEN same_type AND OLD.attributes -> attribute = given;
        IF schema ? attribute THEN
            fault := cmdb.attribute_fault_v1(schema -> attribute, given);
        ELSE
            fault := 'unknown';
        END IF;
        EXIT WHEN fault IS NOT NULL;
    END LOOP;
    IF fault IS NULL THEN
        SELECT spec.key, 'required' INTO attribute, fault
        FROM jsonb_each(schema) AS spec
        WHERE (spec.value -> 'required')::boolean AND NOT NEW.attributes ? spec.key
            AND (NOT same_type OR OLD.attributes ? spec.key)
        LIMIT 1;
    END IF;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'attribute % of a % breaks the rule "%"', attribute, kind.key, fault
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cmdb_item_attributes_fit_type',
                COLUMN = 'attributes', DETAIL = jsonb_build_object('key', attribute, 'rule', fault)::text;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER cmdb_item_check BEFORE INSERT OR UPDATE ON public.cmdb_configurationitem
    FOR EACH ROW EXECUTE FUNCTION cmdb.check_item_v1();
