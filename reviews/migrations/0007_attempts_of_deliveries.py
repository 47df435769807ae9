"""A delivery keeps what came of each of its attempts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0006_for_several")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="history",
            field=models.JSONField(
                db_default=[], default=list, help_text="What came of each attempt, the latest MOST_KEPT."
            ),
        ),
    ]
