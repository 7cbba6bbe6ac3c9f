-- What somebody was told stays as it was told. Only reading it, once, and the fate of its mail are written later.
CREATE OR REPLACE FUNCTION accounts_notice_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a notice is kept' USING ERRCODE = 'restrict_violation', HINT = 'append_only';
  END IF;
  IF (NEW.id, NEW.person_id, NEW.kind, NEW.subject, NEW.text, NEW.path, NEW.about, NEW.is_urgent, NEW.key,
      NEW.created_at)
     IS DISTINCT FROM
     (OLD.id, OLD.person_id, OLD.kind, OLD.subject, OLD.text, OLD.path, OLD.about, OLD.is_urgent, OLD.key,
      OLD.created_at)
     OR (OLD.read_at IS NOT NULL AND NEW.read_at IS DISTINCT FROM OLD.read_at)
     OR (OLD.settled_at IS NOT NULL AND NEW.settled_at IS DISTINCT FROM OLD.settled_at)
     OR (OLD.mailed_at IS NOT NULL AND (NEW.mailed_at, NEW.mail_batch) IS DISTINCT FROM (OLD.mailed_at, OLD.mail_batch))
  THEN
    RAISE EXCEPTION 'a notice stays as it was told' USING ERRCODE = 'restrict_violation', HINT = 'append_only';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER stays_as_told BEFORE UPDATE OR DELETE ON accounts_notice
  FOR EACH ROW EXECUTE FUNCTION accounts_notice_v1();
