"""Rooms, working hours, closures and series; what appointments have of them."""

import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import core.ids
import patients.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0001_initial'),
        ('scheduling', '0002_appointment'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Closure',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(verbose_name='last day')),
                ('reason', models.CharField(max_length=200, validators=[patients.validators.validate_name], verbose_name='reason')),
            ],
            options={
                'verbose_name': 'closure',
                'verbose_name_plural': 'closures',
            },
        ),
        migrations.CreateModel(
            name='HoursException',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('day', models.DateField(verbose_name='day')),
                ('start', models.TimeField(blank=True, null=True, verbose_name='start')),
                ('end', models.TimeField(blank=True, null=True, verbose_name='end')),
            ],
            options={
                'verbose_name': 'exception of working hours',
                'verbose_name_plural': 'exceptions of working hours',
            },
        ),
        migrations.CreateModel(
            name='Room',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('name', models.CharField(max_length=60, validators=[patients.validators.validate_name], verbose_name='name')),
                ('capacity', models.SmallIntegerField(default=1, help_text='How many patients at once; more than one is for groups and shared rooms.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='capacity')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'verbose_name': 'room',
                'verbose_name_plural': 'rooms',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('group', models.BooleanField(default=False, verbose_name='group')),
                ('first_day', models.DateField(verbose_name='first day')),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(6)]), size=None, verbose_name='weekdays')),
                ('start', models.TimeField(verbose_name='start')),
                ('length', models.SmallIntegerField(validators=[django.core.validators.MinValueValidator(15), django.core.validators.MaxValueValidator(240)], verbose_name='length in minutes')),
                ('count', models.SmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='number of sessions')),
                ('until', models.DateField(blank=True, null=True, verbose_name='until')),
                ('skip_closed', models.BooleanField(default=True, verbose_name='skip holidays and closures')),
            ],
            options={
                'verbose_name': 'series',
                'verbose_name_plural': 'series',
            },
        ),
        migrations.CreateModel(
            name='WorkingHours',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('weekday', models.SmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(6)], verbose_name='weekday')),
                ('start', models.TimeField(verbose_name='start')),
                ('end', models.TimeField(verbose_name='end')),
                ('valid_from', models.DateField(blank=True, null=True, verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
            ],
            options={
                'verbose_name': 'working hours',
                'verbose_name_plural': 'working hours',
            },
        ),
        migrations.RemoveConstraint(
            model_name='appointment',
            name='scheduling_appointment_therapist_free',
        ),
        migrations.AddField(
            model_name='appointment',
            name='group',
            field=models.BooleanField(default=False, help_text='The therapist attends others in the same room meanwhile.', verbose_name='group'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='position',
            field=models.SmallIntegerField(blank=True, editable=False, null=True, verbose_name='number in the series'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='seat',
            field=models.SmallIntegerField(blank=True, editable=False, null=True, verbose_name='place'),
        ),
        migrations.AddIndex(
            model_name='closure',
            index=models.Index(fields=['first_day', 'id'], name='scheduling_closure_by_day'),
        ),
        migrations.AddConstraint(
            model_name='closure',
            constraint=models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='scheduling_closure_in_order'),
        ),
        migrations.AddConstraint(
            model_name='closure',
            constraint=models.CheckConstraint(condition=models.Q(('first_day__gte', datetime.date(2000, 1, 1)), ('last_day__lte', datetime.date(2099, 12, 31))), name='scheduling_closure_in_this_century'),
        ),
        migrations.AddConstraint(
            model_name='closure',
            constraint=models.CheckConstraint(condition=models.Q(django.db.models.lookups.GreaterThanOrEqual(django.db.models.functions.text.Length('reason'), 1), django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length('reason'), 200)), name='scheduling_closure_reason_length'),
        ),
        migrations.AddField(
            model_name='hoursexception',
            name='therapist',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hours_exceptions', to=settings.AUTH_USER_MODEL, verbose_name='therapist'),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.CheckConstraint(condition=models.Q(django.db.models.lookups.GreaterThanOrEqual(django.db.models.functions.text.Length('name'), 1), django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length('name'), 60), ('name', models.Func('name', function='btrim'))), name='scheduling_room_name_form'),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.CheckConstraint(condition=models.Q(('capacity__gte', 1), ('capacity__lte', 100)), name='scheduling_room_capacity_range'),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='scheduling_room_name_unique'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='room',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='scheduling.room', verbose_name='room'),
        ),
        migrations.AddField(
            model_name='series',
            name='patient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='series', to='patients.patient', verbose_name='patient'),
        ),
        migrations.AddField(
            model_name='series',
            name='room',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='series', to='scheduling.room', verbose_name='room'),
        ),
        migrations.AddField(
            model_name='series',
            name='therapist',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='series', to=settings.AUTH_USER_MODEL, verbose_name='therapist'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='series',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='scheduling.series', verbose_name='series'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('room', None), ('seat', None)), models.Q(('room__isnull', False), ('seat__gte', 1), ('seat__isnull', False)), _connector='OR'), name='scheduling_appointment_seat_with_room'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('group', False), ('room__isnull', False), _connector='OR'), name='scheduling_appointment_group_has_room'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('position', None), ('series', None)), models.Q(('position__gte', 1), ('position__isnull', False), ('series__isnull', False)), _connector='OR'), name='scheduling_appointment_position_in_series'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.UniqueConstraint(fields=('series', 'position'), name='scheduling_appointment_position_unique'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('deleted_at', None), models.Q(('status', 'cancelled'), _negated=True)), expressions=[(models.Func(models.F('therapist'), models.F('therapist'), models.Value('[]'), function='uuid_range', output_field=models.TextField()), '&&'), (models.Func(models.F('start_time'), models.F('end_time'), models.Value('[)'), function='tstzrange', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&'), (django.contrib.postgres.indexes.OpClass(models.Func(models.Func(models.Func(models.Case(models.When(group=True, then=models.F('room')), default=models.F('id'), output_field=models.UUIDField()), template="replace(CAST(%(expressions)s AS text), '-', '')"), models.Value('(....)(?=.)'), models.Value('\\1:'), models.Value('g'), function='regexp_replace'), output_field=models.TextField(), template='CAST(%(expressions)s AS inet)'), name='inet_ops'), '<>')], name='scheduling_appointment_therapist_free'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('deleted_at', None), models.Q(('status', 'cancelled'), _negated=True), ('room__isnull', False)), expressions=[(models.Func(models.F('room'), models.F('room'), models.Value('[]'), function='uuid_range', output_field=models.TextField()), '&&'), (models.Func(models.F('seat'), models.F('seat'), models.Value('[]'), function='int4range', output_field=models.TextField()), '&&'), (models.Func(models.F('start_time'), models.F('end_time'), models.Value('[)'), function='tstzrange', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&')], name='scheduling_appointment_room_has_seats'),
        ),
        migrations.AddField(
            model_name='workinghours',
            name='therapist',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='working_hours', to=settings.AUTH_USER_MODEL, verbose_name='therapist'),
        ),
        migrations.AddConstraint(
            model_name='hoursexception',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end', None), ('start', None)), models.Q(('end__isnull', False), ('start__isnull', False)), _connector='OR'), name='scheduling_hoursexception_both_or_none'),
        ),
        migrations.AddConstraint(
            model_name='hoursexception',
            constraint=models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='scheduling_hoursexception_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='hoursexception',
            constraint=models.CheckConstraint(condition=models.Q(('day__gte', datetime.date(2000, 1, 1)), ('day__lte', datetime.date(2099, 12, 31))), name='scheduling_hoursexception_in_this_century'),
        ),
        migrations.AddConstraint(
            model_name='hoursexception',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('therapist'), models.F('therapist'), models.Value('[]'), function='uuid_range', output_field=models.TextField()), '&&'), (models.Func(models.F('day'), models.F('day'), models.Value('[]'), function='daterange', output_field=models.TextField()), '&&'), (models.Func(models.Func(models.F('start'), template="(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '00:00'))"), models.Func(models.F('end'), template="(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '24:00'))"), models.Value('[)'), function='tsrange', output_field=models.TextField()), '&&')], name='scheduling_hoursexception_no_overlap'),
        ),
        migrations.AddIndex(
            model_name='series',
            index=models.Index(fields=['created_at', 'id'], name='scheduling_series_by_created'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('weekdays__contained_by', models.Value([0, 1, 2, 3, 4, 5, 6], output_field=django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None))), django.db.models.lookups.GreaterThanOrEqual(models.Func(models.F('weekdays'), function='cardinality', output_field=models.IntegerField()), 1), django.db.models.lookups.LessThanOrEqual(models.Func(models.F('weekdays'), function='cardinality', output_field=models.IntegerField()), 7)), name='scheduling_series_weekdays_known'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('length__gte', 15), ('length__lte', 240)), name='scheduling_series_length_15min_to_4h'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('count', None), ('until__isnull', False)), models.Q(('count__isnull', False), ('until', None)), _connector='OR'), name='scheduling_series_count_or_until'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('count__gte', 1), ('count__lte', 60)), name='scheduling_series_count_range'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('until__gte', models.F('first_day'))), name='scheduling_series_until_in_order'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('first_day__gte', datetime.date(2000, 1, 1)), ('first_day__lte', datetime.date(2099, 12, 31))), name='scheduling_series_in_this_century'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('group', False), ('room__isnull', False), _connector='OR'), name='scheduling_series_group_has_room'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(('weekday__gte', 0), ('weekday__lte', 6)), name='scheduling_workinghours_weekday_known'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='scheduling_workinghours_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='scheduling_workinghours_valid_in_order'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from__gte', datetime.date(2000, 1, 1)), ('valid_from__lte', datetime.date(2099, 12, 31)), ('valid_until__gte', datetime.date(2000, 1, 1)), ('valid_until__lte', datetime.date(2099, 12, 31))), name='scheduling_workinghours_in_this_century'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('therapist'), models.F('therapist'), models.Value('[]'), function='uuid_range', output_field=models.TextField()), '&&'), (models.Func(models.F('weekday'), models.F('weekday'), models.Value('[]'), function='int4range', output_field=models.TextField()), '&&'), (models.Func(models.Func(models.F('start'), template="(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '00:00'))"), models.Func(models.F('end'), template="(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '24:00'))"), models.Value('[)'), function='tsrange', output_field=models.TextField()), '&&'), (models.Func(models.F('valid_from'), models.F('valid_until'), models.Value('[]'), function='daterange', output_field=models.TextField()), '&&')], name='scheduling_workinghours_no_overlap'),
        ),
    ]
