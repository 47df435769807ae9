"""The database refuses illegal moves and changes to an agent version that a run has used; it keeps `queued_at`."""

from django.db import migrations

from agents.models.run_status import RUN_MOVES
from agents.models.tool_call import CALL_MOVES
from workspaces.moves import guard, unguard

FREEZE_VERSIONS = """
CREATE FUNCTION agents_agentversion_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM agents_run WHERE version_id = OLD.id) THEN
    RAISE EXCEPTION 'Version % of this agent has been used by a run and cannot change: make a new version.', OLD.number
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER agents_agentversion_frozen BEFORE UPDATE OR DELETE ON agents_agentversion
FOR EACH ROW EXECUTE FUNCTION agents_agentversion_frozen();
"""
THAW_VERSIONS = """
DROP TRIGGER agents_agentversion_frozen ON agents_agentversion; DROP FUNCTION agents_agentversion_frozen();
"""

KEEP_QUEUED_AT = """
CREATE FUNCTION agents_run_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.queued_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER agents_run_queued BEFORE UPDATE OF status ON agents_run
FOR EACH ROW WHEN (NEW.status = 'queued' AND OLD.status <> 'queued') EXECUTE FUNCTION agents_run_queued();
"""
FORGET_QUEUED_AT = "DROP TRIGGER agents_run_queued ON agents_run; DROP FUNCTION agents_run_queued();"


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]

    operations = [
        migrations.RunSQL(guard("agents_run", RUN_MOVES), unguard("agents_run")),
        migrations.RunSQL(guard("agents_toolcall", CALL_MOVES), unguard("agents_toolcall")),
        migrations.RunSQL(FREEZE_VERSIONS, THAW_VERSIONS),
        migrations.RunSQL(KEEP_QUEUED_AT, FORGET_QUEUED_AT),
        migrations.RunSQL("ALTER TABLE agents_run SET (fillfactor = 60)", "ALTER TABLE agents_run RESET (fillfactor)"),
    ]
