-- The processes sign in as countersign_app where that role exists: it owns nothing, so row-level security can bind it.
-- Default privileges belong to whoever runs the migrations, and cover the tables that later migrations make.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_app') THEN
        RETURN;
    END IF;
    GRANT USAGE ON SCHEMA public TO countersign_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO countersign_app;
    GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO countersign_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO countersign_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO countersign_app;
    REVOKE UPDATE, DELETE ON workspaces_auditentry FROM countersign_app;
    GRANT UPDATE (chain_seq, hash, signature) ON workspaces_auditentry TO countersign_app;
    GRANT EXECUTE ON FUNCTION countersign_ensure_event_partitions, countersign_drop_event_partitions TO countersign_app;
END $$;
