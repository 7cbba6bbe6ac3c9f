-- The record stays: rows of these tables are never deleted, and some are never changed either.
CREATE OR REPLACE FUNCTION inspections_refuse_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'inspections: % on % is refused: the record stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['inspections_reportissue', 'inspections_reportorder', 'inspections_reportsending',
                             'inspections_reportschedule', 'inspections_inspectionrun', 'inspections_runtarget', 'inspections_answer',
                             'inspections_signature', 'inspections_amendment', 'inspections_finding',
                             'inspections_findingevent', 'inspections_inspectionplan', 'inspections_workcalendar',
                             'inspections_shift', 'inspections_evidence', 'inspections_readingsource', 'inspections_alert',
                             'inspections_findingpolicy', 'inspections_runhandover'] LOOP
        CONTINUE WHEN to_regclass(t) IS NULL;  -- a later migration makes it and loads this again
        EXECUTE format('CREATE OR REPLACE TRIGGER inspections_10_no_delete BEFORE DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION inspections_refuse_v1()', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['inspections_signature', 'inspections_findingevent', 'inspections_reportissue',
                             'inspections_runhandover'] LOOP
        CONTINUE WHEN to_regclass(t) IS NULL;
        EXECUTE format('CREATE OR REPLACE TRIGGER inspections_10_no_update BEFORE UPDATE ON %I
                        FOR EACH ROW EXECUTE FUNCTION inspections_refuse_v1()', t);
    END LOOP;
END $$;
