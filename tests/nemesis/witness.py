"""Triggers on the battle's database that write down what each row became, and under whose claim."""

from django.db import connection

SQL = """
CREATE SCHEMA nemesis;
CREATE TABLE nemesis.runs (at timestamptz NOT NULL DEFAULT clock_timestamp(), run uuid, old_status text, status text,
  old_epoch int, epoch int, seq int, owner text, lapsed boolean);
CREATE TABLE nemesis.calls (at timestamptz NOT NULL DEFAULT clock_timestamp(), call uuid, old_status text, status text);
CREATE TABLE nemesis.starts (at timestamptz NOT NULL DEFAULT clock_timestamp(), call uuid, run uuid, attempt int,
  tool text, effect text, digest bytea, epoch int, run_epoch int, run_status text, cancelling boolean, pausing boolean,
  stopped boolean,
  rules int, rules_now int, too_old boolean, verdict text, approved int);
CREATE TABLE nemesis.steps (at timestamptz NOT NULL DEFAULT clock_timestamp(), run uuid, seq int);
CREATE TABLE nemesis.turns (at timestamptz NOT NULL DEFAULT clock_timestamp(), run uuid);
CREATE TABLE nemesis.fired (at timestamptz NOT NULL DEFAULT clock_timestamp(), schedule uuid, due timestamptz);
CREATE TABLE nemesis.orphans (at timestamptz NOT NULL DEFAULT clock_timestamp(), run uuid, child uuid);
CREATE TABLE nemesis.trouble (share float NOT NULL DEFAULT 0);
INSERT INTO nemesis.trouble VALUES (0);
CREATE TABLE nemesis.strays (at timestamptz NOT NULL DEFAULT clock_timestamp(), what text, run uuid, detail text);
CREATE INDEX ON nemesis.runs (run, at);
CREATE INDEX ON nemesis.calls (call);

CREATE FUNCTION nemesis.run_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO nemesis.runs (run, old_status, status, old_epoch, epoch, seq, owner, lapsed) VALUES (NEW.id, OLD.status,
    NEW.status, OLD.epoch, NEW.epoch, NEW.seq, NEW.owner, OLD.status = 'running' AND NEW.epoch > OLD.epoch);
  IF OLD.status IN ('succeeded', 'failed', 'cancelled') THEN
    INSERT INTO nemesis.strays (what, run, detail) VALUES ('an ended run moved', NEW.id, OLD.status || NEW.status);
  END IF;
  IF NEW.status IN ('succeeded', 'failed', 'cancelled') THEN
    INSERT INTO nemesis.orphans (run, child) SELECT NEW.id, child.id FROM agents_run AS child
    WHERE child.parent_id = NEW.id AND child.cancel_requested_at IS NULL
      AND child.status NOT IN ('succeeded', 'failed', 'cancelled');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER nemesis_moved AFTER UPDATE ON agents_run FOR EACH ROW
WHEN ((OLD.status, OLD.epoch, OLD.seq) IS DISTINCT FROM (NEW.status, NEW.epoch, NEW.seq))
EXECUTE FUNCTION nemesis.run_moved();

CREATE FUNCTION nemesis.step_came() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE held int;
BEGIN
  INSERT INTO nemesis.steps (run, seq) VALUES (NEW.run_id, NEW.seq);
  SELECT epoch INTO held FROM agents_run WHERE id = NEW.run_id;
  IF held <> NEW.epoch THEN
    INSERT INTO nemesis.strays (what, run, detail)
    VALUES ('a fenced worker committed a step', NEW.run_id, format('seq %s, epoch %s of %s', NEW.seq, NEW.epoch, held));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER nemesis_step AFTER INSERT ON agents_checkpoint FOR EACH ROW EXECUTE FUNCTION nemesis.step_came();

CREATE FUNCTION nemesis.call_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO nemesis.calls (call, old_status, status) VALUES (NEW.id, OLD.status, NEW.status);
  IF NEW.status = 'executing' THEN
    INSERT INTO nemesis.starts (call, run, attempt, tool, effect, digest, epoch, run_epoch, run_status, cancelling,
      pausing, stopped, rules, rules_now, too_old, verdict, approved)
    SELECT NEW.id, run.id, NEW.attempt, NEW.tool, NEW.effect, NEW.digest, NEW.epoch, run.epoch, run.status,
      run.cancel_requested_at IS NOT NULL, run.pause_requested_at IS NOT NULL,
      switch.stopped OR agent.name = ANY(switch.stopped_agents) OR NEW.tool = ANY(switch.stopped_tools),
      NEW.rules_epoch, switch.rules_epoch, coalesce(NEW.valid_until <= NEW.started_at, false),
      NEW.verdict ->> 'decision',
      (SELECT count(*) FROM reviews_approvalrequest AS asked WHERE asked.tool_call_id = NEW.id
        AND asked.status = 'approved' AND asked.digest = NEW.digest AND asked.effective_at <= NEW.started_at
        AND NOT EXISTS (SELECT FROM reviews_approvalrequest AS doubt JOIN reviews_decision AS made
          ON made.approval_id = doubt.id AND made.kind = 'retry'
          WHERE doubt.tool_call_id = NEW.id AND doubt.id > asked.id))  -- what was approved before a retry is used up
    FROM agents_run AS run JOIN agents_agent AS agent ON agent.id = run.agent_id
    JOIN workspaces_switch AS switch ON switch.workspace_id = run.workspace_id WHERE run.id = NEW.run_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER nemesis_call AFTER UPDATE ON agents_toolcall FOR EACH ROW
WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.attempt IS DISTINCT FROM NEW.attempt)
EXECUTE FUNCTION nemesis.call_moved();

CREATE FUNCTION nemesis.turn_came() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO nemesis.turns (run) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER nemesis_turn AFTER UPDATE OF awaiting ON agents_run FOR EACH ROW
WHEN (OLD.awaiting <> '' AND NEW.awaiting = '') EXECUTE FUNCTION nemesis.turn_came();

CREATE FUNCTION nemesis.schedule_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
AS $$
BEGIN
  INSERT INTO nemesis.fired (schedule, due) VALUES (NEW.id, OLD.next_at);
  RETURN NULL;
END $$;
CREATE TRIGGER nemesis_fired AFTER UPDATE OF next_at ON agents_schedule FOR EACH ROW
WHEN (OLD.next_at <= clock_timestamp() AND NEW.next_at > OLD.next_at) EXECUTE FUNCTION nemesis.schedule_moved();

-- What PostgreSQL tells now and then under serializable load, or after a deadlock.
CREATE FUNCTION nemesis.trouble() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE share float;
BEGIN
  SELECT trouble.share INTO share FROM nemesis.trouble;
  IF random() < share THEN
    RAISE EXCEPTION 'made by the battle' USING ERRCODE = CASE WHEN random() < 0.5 THEN '40001' ELSE '40P01' END;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER nemesis_trouble_run BEFORE INSERT OR UPDATE ON agents_run FOR EACH ROW
EXECUTE FUNCTION nemesis.trouble();
CREATE TRIGGER nemesis_trouble_call BEFORE INSERT OR UPDATE ON agents_toolcall FOR EACH ROW
EXECUTE FUNCTION nemesis.trouble();
CREATE TRIGGER nemesis_trouble_delivery BEFORE INSERT OR UPDATE ON reviews_delivery FOR EACH ROW
EXECUTE FUNCTION nemesis.trouble();
"""


def install() -> None:
    """Begin to watch this database."""
    with connection.cursor() as cursor:
        cursor.execute(SQL)


def asked(query: str, *values: object) -> list[tuple]:
    """Rows of one query."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
