-- Who is on duty votes for a board, so duty is given as a seat is: by somebody else, to one person for one board.
CREATE OR REPLACE FUNCTION changes_guard_duty_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.board_id, NEW.person_id) IS DISTINCT FROM (OLD.board_id, OLD.person_id) THEN
    PERFORM changes_refuse_v1('seat_fixed', 'a spell of duty stays with its person and board: end it and give another');
  END IF;
  IF changes_actor_v1() = NEW.person_id
     AND (TG_OP = 'INSERT' OR NEW.ends_at > OLD.ends_at OR NEW.starts_at < OLD.starts_at) THEN
    PERFORM changes_refuse_v1('own_seat_given', 'nobody puts themselves on duty for a board');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_duty BEFORE INSERT OR UPDATE ON changes_dutyspell
  FOR EACH ROW EXECUTE FUNCTION changes_guard_duty_v1();
