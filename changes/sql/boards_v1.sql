-- Who acts, as audit's context says it; null for a console without a person.
CREATE OR REPLACE FUNCTION changes_actor_v1() RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT (nullif(current_setting('audit.ctx', true), '')::jsonb->>'user')::bigint;
$$;

-- A seat is given by somebody else, who is noted: nobody seats themselves, gives themselves the veto or makes
-- their own seat count again. A seat belongs to one person on one board for ever.
CREATE OR REPLACE FUNCTION changes_guard_seat_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  actor bigint := changes_actor_v1();
  is_given boolean := NEW.is_active AND (TG_OP = 'INSERT' OR NOT OLD.is_active)
                   OR NEW.has_veto AND (TG_OP = 'INSERT' OR NOT OLD.has_veto);
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.board_id, NEW.user_id) IS DISTINCT FROM (OLD.board_id, OLD.user_id) THEN
    PERFORM changes_refuse_v1('seat_fixed', 'a seat stays with its person and board: end it and give another');
  END IF;
  IF is_given AND actor = NEW.user_id THEN
    PERFORM changes_refuse_v1('own_seat_given', 'nobody gives a seat to themselves');
  END IF;
  NEW.seated_by_id := CASE WHEN is_given THEN actor WHEN TG_OP = 'UPDATE' THEN OLD.seated_by_id END;
  RETURN NEW;
END $$;

-- A vote is lent by its holder, or by who manages changes for them: never by the one who would vote.
CREATE OR REPLACE FUNCTION changes_guard_delegation_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF changes_actor_v1() = NEW.deputy_id
     AND (TG_OP = 'INSERT' OR NEW.ends_at > OLD.ends_at OR NEW.starts_at < OLD.starts_at AND NEW.ends_at > clock_timestamp()) THEN
    PERFORM changes_refuse_v1('own_delegation', 'nobody lends themselves the vote of another');
  END IF;
  IF TG_OP = 'UPDATE' AND (NEW.person_id, NEW.deputy_id) IS DISTINCT FROM (OLD.person_id, OLD.deputy_id) THEN
    PERFORM changes_refuse_v1('delegation_fixed', 'a delegation stays with its people: end it and make another');
  END IF;
  RETURN NEW;
END $$;

-- A meeting is planned, held, ended, in this order, and stays as it was when it ended.
CREATE OR REPLACE FUNCTION changes_guard_meeting_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND OLD.state = 'ended' THEN
    PERFORM changes_refuse_v1('meeting_ended', 'a meeting is kept as it was when it ended');
  END IF;
  IF TG_OP = 'INSERT' AND NEW.state <> 'planned'
     OR TG_OP = 'UPDATE' AND NEW.state <> OLD.state
        AND (OLD.state, NEW.state) NOT IN (('planned', 'open'), ('open', 'ended')) THEN
    PERFORM changes_refuse_v1('meeting_order', 'a meeting is planned, then held, then ended');
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.board_id <> OLD.board_id THEN
    PERFORM changes_refuse_v1('meeting_order', 'a meeting belongs to one board');
  END IF;
  IF NEW.state = 'ended' AND NOT EXISTS (SELECT FROM audit_storedfile f WHERE f.sha256 = NEW.minutes_sha256) THEN
    PERFORM changes_refuse_v1('minutes_missing', 'a meeting ends with minutes that are kept');
  END IF;
  RETURN NEW;
END $$;

-- Agenda and attendance follow their meeting: nothing of it moves once it has ended.
CREATE OR REPLACE FUNCTION changes_guard_meeting_part_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE meeting bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.meeting_id ELSE NEW.meeting_id END;
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.meeting_id <> OLD.meeting_id THEN
    PERFORM changes_refuse_v1('fixed', 'a part of a meeting does not move to another');
  END IF;
  -- Locked, so that the last note and the end of the meeting never cross.
  IF (SELECT m.state FROM changes_boardmeeting m WHERE m.id = meeting FOR NO KEY UPDATE) = 'ended' THEN
    PERFORM changes_refuse_v1('meeting_ended', 'a meeting is kept as it was when it ended');
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- A remark and a reading carry PostgreSQL's clock, and a reader reads for a seat of the round they may use.
CREATE OR REPLACE FUNCTION changes_guard_remark_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.written_at := clock_timestamp();
  IF NEW.answers_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM changes_remark q WHERE q.id = NEW.answers_id AND q.change_id = NEW.change_id AND q.kind = 'question') THEN
    PERFORM changes_refuse_v1('no_question', 'an answer belongs to a question about the same change');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION changes_guard_reading_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.first_opened_at := clock_timestamp();
  RETURN NEW;
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['changes_agendaitem', 'changes_attendance'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER guard_meeting_part BEFORE INSERT OR UPDATE OR DELETE ON %I '
                   'FOR EACH ROW EXECUTE FUNCTION changes_guard_meeting_part_v1()', t);
  END LOOP;
END $$;
CREATE OR REPLACE TRIGGER guard_meeting BEFORE INSERT OR UPDATE OR DELETE ON changes_boardmeeting
  FOR EACH ROW EXECUTE FUNCTION changes_guard_meeting_v1();
CREATE OR REPLACE TRIGGER guard_seat BEFORE INSERT OR UPDATE ON changes_boardseat
  FOR EACH ROW EXECUTE FUNCTION changes_guard_seat_v1();
CREATE OR REPLACE TRIGGER guard_delegation BEFORE INSERT OR UPDATE ON changes_votedelegation
  FOR EACH ROW EXECUTE FUNCTION changes_guard_delegation_v1();
CREATE OR REPLACE TRIGGER guard_remark BEFORE INSERT ON changes_remark
  FOR EACH ROW EXECUTE FUNCTION changes_guard_remark_v1();
CREATE OR REPLACE TRIGGER guard_reading BEFORE INSERT ON changes_roundreading
  FOR EACH ROW EXECUTE FUNCTION changes_guard_reading_v1();
SELECT audit.protect('changes_remark');
SELECT audit.protect('changes_roundreading');
