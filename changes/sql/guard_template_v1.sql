-- Templates of standard changes: approved by the votes of their board alone, fixed from then on, suspended by
-- failure, used again only after new votes; and a standard change that keeps to its template.

-- The people who may decide on a template: who sits on its board, is active, and neither wrote nor proposed it.
CREATE OR REPLACE FUNCTION changes_template_voters_v1(t changes_standardtemplate)
RETURNS TABLE (user_id bigint, has_veto boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.user_id, s.has_veto FROM changes_boardseat s
    JOIN changes_board b ON b.id = s.board_id JOIN accounts_user u ON u.id = s.user_id
   WHERE (b.id = t.board_id OR t.board_id IS NULL AND b.key = 'cab') AND s.is_active AND u.is_active
     AND s.user_id IS DISTINCT FROM t.proposed_by_id
     AND NOT EXISTS (SELECT FROM changes_historicalstandardtemplate h
       WHERE h.id = t.id AND h.history_user_id = s.user_id AND h.approved_at IS NULL
         AND h.history_change_reason IS DISTINCT FROM 'vote_on_template');
$$;

CREATE OR REPLACE FUNCTION changes_template_hash_v1(t changes_standardtemplate) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT encode(sha256(convert_to(jsonb_build_object(
    'key', t.key, 'version', t.version, 'label', t.label, 'label_zh', t.label_zh, 'description', t.description,
    'parameters', t.parameters, 'types', t.scope_types, 'environments', t.scope_environments,
    'filter', t.scope_filter, 'skeleton', t.skeleton, 'auto', t.has_auto_verify, 'board', t.board_id,
    'need', t.approvals_needed, 'failures', t.suspend_after_failures, 'days', t.suspend_within_days
  )::text, 'UTF8')), 'hex');
$$;

CREATE OR REPLACE FUNCTION changes_guard_template_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.approved_at IS NOT NULL OR OLD.ballot > 0 THEN
      PERFORM changes_refuse_v1('template_fixed', 'a template that was proposed or approved is kept');
    END IF;
    RETURN OLD;
  END IF;
  NEW.content_hash := changes_template_hash_v1(NEW);
  IF changes_in_gate_v1(TG_RELID) OR current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.approved_at IS NOT NULL OR NEW.approved_by_id IS NOT NULL OR NEW.is_active OR NEW.ballot <> 0
       OR NEW.proposed_at IS NOT NULL OR NEW.suspended_reason <> '' OR NEW.retired_at IS NOT NULL THEN
      PERFORM changes_refuse_v1('template_vote', 'a template begins as a draft; its board approves it by vote');
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.approved_at IS NOT NULL AND NEW.content_hash <> changes_template_hash_v1(OLD) THEN
    PERFORM changes_refuse_v1('template_fixed', 'an approved template is not edited: write a new version');
  END IF;
  IF (NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at) THEN
    PERFORM changes_refuse_v1('template_vote', 'a template is approved by the votes of its board');
  END IF;
  IF OLD.suspended_reason <> '' AND (NEW.is_active OR NEW.suspended_reason = '') THEN
    PERFORM changes_refuse_v1('template_suspended', 'a suspended template is used again only after a new approval');
  END IF;
  IF NEW.suspended_reason <> '' AND NEW.is_active OR NEW.retired_at IS NOT NULL AND NEW.is_active
     OR OLD.retired_at IS NOT NULL AND NEW.retired_at IS DISTINCT FROM OLD.retired_at THEN
    PERFORM changes_refuse_v1('template_suspended', 'a suspended or retired template is not active');
  END IF;
  IF NEW.ballot <> OLD.ballot OR NEW.proposed_at IS DISTINCT FROM OLD.proposed_at AND NEW.proposed_at IS NOT NULL THEN
    IF NEW.ballot <> OLD.ballot + 1 OR NEW.proposed_at IS NULL OR NEW.proposed_by_id IS NULL OR OLD.retired_at IS NOT NULL
       OR OLD.approved_at IS NOT NULL AND OLD.suspended_reason = '' THEN
      PERFORM changes_refuse_v1('template_vote', 'a draft or a suspended template is proposed, in a ballot of its own');
    END IF;
    NEW.proposed_at := clock_timestamp();
    NEW.turned_down := '';
  END IF;
  IF NEW.content_hash <> OLD.content_hash THEN
    NEW.proposed_at := NULL; NEW.proposed_by_id := NULL;  -- what was proposed is not this any more
  END IF;
  RETURN NEW;
END $$;

DROP TRIGGER IF EXISTS guard_template ON changes_standardtemplate;
CREATE TRIGGER guard_template BEFORE INSERT OR UPDATE OR DELETE ON changes_standardtemplate
  FOR EACH ROW EXECUTE FUNCTION changes_guard_template_v1();

-- A vote on a template: by somebody who may decide, once a ballot, on the content as it stands.
CREATE OR REPLACE FUNCTION changes_template_vote_gate_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE t changes_standardtemplate;
BEGIN
  SELECT * INTO t FROM changes_standardtemplate WHERE id = NEW.template_id FOR NO KEY UPDATE;
  IF t.proposed_at IS NULL OR NEW.ballot <> t.ballot THEN
    PERFORM changes_refuse_v1('round_closed', 'the template is not proposed, or not in this ballot');
  END IF;
  IF NEW.content_hash <> changes_template_hash_v1(t) THEN
    PERFORM changes_refuse_v1('template_edited', 'the template is not the one that was read');
  END IF;
  IF NOT EXISTS (SELECT FROM changes_template_voters_v1(t) v WHERE v.user_id = NEW.voter_id) THEN
    PERFORM changes_refuse_v1('author_apart', 'members of the board decide, not who wrote or proposed the template');
  END IF;
  IF EXISTS (SELECT FROM changes_templatevote v WHERE v.template_id = t.id AND v.ballot = t.ballot AND v.voter_id = NEW.voter_id) THEN
    PERFORM changes_refuse_v1('voted', 'one person has one vote');
  END IF;
  IF NEW.choice = 'reject' AND btrim(NEW.comment) = '' THEN
    PERFORM changes_refuse_v1('comment_required', 'a rejection says why');
  END IF;
  NEW.cast_at := clock_timestamp();
  RETURN NEW;
END $$;

-- With enough approvals the template is active and its older versions are retired; when they can no longer be
-- had, or a veto falls, the proposal is turned down.
CREATE OR REPLACE FUNCTION changes_decide_template_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE t changes_standardtemplate; given int; waiting int;
BEGIN
  SELECT * INTO t FROM changes_standardtemplate WHERE id = NEW.template_id;
  SELECT count(*) INTO given FROM changes_templatevote v
   WHERE v.template_id = t.id AND v.ballot = t.ballot AND v.choice = 'approve' AND v.content_hash = t.content_hash;
  SELECT count(*) INTO waiting FROM changes_template_voters_v1(t) p WHERE NOT EXISTS (
    SELECT FROM changes_templatevote v WHERE v.template_id = t.id AND v.ballot = t.ballot AND v.voter_id = p.user_id);
  IF NEW.choice = 'approve' AND given >= t.approvals_needed THEN
    UPDATE changes_standardtemplate SET approved_at = clock_timestamp(), approved_by_id = NEW.voter_id, is_active = true,
           suspended_reason = '', proposed_at = NULL WHERE id = t.id;
    UPDATE changes_standardtemplate SET is_active = false, retired_at = clock_timestamp()
     WHERE key = t.key AND version < t.version AND approved_at IS NOT NULL AND retired_at IS NULL;
  ELSIF NEW.choice = 'reject' AND (given + waiting < t.approvals_needed OR EXISTS (
      SELECT FROM changes_template_voters_v1(t) p WHERE p.user_id = NEW.voter_id AND p.has_veto)) THEN
    UPDATE changes_standardtemplate SET proposed_at = NULL, turned_down = NEW.comment WHERE id = t.id;
  END IF;
  RETURN NULL;
END $$;

-- How often changes of a template failed within its days since it was approved.
CREATE OR REPLACE FUNCTION changes_template_failures_v1(t changes_standardtemplate) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT count(DISTINCT e.change_id) FROM changes_changeevent e JOIN changes_changerequest c ON c.id = e.change_id
   WHERE c.template_id = t.id AND e.outcome IN ('failed', 'rolled_back', 'unratified')
     AND e.happened_at > greatest(clock_timestamp() - make_interval(days => t.suspend_within_days),
                                  coalesce(t.approved_at, '-infinity'));
$$;

-- Before a standard change is scheduled: an active template, items in its scope, the plan of the template.
CREATE OR REPLACE FUNCTION changes_check_template_v1(c changes_changerequest, event text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE t changes_standardtemplate; off text;
BEGIN
  IF c.kind <> 'standard' OR event <> 'submit' THEN
    RETURN;
  END IF;
  SELECT * INTO t FROM changes_standardtemplate WHERE id = c.template_id;
  IF t.id IS NULL OR NOT t.is_active OR t.suspended_reason <> '' OR t.retired_at IS NOT NULL THEN
    PERFORM changes_refuse_v1('template_active', 'a standard change needs an active template');
  END IF;
  IF EXISTS (SELECT FROM changes_changeitem i JOIN cmdb_configurationitem ci ON ci.id = i.item_id
               JOIN cmdb_citype k ON k.id = ci.type_id
              WHERE i.change_id = c.id AND i.impact = 'manual'
                AND NOT (t.scope_types ? k.key AND (t.scope_environments = '[]' OR t.scope_environments ? ci.environment)
                         AND changes_fits_filter_v1(ci, t.scope_filter))) THEN
    PERFORM changes_refuse_v1('cis_in_template_scope', 'an item is outside of the scope of the template');
  END IF;
  off := changes_parameter_fault_v1(t.parameters, c.parameters);
  IF off IS NOT NULL THEN
    PERFORM changes_refuse_v1('params_valid', 'a parameter of the template is ' || off);
  END IF;
  off := changes_off_template_v1(c.id);
  IF off IS NOT NULL THEN
    PERFORM changes_refuse_v1('plan_from_template', 'the plan is not that of the template: ' || off);
  END IF;
END $$;
