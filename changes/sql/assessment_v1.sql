-- Assessment in PostgreSQL: who confirms an impact and answers for a team, what a test run proves, and what must
-- be true before a change leaves assessing and testing.

-- Teams to ask: owners of what is changed, and of critical items that go down or lose redundancy; a team of the
-- requester asked for the change itself.
CREATE OR REPLACE FUNCTION changes_teams_to_ask_v1(change bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT DISTINCT ci.owner_team_id FROM changes_changeitem i
    JOIN changes_changerequest c ON c.id = i.change_id
    JOIN cmdb_configurationitem ci ON ci.id = i.item_id
    LEFT JOIN changes_assessmentpolicy p ON p.kind = c.kind
   WHERE c.id = change AND ci.owner_team_id IS NOT NULL
     AND (i.impact = 'manual' OR i.impact IN ('computed', 'added') AND i.effect IN ('down', 'degraded')
          AND ci.criticality >= coalesce(p.critical_from, 3))
     AND NOT EXISTS (SELECT FROM accounts_teammember m WHERE m.team_id = ci.owner_team_id AND m.user_id = c.requester_id);
$$;

CREATE OR REPLACE FUNCTION changes_is_assessor_v1(change bigint, person bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM changes_assignment a JOIN changes_changerequest c ON c.id = a.change_id
                  WHERE a.change_id = change AND a.user_id = person AND a.role = 'assessor' AND c.requester_id <> person);
$$;

-- A confirmation is the assessor's, before the vote; later growth is acknowledged by the assessor or the owner; a
-- standard change is submitted with its list by who submits it. Time and hash are PostgreSQL's.
CREATE OR REPLACE FUNCTION changes_guard_confirmation_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest;
BEGIN
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id FOR NO KEY UPDATE;
  IF NEW.purpose = 'confirmed' AND NOT (c.state = 'assessing' AND changes_is_assessor_v1(c.id, NEW.confirmed_by_id)) THEN
    PERFORM changes_refuse_v1('assessor_confirms', 'the assessor confirms the impact while assessing');
  ELSIF NEW.purpose = 'acknowledged' AND NOT (c.state IN ('assessing', 'testing', 'approving', 'scheduled')
     AND (changes_is_assessor_v1(c.id, NEW.confirmed_by_id) OR coalesce(c.owner_id, c.requester_id) = NEW.confirmed_by_id)) THEN
    PERFORM changes_refuse_v1('owner_or_assessor', 'the owner or the assessor acknowledges that the impact grew');
  ELSIF NEW.purpose = 'submitted' AND NOT (c.state = 'draft' AND c.kind = 'standard'
     AND NEW.confirmed_by_id IN (c.requester_id, c.owner_id)) THEN
    PERFORM changes_refuse_v1('assessor_confirms', 'only a standard change is submitted with its list');
  END IF;
  NEW.confirmed_at := clock_timestamp();
  NEW.list_hash := encode(sha256(convert_to(jsonb_build_array(NEW.changed, NEW.known, NEW.vetoed)::text, 'UTF8')), 'hex');
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_confirmation BEFORE INSERT ON changes_impactconfirmation
  FOR EACH ROW EXECUTE FUNCTION changes_guard_confirmation_v1();

-- Owners answer, and are overruled, before the vote: before its round opens, and once an edit has voided it.
CREATE OR REPLACE FUNCTION changes_is_before_vote_v1(c changes_changerequest) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.state IN ('draft', 'assessing', 'testing') OR c.state = 'approving' AND c.kind = 'normal'
     AND NOT EXISTS (SELECT FROM changes_approvalround r WHERE r.change_id = c.id AND r.closed_at IS NULL);
$$;

-- A team answers through a member, before the vote, for the plan as it stands; an objection says why; it, or
-- silence past its time, is overruled by the assessor with a reason; a new answer takes the overruling away.
CREATE OR REPLACE FUNCTION changes_guard_consultation_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest; is_new boolean := TG_OP = 'INSERT'; was changes_consultation; live text;
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM changes_refuse_v1('append_only', 'a team that was asked stays asked');
  END IF;
  IF NOT is_new THEN
    was := OLD;
    IF (NEW.change_id, NEW.team_id, NEW.asked_at) IS DISTINCT FROM (OLD.change_id, OLD.team_id, OLD.asked_at) THEN
      PERFORM changes_refuse_v1('fixed', 'a consultation belongs to its change and its team');
    END IF;
  END IF;
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id FOR NO KEY UPDATE;
  live := changes_asked_hash_v1(c);
  IF NEW.answer <> 'asked' AND (is_new OR (NEW.answer, NEW.comment, NEW.answered_by_id, NEW.plan_hash)
       IS DISTINCT FROM (OLD.answer, OLD.comment, OLD.answered_by_id, OLD.plan_hash)) THEN
    IF NEW.plan_hash <> live AND concat(NEW.plan_hash, was.plan_hash) <> '' THEN
      PERFORM changes_refuse_v1('plan_edited', 'the plan is not the one that this answer is for');
    END IF;
    IF NOT EXISTS (SELECT FROM accounts_teammember m JOIN accounts_user u ON u.id = m.user_id
                    WHERE m.team_id = NEW.team_id AND m.user_id = NEW.answered_by_id AND u.is_active) THEN
      PERFORM changes_refuse_v1('team_member', 'nobody answers for a team that they are not in');
    END IF;
    IF NEW.answered_by_id = c.requester_id THEN
      PERFORM changes_refuse_v1('requester_apart', 'who asked for a change does not answer for an owner of its items');
    END IF;
    IF NOT changes_is_before_vote_v1(c) THEN
      PERFORM changes_refuse_v1('too_late', 'owners answer before the vote');
    END IF;
    IF NEW.answer = 'objected' AND btrim(NEW.comment) = '' THEN
      PERFORM changes_refuse_v1('comment_required', 'an objection says why');
    END IF;
    NEW.answered_at := clock_timestamp();
    NEW.plan_hash := live;
    NEW.overruled_by_id := NULL; NEW.overruled_at := NULL; NEW.overruled_because := ''; NEW.overruled_hash := '';
  ELSIF NEW.answer = 'asked' AND NOT is_new AND OLD.answer <> 'asked' THEN
    PERFORM changes_refuse_v1('append_only', 'an answer is changed by another answer, not taken back');
  ELSE
    NEW.plan_hash := CASE WHEN is_new THEN '' ELSE was.plan_hash END;
  END IF;
  IF NEW.overruled_by_id IS NOT NULL AND (is_new OR (NEW.overruled_by_id, NEW.overruled_because, NEW.overruled_hash)
       IS DISTINCT FROM (was.overruled_by_id, was.overruled_because, was.overruled_hash)) THEN
    IF NOT changes_is_assessor_v1(c.id, NEW.overruled_by_id) OR c.state = 'draft' OR NOT changes_is_before_vote_v1(c) THEN
      PERFORM changes_refuse_v1('assessor_overrules', 'the assessor overrules, before the vote');
    END IF;
    IF NEW.overruled_hash <> live AND concat(NEW.overruled_hash, was.overruled_hash) <> '' THEN
      PERFORM changes_refuse_v1('plan_edited', 'the plan is not the one that is gone on with');
    END IF;
    IF NOT (NEW.answer = 'objected' OR NEW.due_at < clock_timestamp()
            AND (NEW.answer = 'asked' OR NEW.plan_hash NOT IN ('', live))) THEN
      PERFORM changes_refuse_v1('nothing_to_overrule', 'an objection is overruled, or silence past its time');
    END IF;
    IF btrim(NEW.overruled_because) = '' THEN
      PERFORM changes_refuse_v1('comment_required', 'overruling says why');
    END IF;
    NEW.overruled_at := clock_timestamp();
    NEW.overruled_hash := live;
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_consultation BEFORE INSERT OR UPDATE OR DELETE ON changes_consultation
  FOR EACH ROW EXECUTE FUNCTION changes_guard_consultation_v1();

-- A case that did not pass, of a run: planned and not run, or run and not passed. NULL when there is none.
CREATE OR REPLACE FUNCTION changes_case_missing_v1(change bigint, cases jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT t.label FROM changes_testcase t WHERE t.change_id = change AND NOT EXISTS (
      SELECT FROM jsonb_array_elements(cases) e WHERE e ->> 'case' = t.id::text AND e ->> 'result' = 'passed')
  UNION ALL
  SELECT coalesce(e ->> 'name', '?') FROM jsonb_array_elements(cases) e
   WHERE coalesce(e ->> 'result', CASE WHEN e ->> 'passed' = 'true' THEN 'passed' ELSE 'failed' END) <> 'passed'
  LIMIT 1;
$$;

-- A test run carries the plan it was made with, and passes by its cases; nobody says so but PostgreSQL. It is made
-- by a tester of the change, and its files are kept ones.
CREATE OR REPLACE FUNCTION changes_bind_test_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE c changes_changerequest;
BEGIN
  SELECT * INTO c FROM changes_changerequest WHERE id = NEW.change_id FOR NO KEY UPDATE;
  IF NEW.tester_id = c.requester_id OR NOT EXISTS (SELECT FROM changes_assignment a
      WHERE a.change_id = c.id AND a.user_id = NEW.tester_id AND a.role = 'tester') THEN
    PERFORM changes_refuse_v1('tester', 'a test is run by a tester of the change, never by who asked for it');
  END IF;
  IF jsonb_typeof(NEW.cases) <> 'array' OR jsonb_typeof(NEW.files) <> 'array' THEN
    PERFORM changes_refuse_v1('cases', 'cases and files are lists');
  END IF;
  IF EXISTS (SELECT FROM jsonb_array_elements(NEW.files) f
              WHERE NOT EXISTS (SELECT FROM audit_storedfile s WHERE s.sha256 = f ->> 'sha256')) THEN
    PERFORM changes_refuse_v1('file_kept', 'a file of a test run is one that is kept');
  END IF;
  NEW.plan_hash := changes_plan_hash_v1(c);
  NEW.run_at := clock_timestamp();
  IF NEW.purpose = 'test' THEN
    NEW.has_passed := NEW.has_passed AND changes_case_missing_v1(c.id, NEW.cases) IS NULL;
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER bind_test BEFORE INSERT ON changes_testrun
  FOR EACH ROW EXECUTE FUNCTION changes_bind_test_v1();

-- What must be true before a change moves on from assessing and testing, is approved or started.
CREATE OR REPLACE FUNCTION changes_check_assessment_v1(c changes_changerequest, event text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  levels text[] := ARRAY['low', 'medium', 'high', 'very_high']; found text; run changes_testrun;
  live text;
BEGIN
  IF event IN ('assessed', 'assessed_low') THEN
    SELECT q.key INTO found FROM changes_riskquestion q
     WHERE q.is_active AND (q.kinds = '{}' OR c.kind = ANY (q.kinds)) AND NOT EXISTS (
       SELECT FROM changes_riskanswer a WHERE a.question_id = q.id AND a.key = c.risk_inputs -> 'answers' ->> q.key
          AND a.level = c.risk_inputs -> 'inputs' -> q.key ->> 'level');
    IF found IS NOT NULL THEN
      PERFORM changes_refuse_v1('risk_answered', 'the risk question is not answered: ' || found);
    END IF;
    IF array_position(levels, c.risk::text) IS DISTINCT FROM (
      SELECT max(array_position(levels, e.value ->> 'level')) FROM jsonb_each(c.risk_inputs -> 'inputs') e) THEN
      PERFORM changes_refuse_v1('risk_computed', 'the risk is the highest of its inputs');
    END IF;
  END IF;
  IF event IN ('assessed', 'assessed_low', 'tested') OR event = 'new_round' AND c.kind = 'normal' THEN
    live := changes_asked_hash_v1(c);
    IF EXISTS (SELECT FROM changes_teams_to_ask_v1(c.id) t WHERE NOT EXISTS (
      SELECT FROM changes_consultation k WHERE k.change_id = c.id AND k.team_id = t
         AND (k.answer = 'agreed' AND k.plan_hash IN ('', live)
              OR k.overruled_by_id IS NOT NULL AND k.overruled_hash IN ('', live))))
       OR EXISTS (SELECT FROM changes_consultation k WHERE k.change_id = c.id AND k.answer = 'objected'
                     AND (k.overruled_by_id IS NULL OR k.overruled_hash NOT IN ('', live))) THEN
      PERFORM changes_refuse_v1('ci_owners_consulted', 'a team that owns an item has not agreed to this plan, nor been overruled');
    END IF;
  END IF;
  IF (event IN ('assessed', 'assessed_low', 'start') OR event = 'approve' AND c.kind = 'normal') AND NOT EXISTS (
    SELECT FROM changes_impactconfirmation k
     WHERE k.id = (SELECT max(id) FROM changes_impactconfirmation WHERE change_id = c.id)
       AND (c.kind <> 'normal' OR k.confirmed_at > coalesce((SELECT max(e.happened_at) FROM changes_changeevent e
             WHERE e.change_id = c.id AND e.event = 'submit'), '-infinity'))
       AND NOT EXISTS (SELECT FROM changes_changeitem i WHERE i.change_id = c.id AND i.impact = 'manual'
                          AND NOT k.changed @> to_jsonb(i.item_id))) THEN
    PERFORM changes_refuse_v1('impact_confirmed', 'nobody has confirmed what these items affect');
  END IF;
  IF event = 'assessed' AND NOT EXISTS (SELECT FROM changes_testcase t WHERE t.change_id = c.id) THEN
    PERFORM changes_refuse_v1('test_plan', 'no test case is planned');
  END IF;
  IF event = 'tested' THEN
    live := changes_plan_hash_v1(c);
    SELECT * INTO run FROM changes_testrun WHERE change_id = c.id AND purpose = 'test' ORDER BY id DESC LIMIT 1;
    IF run.id IS NULL OR run.plan_hash <> live THEN
      PERFORM changes_refuse_v1('evidence_bound_to_plan', 'there is no test of the plan as it stands');
    END IF;
    IF NOT run.has_passed THEN
      PERFORM changes_refuse_v1('all_cases_passed', 'a case of the newest test did not pass');
    END IF;
    IF c.risk IN ('high', 'very_high') THEN
      SELECT * INTO run FROM changes_testrun WHERE change_id = c.id AND purpose = 'rehearsal' ORDER BY id DESC LIMIT 1;
      IF run.id IS NULL OR NOT run.has_passed OR run.plan_hash <> live
         OR run.measured_minutes IS NULL OR run.measured_minutes > c.rollback_minutes THEN
        PERFORM changes_refuse_v1('rollback_rehearsed_if_high', 'the rollback was not rehearsed within its time');
      END IF;
    END IF;
  END IF;
END $$;

CREATE OR REPLACE TRIGGER touch_plan_i AFTER INSERT ON changes_testcase REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION changes_touch_plan_v1();
CREATE OR REPLACE TRIGGER touch_plan_u AFTER UPDATE ON changes_testcase REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION changes_touch_plan_v1();
CREATE OR REPLACE TRIGGER touch_plan_d AFTER DELETE ON changes_testcase REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION changes_touch_plan_v1();
CREATE OR REPLACE TRIGGER stays_with_change BEFORE UPDATE OF change_id ON changes_testcase FOR EACH ROW
  WHEN (OLD.change_id <> NEW.change_id) EXECUTE FUNCTION changes_stays_with_change_v1();

SELECT audit.protect('changes_impactconfirmation');
