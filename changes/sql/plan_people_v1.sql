-- A task is given to an implementer of its change, and stays with one.
CREATE OR REPLACE FUNCTION changes_assignee_implements_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  -- Shared, so that the assignment cannot go while the task is being given.
  PERFORM FROM changes_assignment a
    WHERE a.change_id = NEW.change_id AND a.user_id = NEW.assignee_id AND a.role = 'implementer' FOR KEY SHARE;
  IF NOT FOUND THEN
    PERFORM changes_refuse_v1('assignee', 'a task is given to an implementer of the change');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER assignee_implements BEFORE INSERT OR UPDATE OF assignee_id, change_id ON changes_plantask
  FOR EACH ROW WHEN (NEW.assignee_id IS NOT NULL) EXECUTE FUNCTION changes_assignee_implements_v1();

CREATE OR REPLACE FUNCTION changes_keep_assignee_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM changes_plantask t WHERE t.change_id = OLD.change_id AND t.assignee_id = OLD.user_id) THEN
    PERFORM changes_refuse_v1('assignee', 'tasks of the change are still given to this implementer');
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE OR REPLACE TRIGGER keep_assignee_d BEFORE DELETE ON changes_assignment
  FOR EACH ROW WHEN (OLD.role = 'implementer') EXECUTE FUNCTION changes_keep_assignee_v1();
CREATE OR REPLACE TRIGGER keep_assignee_u BEFORE UPDATE ON changes_assignment
  FOR EACH ROW WHEN (OLD.role = 'implementer' AND (OLD.role, OLD.user_id, OLD.change_id)
                     IS DISTINCT FROM (NEW.role, NEW.user_id, NEW.change_id))
  EXECUTE FUNCTION changes_keep_assignee_v1();
