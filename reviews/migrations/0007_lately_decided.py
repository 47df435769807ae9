from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('reviews', '0006_putting_off_and_handing_over')]

    operations = [
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(condition=models.Q(('decided_at__isnull', False)), fields=['workspace', '-decided_at', '-id'], name='approval_lately_decided'),
        ),
    ]
