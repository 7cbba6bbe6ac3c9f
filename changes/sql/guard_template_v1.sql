-- An approved template of a standard change stays what was approved: a change of it is a new version. One that was
-- suspended is used again only after a new approval.
CREATE OR REPLACE FUNCTION changes_guard_template_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  -- An approval is new when it comes after the suspended one, from somebody.
  is_renewed boolean := OLD.suspended_reason <> '' AND NEW.approved_at > OLD.approved_at
    AND NEW.approved_at <= clock_timestamp() + interval '5 minutes' AND NEW.approved_by_id IS NOT NULL;
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM changes_refuse_v1('template_fixed', 'an approved template is kept');
  END IF;
  IF (NEW.key, NEW.version, NEW.label, NEW.label_zh, NEW.description, NEW.parameters, NEW.scope_types,
      NEW.has_auto_verify)
     IS DISTINCT FROM
     (OLD.key, OLD.version, OLD.label, OLD.label_zh, OLD.description, OLD.parameters, OLD.scope_types,
      OLD.has_auto_verify)
     OR NOT is_renewed AND (NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at) THEN
    PERFORM changes_refuse_v1('template_fixed', 'an approved template is not edited: write a new version');
  END IF;
  IF OLD.suspended_reason <> '' AND NOT is_renewed AND (NEW.is_active OR NEW.suspended_reason = '') THEN
    PERFORM changes_refuse_v1('template_suspended', 'a suspended template is used again only after a new approval');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_template BEFORE UPDATE OR DELETE ON changes_standardtemplate
  FOR EACH ROW WHEN (OLD.approved_at IS NOT NULL) EXECUTE FUNCTION changes_guard_template_v1();
