"""Titles are searched in any case, which asks for them in upper case: an index of them as they are is never used."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("reviews", "0004_comments_and_claims")]

    operations = [
        migrations.RemoveIndex("approvalrequest", "approval_by_title"),
        migrations.AddIndex(
            "approvalrequest", GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="approval_by_title")
        ),
    ]
