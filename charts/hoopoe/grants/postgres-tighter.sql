-- For the very least rights, run this too after the first migration: workers change only the one row of the store, and
-- never the list of migrations.
REVOKE INSERT, DELETE ON store FROM hoopoe_workers;
REVOKE ALL ON seaql_migrations FROM hoopoe_workers;
