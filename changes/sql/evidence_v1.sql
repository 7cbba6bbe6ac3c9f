-- A test run carries the plan it was made with; nobody says so but PostgreSQL.
CREATE OR REPLACE FUNCTION changes_bind_test_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  SELECT changes_plan_hash_v1(c) INTO NEW.plan_hash FROM changes_changerequest c WHERE c.id = NEW.change_id
     FOR NO KEY UPDATE;
  NEW.run_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER bind_test BEFORE INSERT ON changes_testrun FOR EACH ROW EXECUTE FUNCTION changes_bind_test_v1();

-- Inserted and read, nothing else, by anybody.
SELECT audit.protect('changes_changeevent');
SELECT audit.protect('changes_vote');
SELECT audit.protect('changes_voteconfirmation');
SELECT audit.protect('changes_testrun');
SELECT audit.protect('changes_criterionresult');
