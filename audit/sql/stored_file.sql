-- A file is kept since the moment it was, whatever the session says.
CREATE OR REPLACE FUNCTION audit.date_file() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.created_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER date_file BEFORE INSERT ON audit_storedfile
  FOR EACH ROW EXECUTE FUNCTION audit.date_file();
SELECT audit.protect('audit_storedfile');
