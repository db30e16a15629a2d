-- Who wants the very least runs this too, after the first migration: workers change the store's one row, and never the list of migrations.
REVOKE INSERT, DELETE ON store FROM hoopoe_workers;
REVOKE ALL ON seaql_migrations FROM hoopoe_workers;
