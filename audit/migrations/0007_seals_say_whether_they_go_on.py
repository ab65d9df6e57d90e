from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_event_numbers")]

    operations = [
        migrations.AddField(
            model_name="seal", name="goes_on", field=models.BooleanField(db_default=False)
        ),
    ]
