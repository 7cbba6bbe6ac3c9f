-- The schema of the CMDB's functions and derived tables; the application role may read and call, never write.
CREATE SCHEMA cmdb;
GRANT USAGE ON SCHEMA cmdb TO PUBLIC;
