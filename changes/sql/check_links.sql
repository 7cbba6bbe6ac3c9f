-- The foreign keys of items and relations are looked at now; else it would be too late: at the commit. Not every
-- deferred rule: that a plan is applied only while its change is under way is asked at the commit on purpose.
DO $$
DECLARE names text := (
  SELECT string_agg(format('%I', conname), ', ') FROM pg_constraint
   WHERE contype = 'f' AND condeferrable AND conrelid IN ('cmdb_configurationitem'::regclass, 'cmdb_relation'::regclass));
BEGIN
  EXECUTE 'SET CONSTRAINTS ' || names || ' IMMEDIATE';
  EXECUTE 'SET CONSTRAINTS ' || names || ' DEFERRED';
END $$
