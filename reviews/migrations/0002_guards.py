"""The database refuses illegal moves of approvals and deliveries, and changes to what is a record."""

from django.db import migrations

from reviews.models.approval import APPROVAL_MOVES
from reviews.models.delivery import DELIVERY_MOVES
from workspaces.moves import guard, unguard

FREEZE_POLICIES = """
CREATE FUNCTION reviews_rule_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  rule reviews_rule := CASE TG_OP WHEN 'INSERT' THEN NEW ELSE OLD END;
BEGIN
  IF EXISTS (SELECT FROM reviews_policyrevision WHERE id = rule.revision_id AND activated_at IS NOT NULL) THEN
    RAISE EXCEPTION 'The rules of a revision that has been in force do not change: make a new revision.'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER reviews_rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON reviews_rule
FOR EACH ROW EXECUTE FUNCTION reviews_rule_frozen();

CREATE FUNCTION reviews_policyrevision_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.activated_at IS NULL THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  RAISE EXCEPTION 'A revision that has been in force does not change.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER reviews_policyrevision_frozen BEFORE UPDATE OR DELETE ON reviews_policyrevision
FOR EACH ROW EXECUTE FUNCTION reviews_policyrevision_frozen();
"""
THAW_POLICIES = """
DROP TRIGGER reviews_rule_frozen ON reviews_rule; DROP FUNCTION reviews_rule_frozen();
DROP TRIGGER reviews_policyrevision_frozen ON reviews_policyrevision; DROP FUNCTION reviews_policyrevision_frozen();
"""

KEEP_RECORDS = """
CREATE FUNCTION reviews_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(OLD) -> 'undone_at' = 'null'::jsonb
    AND to_jsonb(NEW) - 'undone_at' = to_jsonb(OLD) - 'undone_at' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% only grows: % is refused.', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER reviews_decision_only_grows BEFORE UPDATE OR DELETE ON reviews_decision
FOR EACH ROW EXECUTE FUNCTION reviews_only_grows();
CREATE TRIGGER reviews_revision_only_grows BEFORE UPDATE OR DELETE ON reviews_revision
FOR EACH ROW EXECUTE FUNCTION reviews_only_grows();
CREATE TRIGGER reviews_comment_only_grows BEFORE UPDATE OR DELETE ON reviews_comment
FOR EACH ROW EXECUTE FUNCTION reviews_only_grows();
"""
DROP_RECORDS = """
DROP TRIGGER reviews_decision_only_grows ON reviews_decision;
DROP TRIGGER reviews_revision_only_grows ON reviews_revision;
DROP TRIGGER reviews_comment_only_grows ON reviews_comment;
DROP FUNCTION reviews_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]

    operations = [
        migrations.RunSQL(guard("reviews_approvalrequest", APPROVAL_MOVES), unguard("reviews_approvalrequest")),
        migrations.RunSQL(guard("reviews_delivery", DELIVERY_MOVES), unguard("reviews_delivery")),
        migrations.RunSQL(FREEZE_POLICIES, THAW_POLICIES),
        migrations.RunSQL(KEEP_RECORDS, DROP_RECORDS),
    ]
