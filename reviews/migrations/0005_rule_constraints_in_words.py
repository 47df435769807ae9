from django.db import migrations, models
from django.db.models import Q

IN_WORDS = [
    models.CheckConstraint(
        condition=~Q(on_expiry="respond") | ~Q(on_expiry_text=""),
        name="rule_that_responds_has_a_text",
        violation_error_message="A rule that answers the agent on expiry needs the text of that answer.",
    ),
    models.CheckConstraint(
        condition=Q(undo_seconds__range=(0, 1800)),
        name="rule_undo_is_at_most_half_an_hour",
        violation_error_message="A decision can be taken back for 1,800 seconds at most.",
    ),
    models.CheckConstraint(
        condition=Q(deadline_seconds__range=(1, 2592000)),
        name="rule_deadline_is_at_most_thirty_days",
        violation_error_message="A deadline is 1 to 2,592,000 seconds: 30 days at most.",
    ),
    models.CheckConstraint(
        condition=Q(channels__contained_by=["web", "api"], channels__len__gte=1),
        name="rule_channels_are_known",
        violation_error_message="Channels are web, api or both.",
    ),
]


class Migration(migrations.Migration):
    """Only the words that people read change; the database is left as it is."""

    dependencies = [("reviews", "0004_dead_deliveries")]

    operations = [migrations.AlterConstraint("rule", one.name, one) for one in IN_WORDS]
