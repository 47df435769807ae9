"""SQL of the triggers that refuse an illegal move of a state machine."""


def guard(table: str, moves: dict[str, list[str]]) -> str:
    """A trigger on `table` that lets `status` change only as `moves` says."""
    legal = " OR ".join(
        f"(OLD.status = '{old}' AND NEW.status IN ({', '.join(repr(new) for new in news)}))"
        for old, news in moves.items()
    )
    return f"""
    CREATE FUNCTION {table}_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NOT ({legal}) THEN
        RAISE EXCEPTION '{table}: % does not become %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER {table}_moves BEFORE UPDATE OF status ON {table}
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION {table}_moves();
    """


def unguard(table: str) -> str:
    """Takes the trigger away again."""
    return f"DROP TRIGGER {table}_moves ON {table}; DROP FUNCTION {table}_moves();"
