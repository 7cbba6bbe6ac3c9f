-- A service with everything it needs to work: over relations that carry impact, and places; what has ended needs
-- nothing. Each item once. As cmdb.graph walks it for freezes.
CREATE OR REPLACE FUNCTION changes_service_closure_v1(service bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  WITH RECURSIVE needed(id) AS (
    SELECT service
    UNION
    SELECT edge.provider FROM needed
     CROSS JOIN LATERAL (
      SELECT r.target_id FROM cmdb_relation r JOIN cmdb_relationtype t ON t.id = r.relation_type_id
       WHERE r.source_id = needed.id AND t.impact = 'source_needs_target'
      UNION ALL
      SELECT r.source_id FROM cmdb_relation r JOIN cmdb_relationtype t ON t.id = r.relation_type_id
       WHERE r.target_id = needed.id AND t.impact = 'target_needs_source'
      UNION ALL
      SELECT i.location_id FROM cmdb_configurationitem i WHERE i.id = needed.id AND i.location_id IS NOT NULL
     ) edge(provider)
     JOIN cmdb_configurationitem own ON own.id = needed.id AND own.lifecycle_stage NOT IN ('retired', 'disposed')
  )
  SELECT id FROM needed;
$$;

-- Whether a stop of this service (NULL: of everything) holds the change up: by its service or by an item it changes.
CREATE OR REPLACE FUNCTION changes_stop_covers_v1(service bigint, change bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT service IS NULL OR EXISTS (
    SELECT FROM changes_service_closure_v1(service) under(id)
     WHERE under.id IN (SELECT c.service_id FROM changes_changerequest c WHERE c.id = change
                        UNION ALL
                        SELECT i.item_id FROM changes_changeitem i WHERE i.change_id = change AND i.impact = 'manual'));
$$;

-- A stop begins now, with its reason; it is released once, now, with another, by a change manager; it stays.
CREATE OR REPLACE FUNCTION changes_line_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF btrim(NEW.reason) = '' THEN
      PERFORM changes_refuse_v1('comment_required', 'who stops the line says why');
    END IF;
    IF NEW.released_at IS NOT NULL OR NEW.released_by_id IS NOT NULL THEN
      PERFORM changes_refuse_v1('line_released', 'a stop begins unreleased');
    END IF;
    NEW.stopped_at := clock_timestamp();
    RETURN NEW;
  END IF;
  IF OLD.released_at IS NOT NULL
     OR (NEW.service_id, NEW.reason, NEW.stopped_by_id, NEW.stopped_at)
        IS DISTINCT FROM (OLD.service_id, OLD.reason, OLD.stopped_by_id, OLD.stopped_at) THEN
    PERFORM changes_refuse_v1('append_only', 'a stop is released once, and never edited');
  END IF;
  IF NEW.released_by_id IS NULL OR btrim(NEW.release_reason) = '' THEN
    PERFORM changes_refuse_v1('comment_required', 'who releases the line says why');
  END IF;
  IF NOT EXISTS (SELECT FROM accounts_user u WHERE u.id = NEW.released_by_id AND u.is_active AND (u.is_superuser
       OR EXISTS (SELECT FROM accounts_rolegrant g WHERE g.user_id = u.id AND g.role = 'change_manager'))) THEN
    PERFORM changes_refuse_v1('who', 'a change manager releases the line');
  END IF;
  NEW.released_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER line BEFORE INSERT OR UPDATE ON changes_stoppedline
  FOR EACH ROW EXECUTE FUNCTION changes_line_v1();
CREATE OR REPLACE TRIGGER line_stays BEFORE DELETE ON changes_stoppedline
  FOR EACH ROW EXECUTE FUNCTION changes_append_only_v1();
CREATE OR REPLACE TRIGGER line_not_emptied BEFORE TRUNCATE ON changes_stoppedline
  FOR EACH STATEMENT EXECUTE FUNCTION changes_append_only_v1();
