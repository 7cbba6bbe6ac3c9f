-- Steps of the open round whose time is up and that are not decided: escalated once each. Where the policy says
-- so, the members of another board are asked in addition: their seats count like the others', for the same need
-- and quorum, without a veto. Nobody's silence is counted as anything. Refused when nothing is overdue.
CREATE OR REPLACE FUNCTION changes_escalate_v1(change bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE st changes_roundstep; overdue int := 0;
BEGIN
  FOR st IN SELECT s.* FROM changes_overdue_steps_v1(change) s LOOP
    overdue := overdue + 1;
    INSERT INTO changes_stepescalation (row_version, step_id, kind, happened_at)
    VALUES (1, st.id, 'overdue', clock_timestamp());
    IF st.on_timeout = 'fallback' THEN
      INSERT INTO changes_roundseat (row_version, step_id, user_id, has_veto, is_barred, barred_as, is_fallback)
      SELECT 1, st.id, b.user_id, false, w.why <> '', w.why, true
        FROM changes_boardseat b JOIN accounts_user u ON u.id = b.user_id AND u.is_active,
             LATERAL (SELECT CASE
               WHEN b.user_id IN (SELECT requester_id FROM changes_changerequest WHERE id = change)
                 OR b.user_id IN (SELECT changes_implementers_v1(change)) THEN 'takes_part'
               WHEN EXISTS (SELECT FROM changes_roundseat o JOIN changes_roundstep os ON os.id = o.step_id
                             WHERE os.round_id = st.round_id AND o.user_id = b.user_id AND NOT o.is_barred)
                 THEN 'other_seat' ELSE '' END AS why) w
       WHERE b.board_id = st.fallback_board_id AND b.is_active
         AND NOT EXISTS (SELECT FROM changes_roundseat o WHERE o.step_id = st.id AND o.user_id = b.user_id)
       ORDER BY b.user_id;
    END IF;
  END LOOP;
  IF overdue = 0 THEN
    PERFORM changes_refuse_v1('vote_overdue', 'no step of the vote is overdue');
  END IF;
END $$;

-- Steps of the change's open round that are past their time, undecided, and not escalated yet.
CREATE OR REPLACE FUNCTION changes_overdue_steps_v1(change bigint) RETURNS SETOF changes_roundstep
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.* FROM changes_roundstep s JOIN changes_approvalround r ON r.id = s.round_id
   WHERE r.change_id = change AND r.closed_at IS NULL AND s.due_at <= clock_timestamp()
     AND NOT EXISTS (SELECT FROM changes_stepescalation e WHERE e.step_id = s.id AND e.kind = 'overdue')
     AND NOT changes_step_is_met_v1(s)
   ORDER BY s.position, s.id;
$$;

-- Enough approvals, and votes for the quorum.
CREATE OR REPLACE FUNCTION changes_step_is_met_v1(s changes_roundstep) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT count(*) FILTER (WHERE v.choice = 'approve') >= s.need AND count(*) >= s.quorum
    FROM changes_vote v JOIN changes_roundseat se ON se.id = v.seat_id WHERE se.step_id = s.id;
$$;

-- A reminder may be noted by the worker, from half time on; an escalation by the gate alone.
CREATE OR REPLACE FUNCTION changes_guard_escalation_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE half timestamptz;
BEGIN
  IF NEW.kind <> 'reminder' AND NOT changes_in_gate_v1(TG_RELID) THEN
    PERFORM changes_refuse_v1('only_by_gate', 'an escalation is written by PostgreSQL alone');
  END IF;
  SELECT r.opened_at + (s.due_at - r.opened_at) / 2 INTO half
    FROM changes_roundstep s JOIN changes_approvalround r ON r.id = s.round_id
   WHERE s.id = NEW.step_id AND r.closed_at IS NULL;
  IF half IS NULL OR half > clock_timestamp() THEN
    PERFORM changes_refuse_v1('too_early', 'a vote is reminded of from half of its time on, while it is open');
  END IF;
  NEW.happened_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER guard_escalation BEFORE INSERT ON changes_stepescalation
  FOR EACH ROW EXECUTE FUNCTION changes_guard_escalation_v1();
SELECT audit.protect('changes_stepescalation');
