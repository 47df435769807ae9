"""Runs are searched by words of their title, calls by their tool: among a hundred thousand and a million."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("agents", "0002_guards"), ("workspaces", "0001_initial")]

    operations = [
        migrations.AddIndex("run", GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="run_by_title")),
        migrations.AddIndex("toolcall", models.Index(fields=["workspace", "tool", "-id"], name="tool_call_newest_of_tool")),
    ]
