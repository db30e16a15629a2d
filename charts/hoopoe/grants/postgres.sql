-- Once, as a superuser, in the database that is Hoopoe's: psql -d DATABASE -v migrations_password=… -v workers_password=… -f postgres.sql
-- The user who migrates the schema (postgres.migrationExistingSecret) makes tables and owns them.
CREATE ROLE hoopoe_migrations LOGIN PASSWORD :'migrations_password';
GRANT USAGE, CREATE ON SCHEMA public TO hoopoe_migrations;

-- The workers' user (postgres.existingSecret) reads and writes rows of those tables, also of tables to come. It makes, alters, empties and drops none.
CREATE ROLE hoopoe_workers LOGIN PASSWORD :'workers_password';
GRANT USAGE ON SCHEMA public TO hoopoe_workers;
ALTER DEFAULT PRIVILEGES FOR ROLE hoopoe_migrations IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO hoopoe_workers;
