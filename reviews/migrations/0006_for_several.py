"""What somebody voted for and others have yet to: looked for among the requests that need several people.

And which calls were in doubt, of which there are few: their time is not that of their tools.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("reviews", "0005_riskiest_first")]

    operations = [
        AddIndexConcurrently(
            model_name="approvalrequest",
            index=models.Index(
                fields=["workspace", "id", "revision"],
                name="approval_for_several",
                condition=models.Q(
                    models.Func(
                        models.F("seats"),
                        models.Value("strict $ ? (@.size() > 1 || exists(@[*] ? (@.count > 1)))"),
                        function="jsonb_path_exists",
                        output_field=models.BooleanField(),
                    ),
                    status="pending",
                ),
            ),
        ),
        AddIndexConcurrently(
            model_name="approvalrequest",
            index=models.Index(
                fields=["tool_call"], name="approval_of_doubt", condition=models.Q(subject_kind="in_doubt")
            ),
        ),
    ]
