-- What the gate asks about the plan and the time before it moves a change; Python asks the same first, with names
-- and with what to do. Left to Python alone: wording, the graph of collisions, and who holds which role
-- (tests/changes/test_agreement.py lists each with its reason).

-- A hard freeze that covers an item of the change in the time asked about and that nobody overrode for it; NULL:
-- none. Freezes with further conditions are stored filters, which Python alone can read.
CREATE OR REPLACE FUNCTION changes_frozen_v1(c changes_changerequest, asked tstzrange) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT f.label FROM changes_freezewindow f
   WHERE f.is_hard AND f.is_active AND f.conditions = '{}' AND f."window" && asked
     AND NOT EXISTS (SELECT FROM changes_freezeoverride o
                      WHERE o.change_id = c.id AND o.freeze_id = f.id AND c.kind <> 'emergency'
                        AND o.change_window = asked AND o.freeze_window = f."window")
     AND EXISTS (
       SELECT FROM changes_changeitem i JOIN cmdb_configurationitem ci ON ci.id = i.item_id
        WHERE i.change_id = c.id AND i.impact = 'manual'
          AND (f.item_id IS NULL OR f.item_id = ci.id)
          AND (f.environment = '' OR f.environment = ci.environment)
          AND (f.owner_team_id IS NULL OR f.owner_team_id = ci.owner_team_id)
          AND (f.criticality_from IS NULL OR ci.criticality >= f.criticality_from)
          AND (f.type_id IS NULL OR ci.type_id IN (
            WITH RECURSIVE kinds(id) AS (SELECT f.type_id
              UNION SELECT t.id FROM cmdb_citype t JOIN kinds ON t.parent_id = kinds.id) SELECT id FROM kinds))
          AND (f.service_id IS NULL OR ci.id IN (SELECT changes_service_closure_v1(f.service_id))))
   ORDER BY f.id LIMIT 1;
$$;

-- The newest test was made with the plan as it stands; not asked of a change that was assessed as one without.
CREATE OR REPLACE FUNCTION changes_is_tested_v1(c changes_changerequest) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce((SELECT e.event = 'assessed_low' FROM changes_changeevent e
                    WHERE e.change_id = c.id AND e.event IN ('tested', 'assessed_low') ORDER BY e.seq DESC LIMIT 1), false)
      OR coalesce((SELECT r.plan_hash = changes_plan_hash_v1(c) FROM changes_testrun r
                    WHERE r.change_id = c.id AND r.purpose = 'test' ORDER BY r.id DESC LIMIT 1), false);
$$;

CREATE OR REPLACE FUNCTION changes_check_plan_v1(c changes_changerequest, e changes_changeevent, rule changes_steprule)
RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  at timestamptz := clock_timestamp(); asked tstzrange := c."window"; frozen text; late int;
  goes boolean := e.event IN ('submit', 'approve', 'start', 'reschedule') AND c.kind <> 'emergency';
BEGIN
  IF e.actor_id IS NOT NULL AND NOT EXISTS (SELECT FROM accounts_user u WHERE u.id = e.actor_id AND u.is_active) THEN
    PERFORM changes_refuse_v1('who', 'the actor does not work here any more');
  END IF;

  IF e.event = 'record_import' AND (btrim(c.import_source) = '' OR btrim(c.import_key) = '') THEN
    PERFORM changes_refuse_v1('import_source_named', 'only a change from another system is recorded as past');
  END IF;
  IF e.event IN ('submit', 'record_retro') THEN
    IF NOT EXISTS (SELECT FROM changes_changeitem i WHERE i.change_id = c.id AND i.impact = 'manual')
       OR EXISTS (SELECT FROM changes_plannedoperation o WHERE o.change_id = c.id AND o.item_id IS NOT NULL
                   AND NOT EXISTS (SELECT FROM changes_changeitem i
                                    WHERE i.change_id = c.id AND i.impact = 'manual' AND i.item_id = o.item_id)) THEN
      PERFORM changes_refuse_v1('cis_listed', 'the change does not list the items that it changes');
    END IF;
    IF c.kind <> 'emergency' AND (c."window" IS NULL OR isempty(c."window")) THEN
      PERFORM changes_refuse_v1('window', 'no window is asked for');
    END IF;
    IF c.kind = 'emergency' AND btrim(c.incident_ref) = '' THEN
      PERFORM changes_refuse_v1('incident_referenced', 'an emergency names the incident behind it');
    END IF;
  END IF;
  IF (e.event = 'submit' AND c.kind = 'emergency' OR e.event IN ('assessed', 'assessed_low'))
     AND NOT EXISTS (SELECT FROM changes_rollbackstep r WHERE r.change_id = c.id) THEN
    PERFORM changes_refuse_v1('rollback_plan_present', 'there is no way back planned');
  END IF;
  IF e.event IN ('assessed', 'assessed_low') THEN
    IF btrim(c.rollback_trigger) = '' OR coalesce(c.rollback_minutes, 0) = 0 OR c.rollback_owner_id IS NULL THEN
      PERFORM changes_refuse_v1('rollback_plan_complete', 'the way back lacks its trigger, its minutes or who decides');
    END IF;
    IF NOT EXISTS (SELECT FROM changes_criterion k WHERE k.change_id = c.id) THEN
      PERFORM changes_refuse_v1('verify_plan_measurable', 'nothing says how the effect will be measured');
    END IF;
  END IF;
  IF e.event = 'assessed_low' AND NOT coalesce((SELECT p.allows_skip_test FROM changes_approvalpolicy p
                                                 WHERE p.id = changes_policy_v1(c, 'approve')), false) THEN
    PERFORM changes_refuse_v1('policy_allows_skip_test', 'the approval policy asks for a test');
  END IF;
  IF (e.event IN ('approve', 'break_glass', 'record_retro') OR e.event = 'submit' AND c.kind <> 'normal')
     AND NOT EXISTS (SELECT FROM changes_assignment a WHERE a.change_id = c.id AND a.role = 'implementer') THEN
    PERFORM changes_refuse_v1('implementers_named', 'nobody is named to implement it');
  END IF;
  IF (e.event = 'record_retro' OR rule.target = 'scheduled' AND e.event IN ('submit', 'approve'))
     AND NOT EXISTS (SELECT FROM changes_assignment a WHERE a.change_id = c.id AND a.role = 'verifier') THEN
    PERFORM changes_refuse_v1('verifier_named', 'nobody is named to verify the effect');
  END IF;
  IF e.event = 'record_retro' AND EXISTS (
    SELECT FROM changes_assignment i JOIN changes_assignment v USING (change_id, user_id)
     WHERE i.change_id = c.id AND i.role = 'implementer' AND v.role = 'verifier') THEN
    PERFORM changes_refuse_v1('people_apart', 'implementer and verifier are different people');
  END IF;
  IF e.event = 'record_retro' AND NOT coalesce((e.data->>'actual_start')::timestamptz < (e.data->>'actual_end')::timestamptz
                                               AND (e.data->>'actual_end')::timestamptz <= at, false) THEN
    PERFORM changes_refuse_v1('actual_times_given', 'work recorded afterwards has a start and an end that are past');
  END IF;
  -- A vote is on a plan that was tested; opening another round does not go round the test.
  IF c.kind = 'normal' AND e.event IN ('approve', 'new_round') AND NOT changes_is_tested_v1(c) THEN
    PERFORM changes_refuse_v1('evidence_bound_to_plan', 'there is no test of the plan as it stands');
  END IF;

  IF e.event = 'new_round' AND EXISTS (SELECT FROM changes_approvalround r WHERE r.change_id = c.id AND r.closed_at IS NULL) THEN
    PERFORM changes_refuse_v1('no_open_round', 'a round is open: its votes are not thrown away');
  END IF;

  IF e.event = 'reschedule' THEN
    asked := tstzrange((e.data->>'window_start')::timestamptz, (e.data->>'window_end')::timestamptz);
    IF isempty(asked) OR NOT coalesce(upper(asked) > at, false) THEN
      PERFORM changes_refuse_v1('window_ahead', 'the new window is empty or has passed');
    END IF;
  END IF;
  IF goes AND rule.target = 'scheduled' AND e.event <> 'reschedule'
     AND NOT coalesce(NOT isempty(asked) AND upper(asked) > at, false) THEN
    PERFORM changes_refuse_v1('window_reserved', 'there is no window ahead');
  END IF;
  IF e.event = 'start' THEN
    IF NOT coalesce(at <@ c."window", false) THEN
      PERFORM changes_refuse_v1('inside_window', 'it is not the time of the window');
    END IF;
    IF EXISTS (SELECT FROM changes_changelink l JOIN changes_changerequest o ON o.id = l.other_id
                WHERE l.change_id = c.id AND l.nature = 'follows'
                  AND NOT (o.state = 'closed' AND o.outcome IN ('successful', 'successful_with_issues'))) THEN
      PERFORM changes_refuse_v1('upstream_changes_done', 'a change that this one follows is not done');
    END IF;
    IF EXISTS (SELECT FROM changes_plantask t WHERE t.change_id = c.id AND t.is_dual)
       AND (SELECT count(DISTINCT a.user_id) FROM changes_assignment a JOIN accounts_user u ON u.id = a.user_id
             WHERE a.change_id = c.id AND a.role = 'implementer' AND u.is_active) < 2 THEN
      PERFORM changes_refuse_v1('second_person_if_dual', 'a task takes two people, and one is named');
    END IF;
  END IF;
  IF goes THEN
    frozen := changes_frozen_v1(c, asked);
  ELSIF c.kind = 'emergency' AND e.event IN ('submit', 'approve') AND btrim(c.freeze_override) = '' THEN
    frozen := changes_frozen_v1(c, tstzrange(at, at + interval '1 minute'));
  END IF;
  IF frozen IS NOT NULL THEN
    PERFORM changes_refuse_v1('no_hard_freeze', 'a freeze is in force: ' || frozen);
  END IF;
  IF e.event = 'expire' THEN
    SELECT p.late_minutes INTO late FROM changes_approvalpolicy p WHERE p.id = changes_policy_v1(c, 'approve');
    IF NOT coalesce(upper(c."window") + make_interval(mins => coalesce(late, 60)) <= at, false) THEN
      PERFORM changes_refuse_v1('window_passed_plus_grace', 'the window has not passed yet');
    END IF;
  END IF;

  IF e.event = 'break_glass' AND EXISTS (
    SELECT FROM (SELECT * FROM changes_approvalround r WHERE r.change_id = c.id ORDER BY r.id DESC LIMIT 1) last
     WHERE at < (SELECT min(s.due_at) FROM changes_roundstep s WHERE s.round_id = last.id)
        OR EXISTS (SELECT FROM changes_vote v WHERE v.round_id = last.id AND v.choice <> 'abstain')) THEN
    PERFORM changes_refuse_v1('no_ecab_answer_within_minutes', 'the emergency board has answered, or still has time to');
  END IF;
  IF e.event = 'abort' AND (
    EXISTS (SELECT FROM changes_plantask t WHERE t.change_id = c.id AND t.phase = 'implementation' AND t.done_at IS NOT NULL)
    OR EXISTS (SELECT FROM changes_plannedoperation o
                WHERE o.change_id = c.id AND o.applied_at IS NOT NULL AND o.reverted_at IS NULL)) THEN
    PERFORM changes_refuse_v1('no_ci_op_applied', 'work has begun: it is rolled back, not aborted');
  END IF;
  IF e.event = 'verified' AND (c.risk IN ('high', 'very_high') OR btrim(c.deviations) <> ''
     OR EXISTS (SELECT FROM changes_deviation d WHERE d.change_id = c.id)
     OR EXISTS (SELECT FROM changes_causedincident i WHERE i.change_id = c.id)
     OR EXISTS (SELECT FROM changes_criterionbreach b JOIN changes_criterion k ON k.id = b.criterion_id
                 WHERE k.change_id = c.id)
     OR coalesce(NOT isempty(c."window") AND c.actual_end_at > upper(c."window"), false)) THEN
    PERFORM changes_refuse_v1('no_pir_needed', 'this change is closed through a review');
  END IF;
  IF e.event = 'auto_verified' AND NOT (
    coalesce((SELECT t.has_auto_verify FROM changes_standardtemplate t WHERE t.id = c.template_id), false)
    AND coalesce((SELECT bool_and(k.is_machine) FROM changes_criterion k WHERE k.change_id = c.id), false)) THEN
    PERFORM changes_refuse_v1('template_auto_verify', 'machines verify alone only what the template lets them');
  END IF;
  IF e.event = 'rollback_failed' AND btrim(coalesce(e.data->>'caused_incidents', '') || c.incident_ref) = ''
     AND NOT EXISTS (SELECT FROM changes_causedincident i WHERE i.change_id = c.id) THEN
    PERFORM changes_refuse_v1('incident_linked', 'a failed rollback is an incident');
  END IF;
  IF e.event = 'restore_ok' AND btrim(c.restore_check) = '' THEN
    PERFORM changes_refuse_v1('restore_check', 'who confirms a restored state says what was checked');
  END IF;
  IF e.event = 'ratify' AND (c.risk = '' OR btrim(c.retro_assessment) = '') THEN
    PERFORM changes_refuse_v1('assessment_completed', 'the assessment has not been made up for');
  END IF;
  IF e.event = 'close' THEN
    IF btrim(c.pir) = '' THEN
      PERFORM changes_refuse_v1('pir_complete', 'the review says nothing yet');
    END IF;
    IF EXISTS (SELECT FROM changes_reviewaction a JOIN accounts_user u ON u.id = a.owner_id
                WHERE a.change_id = c.id AND a.done_at IS NULL AND NOT u.is_active) THEN
      PERFORM changes_refuse_v1('actions_have_owner_and_date', 'an action belongs to somebody who is not here any more');
    END IF;
  END IF;
END $$;
