-- Whether a person is, to a change, what a step names. Rights (change manager, on call, importer) are roles
-- that Python knows; here every person passes for those, because no separation of duties hangs on them.
CREATE OR REPLACE FUNCTION changes_is_related_v1(c changes_changerequest, person bigint, relation text)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE relation
    WHEN 'requester' THEN c.requester_id = person
    WHEN 'owner' THEN c.owner_id = person
    WHEN 'voter' THEN EXISTS (SELECT FROM changes_roundseat s JOIN changes_roundstep st ON st.id = s.step_id
      JOIN changes_approvalround r ON r.id = st.round_id
      WHERE r.change_id = c.id AND r.closed_at IS NULL AND s.user_id = person)
    WHEN 'assessor' THEN EXISTS (SELECT FROM changes_assignment a
      WHERE a.change_id = c.id AND a.user_id = person AND a.role = relation)
    WHEN 'tester' THEN EXISTS (SELECT FROM changes_assignment a
      WHERE a.change_id = c.id AND a.user_id = person AND a.role = relation)
    WHEN 'verifier' THEN EXISTS (SELECT FROM changes_assignment a
      WHERE a.change_id = c.id AND a.user_id = person AND a.role = relation)
    WHEN 'implementer' THEN EXISTS (SELECT FROM changes_assignment a
      WHERE a.change_id = c.id AND a.user_id = person AND a.role = relation)
    ELSE relation IN ('change_manager', 'oncall', 'importer') END;
$$;

-- Whether a person must stay apart from a step because of what they are, or did, in the change.
CREATE OR REPLACE FUNCTION changes_is_barred_v1(c changes_changerequest, person bigint, relation text)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE relation
    WHEN 'implementer' THEN person IN (SELECT changes_implementers_v1(c.id))
    WHEN 'assessor' THEN changes_is_related_v1(c, person, 'assessor') OR EXISTS (
      SELECT FROM changes_changeevent e WHERE e.change_id = c.id AND e.actor_id = person
         AND e.event IN ('assessed', 'assessed_low'))
    ELSE changes_is_related_v1(c, person, relation) END;
$$;

-- The gate: the one way for a change to move. Checks the rule, hold, the actor, the votes and the plan,
-- then moves the change. What the session sent for seq, states, hash and time is overwritten.
CREATE OR REPLACE FUNCTION changes_event_gate_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  c changes_changerequest; rule changes_steprule; live text; ballot changes_approvalround; verdict text;
  relation text; booked text; held interval; at timestamptz := clock_timestamp();
BEGIN
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id FOR NO KEY UPDATE;
  SELECT * INTO rule FROM changes_steprule s
   WHERE s.event = NEW.event AND s.source = c.state AND c.kind = ANY (s.kinds);
  IF rule.id IS NULL THEN
    PERFORM changes_refuse_v1('no_such_step', format('no step %s from %s for a %s change', NEW.event, c.state, c.kind));
  END IF;
  IF NEW.target <> '' AND NEW.target <> rule.target OR NEW.source <> '' AND NEW.source <> c.state THEN
    PERFORM changes_refuse_v1('no_such_step', 'the step leads from ' || rule.source || ' to ' || rule.target);
  END IF;
  IF c.on_hold AND rule.on_hold = 'no' OR NOT c.on_hold AND rule.on_hold = 'only' THEN
    PERFORM changes_refuse_v1('hold', CASE WHEN c.on_hold THEN 'the change is on hold' ELSE 'the change is not on hold' END);
  END IF;
  IF rule.needs_comment AND btrim(NEW.comment) = '' THEN
    PERFORM changes_refuse_v1('comment_required', 'this step says why');
  END IF;

  IF NEW.actor_id IS NULL THEN
    IF NOT 'system' = ANY (rule.who) THEN
      PERFORM changes_refuse_v1('who', 'this step is taken by a person');
    END IF;
  ELSE
    IF NOT EXISTS (SELECT FROM unnest(rule.who) w WHERE changes_is_related_v1(c, NEW.actor_id, w)) THEN
      PERFORM changes_refuse_v1('who', 'the actor has no part in the change that allows this step');
    END IF;
    FOREACH relation IN ARRAY rule.apart ||
      CASE WHEN c.risk IN ('high', 'very_high') THEN rule.apart_if_high ELSE '{}'::varchar[] END LOOP
      IF changes_is_barred_v1(c, NEW.actor_id, relation) THEN
        PERFORM changes_refuse_v1(relation || '_apart', 'the ' || relation || ' of the change must not take this step');
      END IF;
    END LOOP;
  END IF;
  IF (NEW.event = 'break_glass' OR NEW.event = 'start' AND c.risk IN ('high', 'very_high'))
     AND NOT changes_is_proved_v1(NEW.proof, NEW.proved_at) THEN
    PERFORM changes_refuse_v1('step_up', 'this step asks for a fresh proof of who takes it');
  END IF;

  live := changes_plan_hash_v1(c);
  IF rule.decides <> '' THEN
    SELECT * INTO ballot FROM changes_approvalround WHERE change_id = c.id AND closed_at IS NULL;
    verdict := changes_round_result_v1(ballot.id);
    IF ballot.id IS NULL OR verdict <> (CASE rule.decides WHEN 'approval' THEN 'approved' ELSE 'rejected' END) THEN
      PERFORM changes_refuse_v1('votes', 'the votes do not say so');
    END IF;
    IF ballot.plan_hash <> live THEN
      PERFORM changes_refuse_v1('plan_edited', 'the plan is not the one that was voted on');
    END IF;
    UPDATE changes_approvalround SET closed_at = at, result = verdict WHERE id = ballot.id;
  END IF;
  PERFORM changes_check_assessment_v1(c, NEW.event);
  IF rule.unchanged AND live <> c.approved_hash THEN
    PERFORM changes_refuse_v1('plan_edited', 'the plan is not the approved one');
  END IF;
  IF rule.target IN ('scheduled', 'implementing') AND EXISTS (
    SELECT FROM changes_assignment i JOIN changes_assignment v USING (change_id, user_id)
     WHERE i.change_id = c.id AND i.role = 'implementer' AND v.role = 'verifier') THEN
    PERFORM changes_refuse_v1('people_apart', 'implementer and verifier are different people');
  END IF;
  -- Two changes do not hold one item at one time; an emergency is not stopped by it, and stops the others.
  IF NEW.event IN ('submit', 'approve', 'start', 'reschedule') AND rule.target IN ('scheduled', 'implementing')
     AND c.kind <> 'emergency' THEN
    booked := changes_double_booked_v1(c, CASE WHEN 'move_window' = ANY (rule.effects)
      THEN tstzrange((NEW.data->>'window_start')::timestamptz, (NEW.data->>'window_end')::timestamptz)
      ELSE c."window" END);
    IF booked IS NOT NULL THEN
      PERFORM changes_refuse_v1('double_booked', booked || ' changes the same item at the same time');
    END IF;
  END IF;
  PERFORM changes_check_template_v1(c, NEW.event);
  IF (NEW.event = 'start' OR c.kind = 'standard' AND NEW.event = 'submit') AND EXISTS (
    SELECT FROM changes_stoppedline l WHERE l.released_at IS NULL AND changes_stop_covers_v1(l.service_id, c.id)) THEN
    PERFORM changes_refuse_v1('line_stopped', 'the line is stopped');
  END IF;
  PERFORM changes_check_work_v1(c, NEW);
  PERFORM changes_check_plan_v1(c, NEW, rule);

  IF cardinality(rule.outcomes) > 0 THEN
    IF NEW.event = 'close' AND c.outcome <> '' THEN
      IF NEW.outcome NOT IN ('', c.outcome) THEN
        PERFORM changes_refuse_v1('outcome', 'the outcome of this change is already ' || c.outcome);
      END IF;
      NEW.outcome := c.outcome;
    ELSIF NEW.outcome = '' THEN
      NEW.outcome := rule.outcomes[1];
    ELSIF NOT NEW.outcome = ANY (rule.outcomes) THEN
      PERFORM changes_refuse_v1('outcome', 'this step cannot end as ' || NEW.outcome);
    END IF;
    c.outcome := NEW.outcome;
  ELSE
    NEW.outcome := '';
  END IF;

  SELECT coalesce(max(seq), 0) + 1 INTO NEW.seq FROM changes_changeevent WHERE change_id = c.id;
  NEW.kind := c.kind;
  NEW.source := rule.source;
  NEW.target := rule.target;
  NEW.plan_hash := live;
  NEW.happened_at := at;

  -- On hold the clocks stand still: what was due moves by as long as it lasted. The ratification's does not.
  IF NEW.event = 'resume' THEN
    SELECT at - max(h.happened_at) INTO held FROM changes_changeevent h WHERE h.change_id = c.id AND h.event = 'hold';
    UPDATE changes_roundstep s SET due_at = s.due_at + held FROM changes_approvalround r
     WHERE r.id = s.round_id AND r.change_id = c.id AND r.closed_at IS NULL;
  END IF;
  c.state := rule.target;
  c.on_hold := NEW.event = 'hold' OR c.on_hold AND rule.source = rule.target AND NEW.event <> 'resume';
  IF rule.source <> rule.target THEN
    c.state_since_at := at;
  END IF;
  IF 'make_normal' = ANY (rule.effects) THEN c.kind := 'normal'; END IF;
  IF 'mark_imported' = ANY (rule.effects) THEN
    c.is_imported := true;
    -- A window without length is stored as empty, which has no bounds: its moment stands here.
    c.actual_start_at := (NEW.data->>'actual_start')::timestamptz;
    c.actual_end_at := (NEW.data->>'actual_end')::timestamptz;
  END IF;
  IF 'mark_retrospective' = ANY (rule.effects) THEN
    c.is_retrospective := true;
    c.actual_start_at := (NEW.data->>'actual_start')::timestamptz;
    c.actual_end_at := (NEW.data->>'actual_end')::timestamptz;
  END IF;
  IF 'mark_unauthorised' = ANY (rule.effects) THEN c.is_unauthorised := true; END IF;
  IF 'mark_break_glass' = ANY (rule.effects) THEN c.is_break_glass := true; END IF;
  IF 'start_clock' = ANY (rule.effects) THEN c.actual_start_at := at; END IF;
  IF 'stop_clock' = ANY (rule.effects) THEN c.actual_end_at := at; END IF;
  IF 'start_ratify_clock' = ANY (rule.effects) THEN
    c.ratify_due_at := coalesce(c.ratify_due_at, at + interval '24 hours');
  END IF;
  IF 'move_window' = ANY (rule.effects) THEN
    c."window" := tstzrange((NEW.data->>'window_start')::timestamptz, (NEW.data->>'window_end')::timestamptz);
  END IF;
  IF 'reopen_rollback' = ANY (rule.effects) THEN
    UPDATE changes_rollbackstep SET done_at = NULL, done_by_id = NULL WHERE change_id = c.id;
  END IF;
  IF 'suspend_template' = ANY (rule.effects) AND c.outcome IN ('failed', 'rolled_back', 'unratified') THEN
    UPDATE changes_standardtemplate t SET is_active = false, suspended_reason = c.number || ': ' || c.outcome
     WHERE t.id = c.template_id AND t.suspended_reason = ''
       AND changes_template_failures_v1(t) + (SELECT count(*) FROM (SELECT 1 WHERE NOT EXISTS (
             SELECT FROM changes_changeevent e WHERE e.change_id = c.id
                AND e.outcome IN ('failed', 'rolled_back', 'unratified'))) this) >= t.suspend_after_failures;
  END IF;
  IF 'escalate_steps' = ANY (rule.effects) THEN
    PERFORM changes_escalate_v1(c.id);
  END IF;
  IF rule.source <> rule.target OR rule.opens <> '' THEN
    UPDATE changes_approvalround SET closed_at = at, result = 'void' WHERE change_id = c.id AND closed_at IS NULL;
  END IF;
  IF rule.target = 'draft' THEN c.approved_hash := ''; END IF;
  IF rule.binds THEN c.approved_hash := changes_plan_hash_v1(c); END IF;
  UPDATE changes_changerequest SET
    state = c.state, on_hold = c.on_hold, outcome = c.outcome, state_since_at = c.state_since_at, kind = c.kind,
    is_imported = c.is_imported, is_retrospective = c.is_retrospective, is_break_glass = c.is_break_glass,
    is_unauthorised = c.is_unauthorised,
    actual_start_at = c.actual_start_at, actual_end_at = c.actual_end_at, ratify_due_at = c.ratify_due_at,
    "window" = c."window", approved_hash = c.approved_hash
   WHERE id = c.id;
  IF rule.opens <> '' THEN
    PERFORM changes_open_round_v1(c, rule.opens);
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER event_gate BEFORE INSERT ON changes_changeevent
  FOR EACH ROW EXECUTE FUNCTION changes_event_gate_v1();
