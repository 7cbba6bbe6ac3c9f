-- Who implements: whoever is named for it, and whoever really did (started it, ticked a task, applied a stage).
CREATE OR REPLACE FUNCTION changes_implementers_v1(change bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT user_id FROM changes_assignment WHERE change_id = change AND role = 'implementer'
  UNION SELECT actor_id FROM changes_changeevent
         WHERE change_id = change AND event IN ('start', 'finish', 'rolled_back') AND actor_id IS NOT NULL
  UNION SELECT done_by_id FROM changes_plantask WHERE change_id = change AND done_by_id IS NOT NULL
  UNION SELECT second_by_id FROM changes_plantask WHERE change_id = change AND second_by_id IS NOT NULL
  UNION SELECT applied_by_id FROM changes_planstage WHERE change_id = change AND applied_by_id IS NOT NULL;
$$;

-- Who is on duty now for the board of a step, when an emergency is voted on: (user, veto, is_enough). They are
-- enough when those of them who may vote can reach need and quorum; then the board's other seats stay empty.
CREATE OR REPLACE FUNCTION changes_on_duty_v1(change bigint, step bigint)
RETURNS TABLE (user_id bigint, has_veto boolean, is_enough boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT DISTINCT s.person_id, coalesce(b.has_veto, false),
         (SELECT count(DISTINCT t.person_id) FROM changes_dutyspell t JOIN accounts_user w ON w.id = t.person_id
           WHERE t.board_id = p.board_id AND w.is_active
             AND t.starts_at <= clock_timestamp() AND clock_timestamp() < t.ends_at
             AND t.person_id NOT IN (SELECT requester_id FROM changes_changerequest WHERE id = change)
             AND t.person_id NOT IN (SELECT changes_implementers_v1(change))) >= greatest(p.need, p.quorum)
    FROM changes_policystep p JOIN changes_approvalpolicy a ON a.id = p.policy_id AND a.kind = 'emergency'
    JOIN changes_dutyspell s ON s.board_id = p.board_id
    LEFT JOIN changes_boardseat b ON b.board_id = s.board_id AND b.user_id = s.person_id AND b.is_active
   WHERE p.id = step AND s.starts_at <= clock_timestamp() AND clock_timestamp() < s.ends_at;
$$;

-- The seats that a step of a policy means for a change, barred ones included: (user, veto, barred).
CREATE OR REPLACE FUNCTION changes_seats_v1(change bigint, step bigint)
RETURNS TABLE (user_id bigint, has_veto boolean, is_barred boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.user_id, bool_or(s.has_veto),
         s.user_id IN (SELECT requester_id FROM changes_changerequest WHERE id = change)
         OR s.user_id IN (SELECT changes_implementers_v1(change))
    FROM (SELECT b.user_id, b.has_veto FROM changes_boardseat b
            JOIN changes_policystep p ON p.board_id = b.board_id WHERE p.id = step AND b.is_active
             AND NOT (SELECT d.is_enough FROM changes_on_duty_v1(change, step) d LIMIT 1) IS TRUE
          UNION ALL
          SELECT d.user_id, d.has_veto FROM changes_on_duty_v1(change, step) d
          UNION ALL
          SELECT m.user_id, false FROM accounts_teammember m
            JOIN cmdb_configurationitem ci ON ci.owner_team_id = m.team_id
            JOIN changes_changeitem i ON i.item_id = ci.id AND i.impact = 'manual' AND i.change_id = change
            JOIN changes_policystep p ON p.id = step AND p.relation = 'ci_owners') s
    JOIN accounts_user u ON u.id = s.user_id AND u.is_active
   GROUP BY s.user_id;
$$;

-- The policy that counts: the one for this risk before the one for any; ratifying asks what the same
-- change would have needed as a normal one.
CREATE OR REPLACE FUNCTION changes_policy_v1(c changes_changerequest, purpose text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT id FROM changes_approvalpolicy
   WHERE kind = CASE purpose WHEN 'ratify' THEN 'normal' ELSE c.kind END AND risk IN (c.risk, '')
   ORDER BY risk = '' LIMIT 1;
$$;

-- The steps of the policy that apply: "owners of the items" only where an item has an owner team, those for a
-- freeze only where the change says why it goes ahead in spite of one.
CREATE OR REPLACE FUNCTION changes_policy_steps_v1(change bigint, policy bigint) RETURNS SETOF changes_policystep
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p.* FROM changes_policystep p
   WHERE p.policy_id = policy
     AND (p.relation <> 'ci_owners'
          OR EXISTS (SELECT FROM changes_changeitem i JOIN cmdb_configurationitem ci ON ci.id = i.item_id
                      WHERE i.change_id = change AND i.impact = 'manual' AND ci.owner_team_id IS NOT NULL))
     AND (NOT p.only_in_freeze
          OR EXISTS (SELECT FROM changes_changerequest c WHERE c.id = change AND btrim(c.freeze_override) <> ''))
   ORDER BY p.position, p.id;
$$;

-- The seats of every step that applies, at most one open seat a person: one person has one vote a round, so
-- who sits in several bodies votes in one of them and is barred in the others. It is the one of the veto, else
-- the first; moved along the shortest chain of exchanges while a body is short and one that can spare a
-- person is within reach. A body is short in the end only if no allotment at all could fill all of them.
CREATE OR REPLACE FUNCTION changes_allot_seats_v1(change bigint, policy bigint)
RETURNS TABLE (step_id bigint, user_id bigint, has_veto boolean, barred_as text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE seats jsonb; person bigint[]; place bigint[]; short bigint; chain jsonb;
BEGIN
  SELECT coalesce(jsonb_agg(jsonb_build_array(p.id, s.user_id, s.has_veto, s.is_barred, p.position)), '[]')
    INTO seats FROM changes_policy_steps_v1(change, policy) p, changes_seats_v1(change, p.id) s;
  SELECT array_agg(f.u), array_agg(f.step) INTO person, place FROM (
    SELECT DISTINCT ON ((e->>1)::bigint) (e->>1)::bigint AS u, (e->>0)::bigint AS step
      FROM jsonb_array_elements(seats) e WHERE NOT (e->>3)::boolean
     ORDER BY (e->>1)::bigint, (e->>2)::boolean DESC, (e->>4)::int, (e->>0)::bigint) f;
  LOOP
    chain := NULL;
    FOR short IN
      SELECT p.id FROM changes_policy_steps_v1(change, policy) p
       WHERE (SELECT count(*) FROM unnest(place) t WHERE t = p.id) < greatest(p.need, p.quorum) LOOP
      WITH RECURSIVE exchange AS MATERIALIZED (  -- who could move from one step to another
        SELECT DISTINCT ON (a.step, h.step) a.step AS gains, h.step AS gives, h.u
          FROM (SELECT (e->>0)::bigint AS step, (e->>1)::bigint AS u FROM jsonb_array_elements(seats) e
                 WHERE NOT (e->>3)::boolean) a
          JOIN (SELECT t.u, t.step FROM unnest(person, place) AS t (u, step)) h ON h.u = a.u AND h.step <> a.step
         ORDER BY a.step, h.step, (SELECT bool_or((v->>2)::boolean) FROM jsonb_array_elements(seats) v
                                    WHERE (v->>0)::bigint = h.step AND (v->>1)::bigint = h.u), h.u),
      walk (last, seen, moves) AS (
        SELECT short, ARRAY[short], '{}'::jsonb
        UNION ALL
        SELECT x.gives, w.seen || x.gives, w.moves || jsonb_build_object(x.u::text, x.gains)
          FROM walk w JOIN exchange x ON x.gains = w.last WHERE x.gives <> ALL (w.seen))
      SELECT w.moves INTO chain FROM walk w JOIN changes_policystep p ON p.id = w.last
       WHERE (SELECT count(*) FROM unnest(place) t WHERE t = p.id) > greatest(p.need, p.quorum)
       ORDER BY cardinality(w.seen), w.seen LIMIT 1;
      EXIT WHEN chain IS NOT NULL;
    END LOOP;
    EXIT WHEN chain IS NULL;
    SELECT array_agg(coalesce((chain->>(t.u::text))::bigint, t.step) ORDER BY t.n) INTO place
      FROM unnest(person, place) WITH ORDINALITY AS t (u, step, n);
  END LOOP;
  RETURN QUERY
    SELECT (e->>0)::bigint, (e->>1)::bigint, (e->>2)::boolean,
           CASE WHEN (e->>3)::boolean THEN 'takes_part' WHEN h.step <> (e->>0)::bigint THEN 'other_seat' ELSE '' END
      FROM jsonb_array_elements(seats) e
      LEFT JOIN (SELECT t.u, t.step FROM unnest(person, place) AS t (u, step)) h ON h.u = (e->>1)::bigint;
END $$;

-- Opens a round on the plan as it stands, with the numbers and seats of this moment; refused if it could
-- never be decided.
CREATE OR REPLACE FUNCTION changes_open_round_v1(c changes_changerequest, purpose text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  p changes_policystep; chosen bigint := changes_policy_v1(c, purpose); new_round bigint; new_step bigint;
  able int; steps int := 0; allotted jsonb;
BEGIN
  UPDATE changes_approvalround SET closed_at = clock_timestamp(), result = 'void'
   WHERE change_id = c.id AND closed_at IS NULL;
  INSERT INTO changes_approvalround (row_version, change_id, purpose, plan_hash, opened_at, result)
  VALUES (1, c.id, purpose, changes_plan_hash_v1(c), clock_timestamp(), '') RETURNING id INTO new_round;
  SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') INTO allotted FROM changes_allot_seats_v1(c.id, chosen) a;
  FOR p IN SELECT * FROM changes_policy_steps_v1(c.id, chosen) LOOP
    INSERT INTO changes_roundstep (row_version, round_id, position, board_id, relation, need, quorum, due_at,
                                   on_timeout, fallback_board_id)
    VALUES (1, new_round, p.position, p.board_id, p.relation, p.need, p.quorum,
            clock_timestamp() + make_interval(mins => p.minutes), p.on_timeout, p.fallback_board_id)
    RETURNING id INTO new_step;
    INSERT INTO changes_roundseat (row_version, step_id, user_id, has_veto, is_barred, barred_as, is_fallback)
    SELECT 1, new_step, s.user_id, s.has_veto, s.barred_as <> '', s.barred_as, false
      FROM jsonb_to_recordset(allotted) AS s (step_id bigint, user_id bigint, has_veto boolean, barred_as text)
     WHERE s.step_id = p.id ORDER BY s.user_id;
    SELECT count(*) INTO able FROM changes_roundseat s WHERE s.step_id = new_step AND NOT s.is_barred;
    IF able < greatest(p.need, p.quorum) THEN
      PERFORM changes_refuse_v1('seats_reachable', 'a step of the approval has too few people who may vote');
    END IF;
    steps := steps + 1;
  END LOOP;
  IF steps = 0 THEN
    PERFORM changes_refuse_v1('seats_reachable', 'no approval policy fits this change');
  END IF;
END $$;

-- open, approved or rejected; always computed from the votes. Every step must be approved; one rejected
-- step, a veto or a need that can no longer be reached rejects. Abstaining counts for the quorum alone.
-- A person has one open seat, and nobody with a seat deputises: no approval takes a voter from another step.
CREATE OR REPLACE FUNCTION changes_round_result_v1(round bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  WITH tally AS (
    SELECT st.id, st.need, st.quorum,
           count(v.id) FILTER (WHERE v.choice = 'approve') AS approvals,
           count(v.id) AS votes,
           count(*) FILTER (WHERE v.id IS NULL AND NOT se.is_barred) AS waiting,
           coalesce(bool_or(se.has_veto AND v.choice = 'reject'), false) AS vetoed
      FROM changes_roundstep st LEFT JOIN changes_roundseat se ON se.step_id = st.id
      LEFT JOIN changes_vote v ON v.seat_id = se.id
     WHERE st.round_id = round GROUP BY st.id)
  SELECT CASE
    WHEN count(*) = 0 THEN 'open'
    WHEN bool_or(vetoed OR approvals + waiting < need OR votes + waiting < quorum) THEN 'rejected'
    WHEN bool_and(approvals >= need AND votes >= quorum) THEN 'approved'
    ELSE 'open' END FROM tally;
$$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['changes_approvalround', 'changes_roundstep', 'changes_roundseat'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER only_by_gate BEFORE INSERT OR UPDATE OR DELETE ON %I '
                   'FOR EACH ROW EXECUTE FUNCTION changes_only_by_gate_v1()', t);
  END LOOP;
END $$;

CREATE OR REPLACE TRIGGER only_by_owner BEFORE INSERT OR UPDATE OR DELETE ON changes_steprule
  FOR EACH ROW EXECUTE FUNCTION changes_only_by_owner_v1();
