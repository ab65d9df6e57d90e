"""A supervisor makes a therapist an intern, who needs no CREFITO number."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="user",
            name="accounts_user_therapist_has_crefito",
        ),
        migrations.AddField(
            model_name="user",
            name="supervisor",
            field=models.ForeignKey(
                blank=True,
                help_text="Makes the therapist an intern: the supervisor signs their notes too.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="interns",
                to=settings.AUTH_USER_MODEL,
                verbose_name="supervisor",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("role", "therapist"), _negated=True),
                    models.Q(("crefito", ""), _negated=True),
                    ("supervisor__isnull", False),
                    _connector="OR",
                ),
                name="accounts_user_therapist_has_crefito",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("supervisor", None), ("role", "therapist"), _connector="OR"),
                name="accounts_user_intern_is_therapist",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("supervisor", None),
                    models.Q(("supervisor", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="accounts_user_supervisor_other",
            ),
        ),
    ]
