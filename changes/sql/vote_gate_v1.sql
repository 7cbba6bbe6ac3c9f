-- A vote: by the holder of a free seat or their deputy of that day, not by who asked for the change or
-- implements it, once, while the round is open, on the plan as it stands.
CREATE OR REPLACE FUNCTION changes_vote_gate_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE r changes_approvalround; c changes_changerequest; holder bigint; barred text;
BEGIN
  SELECT c1.* INTO c FROM changes_changerequest c1 JOIN changes_approvalround r1 ON r1.change_id = c1.id
   WHERE r1.id = NEW.round_id FOR NO KEY UPDATE OF c1;
  SELECT * INTO r FROM changes_approvalround WHERE id = NEW.round_id;
  IF r.id IS NULL OR r.closed_at IS NOT NULL THEN
    PERFORM changes_refuse_v1('round_closed', 'the round is closed');
  END IF;
  IF c.state <> (CASE r.purpose WHEN 'ratify' THEN 'ratifying' ELSE 'approving' END) OR c.on_hold THEN
    PERFORM changes_refuse_v1('not_voting', 'the change is not being voted on');
  END IF;
  IF r.plan_hash <> changes_plan_hash_v1(c) OR NEW.plan_hash <> r.plan_hash THEN
    PERFORM changes_refuse_v1('plan_edited', 'the plan is not the one that this vote is for');
  END IF;
  SELECT s.user_id, s.barred_as INTO holder, barred
    FROM changes_roundseat s JOIN changes_roundstep st ON st.id = s.step_id
   WHERE s.id = NEW.seat_id AND st.round_id = r.id;
  IF holder IS NULL THEN
    PERFORM changes_refuse_v1('no_seat', 'the seat is not one of this round');
  END IF;
  IF barred = 'other_seat' THEN
    PERFORM changes_refuse_v1('other_seat', 'the holder votes in another seat of this round');
  END IF;
  IF barred <> '' OR c.requester_id IN (NEW.voter_id, holder) THEN
    PERFORM changes_refuse_v1('requester_apart', 'who asked for a change or implements it has no vote on it');
  END IF;
  IF EXISTS (SELECT FROM changes_implementers_v1(c.id) i WHERE i IN (NEW.voter_id, holder)) THEN
    PERFORM changes_refuse_v1('implementer_apart', 'who implements a change has no vote on it');
  END IF;
  IF NEW.voter_id = holder THEN
    IF NEW.on_behalf_of_id IS NOT NULL THEN
      PERFORM changes_refuse_v1('no_seat', 'nobody votes on behalf of another in a seat of their own');
    END IF;
  ELSIF NEW.on_behalf_of_id IS DISTINCT FROM holder OR NOT EXISTS (
    SELECT FROM changes_votedelegation d WHERE d.person_id = holder AND d.deputy_id = NEW.voter_id
       AND d.starts_at <= clock_timestamp() AND clock_timestamp() < d.ends_at) THEN
    PERFORM changes_refuse_v1('no_seat', 'the voter neither holds the seat nor deputises for who does today');
  END IF;
  IF EXISTS (SELECT FROM changes_vote v WHERE v.round_id = r.id
              AND (v.voter_id = NEW.voter_id OR v.seat_id = NEW.seat_id)) THEN
    PERFORM changes_refuse_v1('voted', 'one person has one vote, and one seat too');
  END IF;
  IF NEW.voter_id <> holder AND EXISTS (
    SELECT FROM changes_roundseat s JOIN changes_roundstep st ON st.id = s.step_id
     WHERE st.round_id = r.id AND s.user_id = NEW.voter_id) THEN
    PERFORM changes_refuse_v1('own_seat', 'who has a seat in the round votes in it, for nobody else');
  END IF;
  IF NEW.voter_id <> holder AND changes_is_related_v1(c, NEW.voter_id, 'verifier') THEN
    PERFORM changes_refuse_v1('verifier_apart', 'who verifies the change votes on it for nobody else');
  END IF;
  IF NEW.channel = 'consent' AND c.risk <> 'low' THEN
    PERFORM changes_refuse_v1('consent_only_low', 'a consent agenda is for low risk alone');
  END IF;
  IF NEW.channel = 'verbal' AND (c.kind <> 'emergency' OR NEW.recorded_by_id IS NULL
                                 OR NEW.recorded_by_id = NEW.voter_id) THEN
    PERFORM changes_refuse_v1('verbal_only_in_emergency', 'a vote by word of mouth needs an emergency and a clerk');
  END IF;
  IF NEW.recorded_by_id = c.requester_id
     OR NEW.recorded_by_id IN (SELECT changes_implementers_v1(c.id)) THEN
    PERFORM changes_refuse_v1('clerk', 'who asked for a change or implements it takes down no vote on it');
  END IF;
  IF c.risk IN ('high', 'very_high') AND NOT changes_is_proved_v1(NEW.proof, NEW.proved_at) THEN
    PERFORM changes_refuse_v1('step_up', 'a vote on a change of high risk asks for a fresh proof of who votes');
  END IF;
  IF NEW.choice = 'reject' AND btrim(NEW.comment) = '' THEN
    PERFORM changes_refuse_v1('comment_required', 'a rejection says why');
  END IF;
  NEW.cast_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION changes_confirmation_gate_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM changes_vote v WHERE v.id = NEW.vote_id AND v.voter_id = NEW.confirmed_by_id
                   AND v.channel = 'verbal') THEN
    PERFORM changes_refuse_v1('not_the_voter', 'a verbal vote is confirmed by its voter');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER vote_gate BEFORE INSERT ON changes_vote FOR EACH ROW EXECUTE FUNCTION changes_vote_gate_v1();
CREATE OR REPLACE TRIGGER confirmation_gate BEFORE INSERT ON changes_voteconfirmation
  FOR EACH ROW EXECUTE FUNCTION changes_confirmation_gate_v1();
