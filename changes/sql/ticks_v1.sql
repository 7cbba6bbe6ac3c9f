-- Who did a task, and when a stage stands, is not what a session says: a tick is an implementer's, while the work is
-- under way, in its order, at PostgreSQL's time, and stays; a stage is applied when nothing of it is left to do.

-- Refuses unless the person implements the change; the assignment is shared, so that it cannot go meanwhile.
CREATE OR REPLACE FUNCTION changes_must_implement_v1(wanted bigint, person bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM FROM changes_assignment a
    WHERE a.change_id = wanted AND a.user_id = person AND a.role = 'implementer' FOR KEY SHARE;
  IF NOT FOUND THEN
    PERFORM changes_refuse_v1('tick_who', 'the work is ticked by implementers of the change');
  END IF;
END $$;

CREATE OR REPLACE FUNCTION changes_guard_tick_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest; was changes_plantask;
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM changes_refuse_v1('tick_when', 'a task begins undone');
  END IF;
  was := OLD;
  IF was.done_at IS NOT NULL AND (NEW.done_at, NEW.done_by_id) IS DISTINCT FROM (was.done_at, was.done_by_id)
     OR was.second_by_id IS NOT NULL
        AND (NEW.second_at, NEW.second_by_id) IS DISTINCT FROM (was.second_at, was.second_by_id) THEN
    PERFORM changes_refuse_v1('tick_stays', 'a tick stays as it was made');
  END IF;
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id FOR NO KEY UPDATE;
  IF c.on_hold OR c.state <> 'implementing' AND NOT (NEW.phase = 'precheck' AND c.state = 'scheduled') THEN
    PERFORM changes_refuse_v1('tick_when', 'tasks are ticked while the change is under way');
  END IF;
  IF NEW.done_by_id IS NULL OR NEW.done_at IS NULL THEN
    PERFORM changes_refuse_v1('tick_who', 'a tick names who did the task');
  END IF;
  IF was.done_at IS NULL THEN
    PERFORM changes_must_implement_v1(c.id, NEW.done_by_id);
    NEW.done_at := clock_timestamp();
    IF NEW.phase = 'implementation' AND EXISTS (SELECT FROM changes_plantask t
        WHERE t.change_id = c.id AND t.phase = NEW.phase AND t.position < NEW.position
          AND (t.done_at IS NULL OR t.is_dual AND t.second_by_id IS NULL)) THEN
      PERFORM changes_refuse_v1('tasks_in_order', 'an earlier task is not done');
    END IF;
    IF NEW.phase = 'implementation' AND EXISTS (SELECT FROM changes_planstage s, changes_planstage own
        WHERE own.id = NEW.stage_id AND s.change_id = c.id AND s.position < own.position AND s.applied_at IS NULL) THEN
      PERFORM changes_refuse_v1('stage_order', 'an earlier stage is not applied');
    END IF;
  END IF;
  IF NEW.second_by_id IS NOT NULL AND was.second_by_id IS NULL THEN
    PERFORM changes_must_implement_v1(c.id, NEW.second_by_id);
    NEW.second_at := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_tick_i BEFORE INSERT ON changes_plantask FOR EACH ROW
  WHEN (num_nonnulls(NEW.done_at, NEW.done_by_id, NEW.second_at, NEW.second_by_id) > 0)
  EXECUTE FUNCTION changes_guard_tick_v1();
CREATE OR REPLACE TRIGGER guard_tick_u BEFORE UPDATE ON changes_plantask FOR EACH ROW
  WHEN ((OLD.done_at, OLD.done_by_id, OLD.second_at, OLD.second_by_id)
        IS DISTINCT FROM (NEW.done_at, NEW.done_by_id, NEW.second_at, NEW.second_by_id))
  EXECUTE FUNCTION changes_guard_tick_v1();

-- The way back: the same, while rolling back. Only the gate takes ticks off, when a change rolls back again.
CREATE OR REPLACE FUNCTION changes_guard_back_tick_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest;
BEGIN
  IF changes_in_gate_v1(TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM changes_refuse_v1('tick_when', 'a step of the way back begins undone');
  END IF;
  IF OLD.done_at IS NOT NULL THEN
    PERFORM changes_refuse_v1('tick_stays', 'a tick stays as it was made');
  END IF;
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id FOR NO KEY UPDATE;
  IF c.on_hold OR c.state <> 'rolling_back' THEN
    PERFORM changes_refuse_v1('tick_when', 'the way back is ticked while the change rolls back');
  END IF;
  IF NEW.done_by_id IS NULL OR NEW.done_at IS NULL THEN
    PERFORM changes_refuse_v1('tick_who', 'a tick names who did the step');
  END IF;
  PERFORM changes_must_implement_v1(c.id, NEW.done_by_id);
  NEW.done_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_tick_i BEFORE INSERT ON changes_rollbackstep FOR EACH ROW
  WHEN (num_nonnulls(NEW.done_at, NEW.done_by_id) > 0) EXECUTE FUNCTION changes_guard_back_tick_v1();
CREATE OR REPLACE TRIGGER guard_tick_u BEFORE UPDATE ON changes_rollbackstep FOR EACH ROW
  WHEN ((OLD.done_at, OLD.done_by_id) IS DISTINCT FROM (NEW.done_at, NEW.done_by_id))
  EXECUTE FUNCTION changes_guard_back_tick_v1();

-- A stage stands applied, or taken back, only when every operation of it is so in the items themselves.
CREATE OR REPLACE FUNCTION changes_guard_stage_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest; is_back boolean; undone text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM changes_refuse_v1('stage_left', 'a stage begins unapplied');
  END IF;
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id;
  is_back := NEW.reverted_at IS NOT NULL;
  SELECT d.what || coalesce(' ' || nullif(d.field, ''), '') INTO undone
    FROM changes_differences_v1(c.id, is_back) d
    JOIN changes_plannedoperation o ON o.id = d.operation_id AND o.stage_id = NEW.id LIMIT 1;
  IF undone IS NOT NULL THEN
    PERFORM changes_refuse_v1('stage_left', 'something of the stage is left to do: ' || undone);
  END IF;
  -- What was recorded afterwards is marked by who records it.
  IF NEW.applied_by_id IS NOT NULL AND c.state = 'implementing' THEN
    PERFORM changes_must_implement_v1(c.id, NEW.applied_by_id);
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_stage_i BEFORE INSERT ON changes_planstage FOR EACH ROW
  WHEN (num_nonnulls(NEW.applied_at, NEW.applied_by_id, NEW.reverted_at) > 0) EXECUTE FUNCTION changes_guard_stage_v1();
CREATE OR REPLACE TRIGGER guard_stage_u BEFORE UPDATE ON changes_planstage FOR EACH ROW
  WHEN (NEW.applied_at IS NOT NULL AND (OLD.applied_at, OLD.applied_by_id, OLD.reverted_at)
        IS DISTINCT FROM (NEW.applied_at, NEW.applied_by_id, NEW.reverted_at))
  EXECUTE FUNCTION changes_guard_stage_v1();
