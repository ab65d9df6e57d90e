"""A range of UUIDs: `uuid_range(x, x, '[]') WITH &&` is equality in an exclusion constraint.

In the clinic's own schema, so that no extension (btree_gist) is needed anywhere.
"""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(
            sql="CREATE TYPE uuid_range AS RANGE (subtype = uuid)",
            reverse_sql="DROP TYPE uuid_range",
        ),
    ]
