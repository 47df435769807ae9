CREATE TABLE workspaces_event (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    workspace_id integer NOT NULL,
    number integer,
    created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    announced_at timestamptz,
    object uuid,
    topic text NOT NULL,
    kind text NOT NULL,
    CONSTRAINT event_topic_is_known CHECK (topic IN ('run', 'approval', 'tool_call', 'configuration', 'budget')),
    PRIMARY KEY (workspace_id, xid, seq, created_at)
) PARTITION BY RANGE (created_at);

CREATE INDEX event_to_announce ON workspaces_event (xid, seq) WHERE announced_at IS NULL;

-- Takes what no daily partition takes, so that an insert never fails.
CREATE TABLE workspaces_event_default PARTITION OF workspaces_event DEFAULT;

-- Both functions run as the owner, because the app role may not create or drop tables. They lock what everybody uses:
-- rather than queue the others behind a slow reader they give up, and the sweep asks again.
CREATE FUNCTION countersign_ensure_event_partitions(days_ahead integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '100ms' AS $$
DECLARE
    first timestamptz;
    partition text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('countersign_event_partitions'));
    FOR day IN 0 .. days_ahead LOOP
        first := current_date + day;
        partition := format('workspaces_event_%s', to_char(first, 'YYYYMMDD'));
        CONTINUE WHEN to_regclass(format('public.%I', partition)) IS NOT NULL;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.workspaces_event INCLUDING CONSTRAINTS INCLUDING DEFAULTS)', partition);
        LOCK TABLE public.workspaces_event_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format(
            'WITH moved AS (DELETE FROM public.workspaces_event_default WHERE created_at >= %L AND created_at < %L RETURNING *)'
            ' INSERT INTO public.%I SELECT * FROM moved', first, first + interval '1 day', partition);
        EXECUTE format('ALTER TABLE public.workspaces_event ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            partition, first, first + interval '1 day');
    END LOOP;
END $$;

CREATE FUNCTION countersign_drop_event_partitions(keep_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '100ms' AS $$
DECLARE
    partition regclass;
    is_waiting boolean;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('countersign_event_partitions'));
    FOR partition IN
        SELECT child.oid FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'public.workspaces_event'::regclass
          AND child.relname ~ '^workspaces_event_\d{8}$' AND right(child.relname, 8)::date < current_date - keep_days
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE announced_at IS NULL)', partition) INTO is_waiting;
        CONTINUE WHEN is_waiting;
        EXECUTE format('DROP TABLE %s', partition);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM public.workspaces_event_default
    WHERE created_at < current_date - keep_days AND announced_at IS NOT NULL;
    RETURN dropped;
END $$;

REVOKE EXECUTE ON FUNCTION countersign_ensure_event_partitions, countersign_drop_event_partitions FROM PUBLIC;

SELECT countersign_ensure_event_partitions(3);
