-- A test run carries the plan it was made with; nobody says so but PostgreSQL.
CREATE OR REPLACE FUNCTION changes_bind_test_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  SELECT changes_plan_hash_v1(c) INTO NEW.plan_hash FROM changes_changerequest c WHERE c.id = NEW.change_id
     FOR NO KEY UPDATE;
  NEW.run_at := clock_timestamp();
  RETURN NEW;
END $$;

-- Whether a value passes follows from the criterion, not from who measured it.
CREATE OR REPLACE FUNCTION changes_judge_result_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  SELECT CASE k.comparison WHEN 'lt' THEN NEW.value < k.threshold WHEN 'le' THEN NEW.value <= k.threshold
                           WHEN 'eq' THEN NEW.value = k.threshold WHEN 'ge' THEN NEW.value >= k.threshold
                           ELSE NEW.value > k.threshold END
    INTO NEW.has_passed FROM changes_criterion k WHERE k.id = NEW.criterion_id;
  NEW.measured_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER bind_test BEFORE INSERT ON changes_testrun FOR EACH ROW EXECUTE FUNCTION changes_bind_test_v1();
CREATE OR REPLACE TRIGGER judge_result BEFORE INSERT ON changes_criterionresult
  FOR EACH ROW EXECUTE FUNCTION changes_judge_result_v1();

-- Inserted and read, nothing else, by anybody.
SELECT audit.protect('changes_changeevent');
SELECT audit.protect('changes_vote');
SELECT audit.protect('changes_voteconfirmation');
SELECT audit.protect('changes_testrun');
SELECT audit.protect('changes_criterionresult');
