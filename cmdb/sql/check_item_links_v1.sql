-- An item does not lie, through others, in itself; a duplicate points at an item that is none (no chains).
CREATE FUNCTION cmdb.check_item_links_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.location_id IS DISTINCT FROM OLD.location_id THEN
        PERFORM pg_advisory_xact_lock(hashtext('cmdb.location'));
        IF EXISTS (
            WITH RECURSIVE around(id) AS (
                SELECT NEW.location_id
                UNION
                SELECT item.location_id FROM public.cmdb_configurationitem item JOIN around USING (id)
                WHERE item.location_id IS NOT NULL
            )
            SELECT FROM around WHERE id = NEW.id
        ) THEN
            RAISE EXCEPTION '% would lie in itself', NEW.name USING ERRCODE = 'check_violation',
                CONSTRAINT = 'cmdb_item_not_in_itself', COLUMN = 'location';
        END IF;
    END IF;
    IF NEW.duplicate_of_id IS NOT NULL AND EXISTS (
        SELECT FROM public.cmdb_configurationitem other
        WHERE (other.id = NEW.duplicate_of_id AND other.duplicate_of_id IS NOT NULL)
            OR other.duplicate_of_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'a duplicate points at the original, not at another duplicate'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cmdb_item_duplicate_of_an_original',
                COLUMN = 'duplicate_of';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER cmdb_item_links BEFORE INSERT OR UPDATE ON public.cmdb_configurationitem
    FOR EACH ROW WHEN (NEW.location_id IS NOT NULL OR NEW.duplicate_of_id IS NOT NULL)
    EXECUTE FUNCTION cmdb.check_item_links_v1();
