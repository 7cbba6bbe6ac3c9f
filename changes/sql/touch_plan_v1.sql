-- A row of the plan was written: the hash of its change follows, or the write is refused when it is locked.
-- Runs as the writer. The change's row is locked first, so that a vote or a step and an edit never cross.
CREATE OR REPLACE FUNCTION changes_touch_plan_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  locked text;
  -- An array, no join: beside thousands of touched rows a join is planned from the side of the changes, and the hash
  -- of every change there is is taken.
  ids bigint[] := ARRAY(SELECT DISTINCT change_id FROM touched);
BEGIN
  PERFORM 1 FROM changes_changerequest WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  SELECT c.state INTO locked FROM changes_changerequest c
   WHERE c.id = ANY (ids)
     AND c.state NOT IN ('draft', 'assessing', 'testing', 'approving')
     AND c.plan_hash <> changes_plan_hash_v1(c) LIMIT 1;
  IF FOUND THEN
    PERFORM changes_refuse_v1('plan_locked', 'the plan of a change that is ' || locked || ' is locked');
  END IF;
  UPDATE changes_changerequest c SET plan_hash = ''
   WHERE c.id = ANY (ids) AND c.plan_hash <> changes_plan_hash_v1(c);
  RETURN NULL;
END $$;

-- A row of the plan belongs to one change for ever.
CREATE OR REPLACE FUNCTION changes_stays_with_change_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM changes_refuse_v1('fixed', 'a row of a plan does not move to another change');
  RETURN NULL;
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['changes_changeitem', 'changes_planstage', 'changes_plantask', 'changes_criterion',
                           'changes_plannedoperation', 'changes_rollbackstep', 'changes_assignment',
                           'changes_plandocument', 'changes_changelink'] LOOP
    CONTINUE WHEN to_regclass(t) IS NULL;  -- a later migration makes it and loads this again
    EXECUTE format('CREATE OR REPLACE TRIGGER touch_plan_i AFTER INSERT ON %I REFERENCING NEW TABLE AS touched '
                   'FOR EACH STATEMENT EXECUTE FUNCTION changes_touch_plan_v1()', t);
    EXECUTE format('CREATE OR REPLACE TRIGGER touch_plan_u AFTER UPDATE ON %I REFERENCING NEW TABLE AS touched '
                   'FOR EACH STATEMENT EXECUTE FUNCTION changes_touch_plan_v1()', t);
    EXECUTE format('CREATE OR REPLACE TRIGGER touch_plan_d AFTER DELETE ON %I REFERENCING OLD TABLE AS touched '
                   'FOR EACH STATEMENT EXECUTE FUNCTION changes_touch_plan_v1()', t);
    EXECUTE format('CREATE OR REPLACE TRIGGER stays_with_change BEFORE UPDATE OF change_id ON %I FOR EACH ROW '
                   'WHEN (OLD.change_id <> NEW.change_id) EXECUTE FUNCTION changes_stays_with_change_v1()', t);
  END LOOP;
END $$;
