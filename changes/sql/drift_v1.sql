-- A decision on a drift lets a field differ from the plan, or be forced: it begins unconfirmed, is confirmed once, by
-- somebody else of the work, while the work is under way, and then stands. Nobody removes it.
CREATE OR REPLACE FUNCTION changes_guard_drift_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest; was changes_driftdecision;
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM changes_refuse_v1('append_only', 'a decision on a drift is never removed');
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.confirmed_by_id IS NOT NULL THEN
      PERFORM changes_refuse_v1('append_only', 'a decision on a drift begins unconfirmed');
    END IF;
    RETURN NEW;
  END IF;
  was := OLD;
  IF was.confirmed_by_id IS NOT NULL OR NEW.confirmed_by_id IS NULL
     OR (NEW.operation_id, NEW.field, NEW.seen, NEW.decision, NEW.decided_by_id)
        IS DISTINCT FROM (was.operation_id, was.field, was.seen, was.decision, was.decided_by_id) THEN
    PERFORM changes_refuse_v1('append_only', 'a decision on a drift is confirmed once, and never edited');
  END IF;
  SELECT r.* INTO c FROM changes_changerequest r JOIN changes_plannedoperation o ON o.change_id = r.id
   WHERE o.id = NEW.operation_id FOR NO KEY UPDATE OF r;
  IF c.on_hold OR c.state NOT IN ('implementing', 'verifying', 'rolling_back') THEN
    PERFORM changes_refuse_v1('append_only', 'a drift is decided while the change is under way');
  END IF;
  IF EXISTS (SELECT FROM unnest(ARRAY[NEW.decided_by_id, NEW.confirmed_by_id]) AS person
     WHERE NOT EXISTS (SELECT FROM changes_assignment a
              WHERE a.change_id = c.id AND a.user_id = person AND a.role = 'implementer')
       AND NOT EXISTS (SELECT FROM accounts_rolegrant g WHERE g.user_id = person AND g.role = 'change_manager')
       AND NOT EXISTS (SELECT FROM accounts_user u WHERE u.id = person AND u.is_superuser)) THEN
    PERFORM changes_refuse_v1('who', 'a drift is decided by implementers of the change or a change manager');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_drift BEFORE INSERT OR UPDATE OR DELETE ON changes_driftdecision
  FOR EACH ROW EXECUTE FUNCTION changes_guard_drift_v1();
-- An incident counts against the change that caused it: it is added, never taken away.
SELECT audit.protect('changes_causedincident');
