from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('reviews', '0002_guards')]

    operations = [
        migrations.AddField(
            model_name='rule',
            name='batchable',
            field=models.BooleanField(default=False, help_text='Alike requests are decided together even if high, edited or with several seats.'),
        ),
    ]
