-- The change row: born as a draft, moved by the gate alone, its plan locked once it is scheduled.
CREATE OR REPLACE FUNCTION changes_guard_request_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT isempty(NEW."window")
     AND NOT coalesce(lower(NEW."window") >= '1900-01-01Z' AND upper(NEW."window") <= '9000-01-01Z', false) THEN
    PERFORM changes_refuse_v1('window', 'a window has a start and an end, both within the calendar');
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF (NEW.state, NEW.on_hold, NEW.outcome, NEW.approved_hash) IS DISTINCT FROM ('draft', false, '', '')
       OR NEW.is_retrospective OR NEW.is_break_glass OR NEW.is_imported OR NEW.is_unauthorised THEN
      PERFORM changes_refuse_v1('only_by_event', 'a change begins as a draft');
    END IF;
    NEW.state_since_at := clock_timestamp();
    NEW.plan_hash := changes_plan_hash_v1(NEW);
    NEW.asked_hash := changes_asked_hash_v1(NEW);
    RETURN NEW;
  END IF;
  NEW.plan_hash := changes_plan_hash_v1(NEW);
  NEW.asked_hash := CASE WHEN NEW.plan_hash = OLD.plan_hash AND OLD.asked_hash <> '' THEN OLD.asked_hash
                         ELSE changes_asked_hash_v1(NEW) END;
  IF changes_in_gate_v1(TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF (NEW.state, NEW.on_hold, NEW.outcome, NEW.approved_hash, NEW.state_since_at, NEW.is_retrospective,
      NEW.is_break_glass, NEW.is_imported, NEW.is_unauthorised, NEW.ratify_due_at, NEW.actual_start_at, NEW.actual_end_at)
     IS DISTINCT FROM
     (OLD.state, OLD.on_hold, OLD.outcome, OLD.approved_hash, OLD.state_since_at, OLD.is_retrospective,
      OLD.is_break_glass, OLD.is_imported, OLD.is_unauthorised, OLD.ratify_due_at, OLD.actual_start_at, OLD.actual_end_at) THEN
    PERFORM changes_refuse_v1('only_by_event', 'a state moves only by inserting an event');
  END IF;
  IF OLD.is_imported AND (NEW.import_source, NEW.import_key, NEW.import_created_at, NEW.import_severity,
                          NEW.import_batch_id)
     IS DISTINCT FROM (OLD.import_source, OLD.import_key, OLD.import_created_at, OLD.import_severity,
                       OLD.import_batch_id) THEN
    PERFORM changes_refuse_v1('fixed', 'what was imported stays as it was imported');
  END IF;
  IF (NEW.number, NEW.requester_id, NEW.created_at)
     IS DISTINCT FROM (OLD.number, OLD.requester_id, OLD.created_at)
     OR NEW.kind <> OLD.kind AND OLD.state <> 'draft' THEN
    PERFORM changes_refuse_v1('fixed', 'number, requester and kind of a change stay as they are');
  END IF;
  IF NEW.plan_hash <> OLD.plan_hash AND OLD.state NOT IN ('draft', 'assessing', 'testing', 'approving') THEN
    PERFORM changes_refuse_v1('plan_locked', 'the plan of a change that is ' || OLD.state || ' is locked');
  END IF;
  RETURN NEW;
END $$;

-- An edit of the plan voids the round that is open on it.
CREATE OR REPLACE FUNCTION changes_void_round_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE changes_approvalround SET closed_at = clock_timestamp(), result = 'void'
   WHERE change_id = NEW.id AND closed_at IS NULL AND plan_hash <> NEW.plan_hash;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER guard_request BEFORE INSERT OR UPDATE ON changes_changerequest
  FOR EACH ROW EXECUTE FUNCTION changes_guard_request_v1();
CREATE OR REPLACE TRIGGER request_stays BEFORE DELETE ON changes_changerequest
  FOR EACH ROW EXECUTE FUNCTION changes_append_only_v1();
CREATE OR REPLACE TRIGGER void_round AFTER UPDATE ON changes_changerequest
  FOR EACH ROW WHEN (OLD.plan_hash <> NEW.plan_hash) EXECUTE FUNCTION changes_void_round_v1();
