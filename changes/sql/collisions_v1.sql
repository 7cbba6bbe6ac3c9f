-- When a change is at work: its window; while it is implemented or rolled back, from its real start until now
-- at the least. Two changes collide where these share an instant; half-open, so that touching ones do not.
CREATE OR REPLACE FUNCTION changes_at_work_v1(c changes_changerequest) RETURNS tstzrange
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE WHEN c.state IN ('implementing', 'rolling_back')
    THEN tstzrange(least(lower(c."window"), coalesce(c.actual_start_at, c.state_since_at)),
                   greatest(upper(c."window"), clock_timestamp() + interval '1 second'))
    ELSE c."window" END;
$$;

-- Whether people of both changes, or the change manager, have accepted that both change one item in these windows.
CREATE OR REPLACE FUNCTION changes_same_item_accepted_v1(
  one bigint, other bigint, one_window tstzrange, other_window tstzrange, item bigint)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  WITH given AS (
    SELECT a.is_override, a.other_id FROM changes_collisionacknowledgement a
     WHERE a.kind = 'same_item' AND a.keys ? item::text
       AND ((a.change_id, a.other_id) = (one, other)
            AND (a.change_window, a.other_window) IS NOT DISTINCT FROM (one_window, other_window)
         OR (a.change_id, a.other_id) = (other, one)
            AND (a.change_window, a.other_window) IS NOT DISTINCT FROM (other_window, one_window)))
  SELECT coalesce(bool_or(is_override), false)
      OR coalesce(bool_or(NOT is_override AND other_id = one), false)
     AND coalesce(bool_or(NOT is_override AND other_id = other), false) FROM given;
$$;

-- Another change that holds its window and changes an item of this one in the window asked about; NULL: none.
-- One step at a time asks this: whoever schedules waits here for whoever schedules before.
CREATE OR REPLACE FUNCTION changes_double_booked_v1(c changes_changerequest, asked tstzrange) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE found text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('changes.schedule', 0));
  IF EXISTS (SELECT FROM changes_collisionrule r WHERE r.kind = 'same_item' AND NOT r.is_hard) THEN
    RETURN NULL;
  END IF;
  SELECT o.number INTO found
    FROM changes_changeitem mine
    JOIN changes_changeitem theirs ON theirs.item_id = mine.item_id AND theirs.impact = 'manual'
    JOIN changes_changerequest o ON o.id = theirs.change_id
   WHERE mine.change_id = c.id AND mine.impact = 'manual' AND o.id <> c.id
     AND o.state IN ('scheduled', 'implementing', 'verifying', 'rolling_back')
     AND changes_at_work_v1(o) && asked
     AND NOT changes_same_item_accepted_v1(c.id, o.id, asked, o."window", mine.item_id)
   ORDER BY o.id LIMIT 1;
  RETURN found;
END $$;

-- An acceptance carries the windows of this moment, and comes from who may give it.
CREATE OR REPLACE FUNCTION changes_acknowledge_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest; o changes_changerequest;
BEGIN
  PERFORM 1 FROM changes_changerequest WHERE id IN (NEW.change_id, NEW.other_id) ORDER BY id FOR SHARE;
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id;
  SELECT * INTO o FROM changes_changerequest WHERE id = NEW.other_id;
  IF btrim(NEW.comment) = '' THEN
    PERFORM changes_refuse_v1('comment_required', 'an acceptance says why');
  END IF;
  IF NEW.kind NOT IN ('same_item', 'redundancy', 'related', 'person')
     OR jsonb_typeof(NEW.keys) <> 'array' OR NEW.keys = '[]' THEN
    PERFORM changes_refuse_v1('not_acceptable', 'there is nothing of this kind to accept');
  END IF;
  IF NOT coalesce(changes_at_work_v1(c) && changes_at_work_v1(o), false) THEN
    PERFORM changes_refuse_v1('no_collision', 'the two changes do not overlap');
  END IF;
  IF NEW.is_override THEN
    IF NEW.by_id IN (c.requester_id, o.requester_id) OR NEW.by_id IS NOT DISTINCT FROM c.owner_id
       OR NEW.by_id IS NOT DISTINCT FROM o.owner_id
       OR NEW.by_id IN (SELECT changes_implementers_v1(c.id) UNION SELECT changes_implementers_v1(o.id)) THEN
      PERFORM changes_refuse_v1('override_apart', 'who has a part in either change does not decide between them');
    END IF;
  ELSIF NOT (NEW.by_id = o.requester_id OR NEW.by_id IS NOT DISTINCT FROM o.owner_id)
        OR NEW.by_id = c.requester_id OR NEW.by_id IS NOT DISTINCT FROM c.owner_id THEN
    PERFORM changes_refuse_v1('other_owner', 'a collision is accepted by the people of the other change');
  END IF;
  NEW.change_window := c."window";
  NEW.other_window := o."window";
  NEW.at := clock_timestamp();
  RETURN NEW;
END $$;

-- An override carries the windows of this moment, and comes from somebody without a part in the change.
CREATE OR REPLACE FUNCTION changes_override_freeze_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest; f changes_freezewindow;
BEGIN
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id FOR SHARE;
  SELECT * INTO f FROM changes_freezewindow WHERE id = NEW.freeze_id FOR SHARE;
  IF btrim(NEW.reason) = '' THEN
    PERFORM changes_refuse_v1('comment_required', 'an override says why');
  END IF;
  IF NOT (f.is_hard AND f.is_active) OR NOT coalesce(f."window" && c."window", false) THEN
    PERFORM changes_refuse_v1('no_freeze', 'no hard freeze to override');
  END IF;
  IF NEW.by_id = c.requester_id OR NEW.by_id IS NOT DISTINCT FROM c.owner_id
     OR NEW.by_id IN (SELECT changes_implementers_v1(c.id)) THEN
    PERFORM changes_refuse_v1('override_apart', 'who has a part in the change does not override a freeze for it');
  END IF;
  NEW.change_window := c."window";
  NEW.freeze_window := f."window";
  NEW.at := clock_timestamp();
  RETURN NEW;
END $$;
