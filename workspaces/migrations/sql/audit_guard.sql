-- The audit only grows: an entry comes in unchained, is chained once, and never changes again.
CREATE FUNCTION countersign_guard_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chain CONSTANT text[] := ARRAY['chain_seq', 'hash', 'signature'];
BEGIN
    IF TG_OP = 'INSERT' AND NEW.chain_seq IS NULL THEN
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' AND OLD.chain_seq IS NULL AND NEW.chain_seq IS NOT NULL
        AND to_jsonb(NEW) - chain = to_jsonb(OLD) - chain THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The audit only grows: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_only_grows BEFORE INSERT OR UPDATE OR DELETE ON workspaces_auditentry
    FOR EACH ROW EXECUTE FUNCTION countersign_guard_audit();

CREATE TRIGGER audit_is_never_truncated BEFORE TRUNCATE ON workspaces_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_guard_audit();
