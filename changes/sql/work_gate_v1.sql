-- Past the point of no return: a stage that is one stands applied.
CREATE OR REPLACE FUNCTION changes_past_no_return_v1(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM changes_planstage s WHERE s.change_id = wanted AND s.is_point_of_no_return
                    AND s.applied_at IS NOT NULL AND s.reverted_at IS NULL);
$$;

-- A start needs a backup: the policy says so, or the risk, the downtime or an item of the highest criticality does.
CREATE OR REPLACE FUNCTION changes_needs_backup_v1(c changes_changerequest) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.risk IN ('high', 'very_high') OR c.downtime_minutes > 0
      OR coalesce((SELECT p.needs_backup FROM changes_approvalpolicy p WHERE p.id = changes_policy_v1(c, 'approve')), false)
      OR EXISTS (SELECT FROM changes_changeitem i JOIN cmdb_configurationitem ci ON ci.id = i.item_id
                  WHERE i.change_id = c.id AND i.impact = 'manual' AND ci.criticality = 4);
$$;

-- What the gate asks about the work, the measured effect and emergencies, beside who and from where.
CREATE OR REPLACE FUNCTION changes_check_work_v1(c changes_changerequest, e changes_changeevent) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE undone text; days int;
BEGIN
  CASE
  WHEN e.event = 'start' THEN
    IF EXISTS (SELECT FROM changes_plantask t WHERE t.change_id = c.id AND t.phase = 'precheck'
                  AND (t.done_at IS NULL OR t.done_by_id IS NULL)) THEN
      PERFORM changes_refuse_v1('prechecks_done', 'a check before the start is not ticked');
    END IF;
    IF c.backup_ref = '' AND changes_needs_backup_v1(c) THEN
      PERFORM changes_refuse_v1('backup_evidence_if_required', 'this change starts only with a backup');
    END IF;
  WHEN e.event = 'reschedule' THEN
    SELECT p.reschedule_days INTO days FROM changes_approvalpolicy p WHERE p.id = changes_policy_v1(c, 'approve');
    IF abs(extract(epoch FROM (e.data->>'window_start')::timestamptz - lower(c."window"))) > coalesce(days, 7) * 86400
       OR (e.data->>'window_end')::timestamptz - (e.data->>'window_start')::timestamptz
          > upper(c."window") - lower(c."window") THEN
      PERFORM changes_refuse_v1('within_approved_tolerance', 'the new window is longer or too far from the approved one');
    END IF;
  WHEN e.event = 'finish' THEN
    undone := changes_work_left_v1(c.id, false);
    IF undone IS NOT NULL THEN
      PERFORM changes_refuse_v1('ci_ops_all_applied', 'the items are not as planned: ' || undone);
    END IF;
    IF EXISTS (SELECT FROM changes_plantask t WHERE t.change_id = c.id AND t.phase = 'implementation'
                  AND (t.done_at IS NULL OR t.done_by_id IS NULL OR t.is_dual AND t.second_by_id IS NULL)) THEN
      PERFORM changes_refuse_v1('tasks_done', 'a task is not done by those it takes');
    END IF;
  WHEN e.event = 'rolled_back' THEN
    undone := changes_work_left_v1(c.id, true);
    IF undone IS NOT NULL THEN
      PERFORM changes_refuse_v1('ci_ops_all_reverted_or_decided', 'the items are not as before: ' || undone);
    END IF;
    IF EXISTS (SELECT FROM changes_rollbackstep r WHERE r.change_id = c.id
                  AND (r.done_at IS NULL OR r.done_by_id IS NULL)) THEN
      PERFORM changes_refuse_v1('rollback_steps_done', 'a step of the way back is not done');
    END IF;
  WHEN e.event = 'auto_rollback' THEN
    IF changes_past_no_return_v1(c.id) THEN
      PERFORM changes_refuse_v1('way_back_open', 'after the point of no return nothing rolls back by itself');
    END IF;
    IF NOT EXISTS (SELECT FROM changes_breaches_v1(c.id) b JOIN changes_criterion k ON k.id = b.criterion_id
                    WHERE k.has_auto_rollback) THEN
      PERFORM changes_refuse_v1('criterion_breached', 'no criterion that rolls back by itself is breached');
    END IF;
  WHEN e.event = 'rollback' THEN
    -- Who is a change manager is known to Python; that it is nobody who worked on or verifies the change, here.
    IF changes_past_no_return_v1(c.id) AND (e.actor_id IN (SELECT changes_implementers_v1(c.id))
       OR changes_is_related_v1(c, e.actor_id, 'verifier')) THEN
      PERFORM changes_refuse_v1('way_back_open', 'after the point of no return a change manager decides');
    END IF;
  WHEN e.event IN ('verified', 'verified_review', 'verified_emergency', 'auto_verified') THEN
    IF EXISTS (SELECT FROM changes_unproved_v1(c.id, e.event <> 'verified_emergency')) THEN
      PERFORM changes_refuse_v1('criteria_judged', 'a criterion is not measured, or not observed long enough');
    END IF;
    IF e.event IN ('verified', 'auto_verified') AND EXISTS (
      SELECT FROM changes_criterion k CROSS JOIN LATERAL (
        SELECT r.has_passed FROM changes_criterionresult r WHERE r.criterion_id = k.id
         ORDER BY r.measured_at DESC, r.id DESC LIMIT 1) AS newest
       WHERE k.change_id = c.id AND NOT newest.has_passed) THEN
      PERFORM changes_refuse_v1('criteria_passed', 'a criterion is not met');
    END IF;
  WHEN e.event = 'break_glass' THEN
    IF c.incident_priority <> 'p1' OR EXISTS (
      SELECT FROM changes_vote v JOIN changes_approvalround r ON r.id = v.round_id
       WHERE r.change_id = c.id AND v.choice = 'reject') THEN
      PERFORM changes_refuse_v1('break_glass', 'the glass is broken for a P1 that nobody rejected');
    END IF;
    IF NOT EXISTS (SELECT FROM accounts_user u WHERE u.id::text = e.data->>'second_person' AND u.is_active
                      AND u.id <> e.actor_id) THEN
      PERFORM changes_refuse_v1('second_person_present', 'breaking the glass takes a second person');
    END IF;
  WHEN e.event = 'ratify' THEN
    IF EXISTS (SELECT FROM changes_vote v JOIN changes_approvalround r ON r.id = v.round_id
                LEFT JOIN changes_voteconfirmation f ON f.vote_id = v.id
                WHERE r.change_id = c.id AND v.channel = 'verbal' AND f.id IS NULL) THEN
      PERFORM changes_refuse_v1('verbal_votes_confirmed', 'a vote by word of mouth is not confirmed');
    END IF;
    IF EXISTS (SELECT FROM changes_changeevent b LEFT JOIN changes_presenceconfirmation p ON p.event_id = b.id
                WHERE b.change_id = c.id AND b.event = 'break_glass' AND p.id IS NULL) THEN
      PERFORM changes_refuse_v1('presence_confirmed', 'the second person has not confirmed to have been there');
    END IF;
  WHEN e.event = 'ratify_overdue' THEN
    IF c.ratify_due_at IS NULL OR c.ratify_due_at > clock_timestamp() THEN
      PERFORM changes_refuse_v1('ratification_overdue', 'the ratification is not overdue');
    END IF;
  ELSE
    NULL;
  END CASE;
END $$;

-- Being there is confirmed by who was named as the second person, nobody else.
CREATE OR REPLACE FUNCTION changes_presence_gate_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM changes_changeevent e WHERE e.id = NEW.event_id AND e.event = 'break_glass'
                    AND e.data->>'second_person' = NEW.confirmed_by_id::text) THEN
    PERFORM changes_refuse_v1('not_the_second_person', 'presence is confirmed by who was there');
  END IF;
  NEW.confirmed_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER presence_gate BEFORE INSERT ON changes_presenceconfirmation
  FOR EACH ROW EXECUTE FUNCTION changes_presence_gate_v1();
SELECT audit.protect('changes_presenceconfirmation');
