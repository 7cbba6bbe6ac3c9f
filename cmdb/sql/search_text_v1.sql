-- What search finds of an item: name, serial, address and the attributes that are not sensitive.
CREATE FUNCTION cmdb.write_search_text_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.search_text = OLD.search_text
        AND (NEW.type_id, NEW.name, NEW.serial, NEW.primary_ip, NEW.attributes)
            IS NOT DISTINCT FROM (OLD.type_id, OLD.name, OLD.serial, OLD.primary_ip, OLD.attributes) THEN
        RETURN NEW;
    END IF;
    NEW.search_text := lower(concat_ws(' ', NEW.name, nullif(NEW.serial, ''), host(NEW.primary_ip), (
        SELECT string_agg(attribute.value, ' ' ORDER BY attribute.key)
        FROM jsonb_each_text(NEW.attributes) AS attribute
        JOIN public.cmdb_citype AS kind ON kind.id = NEW.type_id
        WHERE NOT coalesce((kind.compiled_schema #> ARRAY[attribute.key, 'sensitive'])::boolean, false)
    )));
    RETURN NEW;
END $$;

CREATE TRIGGER cmdb_item_search_text BEFORE INSERT OR UPDATE ON public.cmdb_configurationitem
    FOR EACH ROW EXECUTE FUNCTION cmdb.write_search_text_v1();

-- An attribute that becomes sensitive, or ceases to be, leaves or enters the search text at once.
CREATE FUNCTION cmdb.rewrite_search_texts_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_path_query_array(OLD.compiled_schema, '$.keyvalue() ? (@.value.sensitive == true).key')
        IS DISTINCT FROM
        jsonb_path_query_array(NEW.compiled_schema, '$.keyvalue() ? (@.value.sensitive == true).key')
    THEN
        UPDATE public.cmdb_configurationitem SET search_text = '' WHERE type_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER cmdb_citype_search_texts AFTER UPDATE ON public.cmdb_citype
    FOR EACH ROW EXECUTE FUNCTION cmdb.rewrite_search_texts_v1();
