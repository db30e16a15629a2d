-- Run this once, as a superuser, in the database of Hoopoe:
-- psql -d DATABASE -v migrations_password=… -v workers_password=… -f postgres.sql
-- The user who migrates the schema (postgres.migrationExistingSecret) makes the tables and owns them.
CREATE ROLE hoopoe_migrations LOGIN PASSWORD :'migrations_password';
GRANT USAGE, CREATE ON SCHEMA public TO hoopoe_migrations;

-- The workers' user (postgres.existingSecret) reads and writes rows of those tables, also of future ones. It cannot
-- make, alter, truncate or drop a table.
CREATE ROLE hoopoe_workers LOGIN PASSWORD :'workers_password';
GRANT USAGE ON SCHEMA public TO hoopoe_workers;
ALTER DEFAULT PRIVILEGES FOR ROLE hoopoe_migrations IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO hoopoe_workers;
