"""Appointments, rooms, hours, closures and series; and their histories."""

from datetime import date, datetime, timedelta, timezone

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.contrib.postgres.indexes import OpClass
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models import lookups
from django.db.models.functions import Length, Lower
from simple_history.models import HistoricalChanges

from audit.capture.fields import Xid8Field
from core.ids import uuid7
from patients import validators


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('patients', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            sql='CREATE TYPE uuid_range AS RANGE (subtype = uuid)',
            reverse_sql='DROP TYPE uuid_range',
        ),
        migrations.CreateModel(
            name='Room',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('name', models.CharField(max_length=60, validators=[validators.validate_name], verbose_name='name')),
                (
                    'capacity',
                    models.SmallIntegerField(
                        default=1,
                        help_text='How many patients at once; more than one is for groups and shared rooms.',
                        validators=[MinValueValidator(1), MaxValueValidator(100)],
                        verbose_name='capacity',
                    ),
                ),
                ('active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'verbose_name': 'room',
                'verbose_name_plural': 'rooms',
                'ordering': ['name'],
                'constraints': [
                    models.CheckConstraint(
                        condition=models.Q(
                            lookups.GreaterThanOrEqual(Length('name'), 1),
                            lookups.LessThanOrEqual(Length('name'), 60),
                            ('name', models.Func('name', function='btrim')),
                        ),
                        name='scheduling_room_name_form',
                    ),
                    models.CheckConstraint(condition=models.Q(('capacity__gte', 1), ('capacity__lte', 100)), name='scheduling_room_capacity_range'),
                    models.UniqueConstraint(Lower('name'), name='scheduling_room_name_unique'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('group', models.BooleanField(default=False, verbose_name='group')),
                ('first_day', models.DateField(verbose_name='first day')),
                (
                    'weekdays',
                    ArrayField(
                        base_field=models.SmallIntegerField(
                            choices=[
                                (0, 'Monday'),
                                (1, 'Tuesday'),
                                (2, 'Wednesday'),
                                (3, 'Thursday'),
                                (4, 'Friday'),
                                (5, 'Saturday'),
                                (6, 'Sunday'),
                            ],
                            validators=[MinValueValidator(0), MaxValueValidator(6)],
                        ),
                        size=None,
                        verbose_name='weekdays',
                    ),
                ),
                ('start', models.TimeField(verbose_name='start')),
                ('length', models.SmallIntegerField(validators=[MinValueValidator(15), MaxValueValidator(240)], verbose_name='length in minutes')),
                ('count', models.SmallIntegerField(blank=True, null=True, validators=[MinValueValidator(1), MaxValueValidator(60)], verbose_name='number of sessions')),
                ('until', models.DateField(blank=True, null=True, verbose_name='until')),
                ('skip_closed', models.BooleanField(default=True, verbose_name='skip holidays and closures')),
                ('patient', models.ForeignKey(on_delete=models.PROTECT, related_name='series', to='patients.patient', verbose_name='patient')),
                ('room', models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name='series', to='scheduling.room', verbose_name='room')),
                ('therapist', models.ForeignKey(on_delete=models.PROTECT, related_name='series', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
            ],
            options={
                'verbose_name': 'series',
                'verbose_name_plural': 'series',
                'indexes': [
                    models.Index(fields=['created_at', 'id'], name='scheduling_series_by_created'),
                ],
                'constraints': [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                'weekdays__contained_by',
                                models.Value(
                                    [0, 1, 2, 3, 4, 5, 6], output_field=ArrayField(base_field=models.SmallIntegerField(), size=None)
                                ),
                            ),
                            lookups.GreaterThanOrEqual(
                                models.Func(models.F('weekdays'), function='cardinality', output_field=models.IntegerField()), 1
                            ),
                            lookups.LessThanOrEqual(
                                models.Func(models.F('weekdays'), function='cardinality', output_field=models.IntegerField()), 7
                            ),
                        ),
                        name='scheduling_series_weekdays_known',
                    ),
                    models.CheckConstraint(condition=models.Q(('length__gte', 15), ('length__lte', 240)), name='scheduling_series_length_15min_to_4h'),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('count', None), ('until__isnull', False)),
                            models.Q(('count__isnull', False), ('until', None)),
                            _connector='OR',
                        ),
                        name='scheduling_series_count_or_until',
                    ),
                    models.CheckConstraint(condition=models.Q(('count__gte', 1), ('count__lte', 60)), name='scheduling_series_count_range'),
                    models.CheckConstraint(condition=models.Q(('until__gte', models.F('first_day'))), name='scheduling_series_until_in_order'),
                    models.CheckConstraint(condition=models.Q(('first_day__gte', date(2000, 1, 1)), ('first_day__lte', date(2099, 12, 31))), name='scheduling_series_in_this_century'),
                    models.CheckConstraint(condition=models.Q(('group', False), ('room__isnull', False), _connector='OR'), name='scheduling_series_group_has_room'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('start_time', models.DateTimeField(verbose_name='start')),
                ('end_time', models.DateTimeField(verbose_name='end')),
                (
                    'status',
                    models.CharField(
                        choices=[
                            ('scheduled', 'Scheduled'),
                            ('in_progress', 'In progress'),
                            ('completed', 'Completed'),
                            ('cancelled', 'Cancelled'),
                        ],
                        default='scheduled',
                        max_length=11,
                        verbose_name='status',
                    ),
                ),
                ('notes', models.TextField(blank=True, max_length=2000, validators=[MaxLengthValidator(2000), validators.validate_text], verbose_name='notes')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted at')),
                ('patient', models.ForeignKey(on_delete=models.PROTECT, related_name='appointments', to='patients.patient', verbose_name='patient')),
                ('therapist', models.ForeignKey(on_delete=models.PROTECT, related_name='appointments', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
                ('group', models.BooleanField(default=False, help_text='The therapist attends others in the same room meanwhile.', verbose_name='group')),
                ('position', models.SmallIntegerField(blank=True, editable=False, null=True, verbose_name='number in the series')),
                ('seat', models.SmallIntegerField(blank=True, editable=False, null=True, verbose_name='place')),
                ('room', models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name='appointments', to='scheduling.room', verbose_name='room')),
                ('series', models.ForeignKey(blank=True, editable=False, null=True, on_delete=models.PROTECT, related_name='appointments', to='scheduling.series', verbose_name='series')),
            ],
            options={
                'verbose_name': 'appointment',
                'verbose_name_plural': 'appointments',
                'indexes': [
                    models.Index(fields=['start_time', 'id'], name='scheduling_appointment_by_time'),
                    models.Index(fields=['created_at', 'id'], name='scheduling_appointment_by_made'),
                    models.Index(fields=['therapist', 'start_time'], name='scheduling_appointment_agenda'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('end_time__gt', models.F('start_time'))), name='scheduling_appointment_ends_after_start'),
                    models.CheckConstraint(
                        condition=models.Q(
                            lookups.GreaterThanOrEqual(
                                models.ExpressionWrapper(
                                    models.F('end_time') - models.F('start_time'), output_field=models.DurationField()
                                ),
                                timedelta(minutes=15),
                            ),
                            lookups.LessThanOrEqual(
                                models.ExpressionWrapper(
                                    models.F('end_time') - models.F('start_time'), output_field=models.DurationField()
                                ),
                                timedelta(hours=4),
                            ),
                        ),
                        name='scheduling_appointment_lasts_15min_to_4h',
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ('start_time__gte', datetime(2000, 1, 1, 0, 0, tzinfo=timezone.utc)),
                            ('start_time__lt', datetime(2100, 1, 1, 0, 0, tzinfo=timezone.utc)),
                        ),
                        name='scheduling_appointment_in_this_century',
                    ),
                    models.CheckConstraint(condition=models.Q(('status__in', ['scheduled', 'in_progress', 'completed', 'cancelled'])), name='scheduling_appointment_status_known'),
                    models.CheckConstraint(condition=models.Q(lookups.LessThanOrEqual(Length('notes'), 2000)), name='scheduling_appointment_notes_length'),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('room', None), ('seat', None)),
                            models.Q(('room__isnull', False), ('seat__gte', 1), ('seat__isnull', False)),
                            _connector='OR',
                        ),
                        name='scheduling_appointment_seat_with_room',
                    ),
                    models.CheckConstraint(condition=models.Q(('group', False), ('room__isnull', False), _connector='OR'), name='scheduling_appointment_group_has_room'),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('position', None), ('series', None)),
                            models.Q(('position__gte', 1), ('position__isnull', False), ('series__isnull', False)),
                            _connector='OR',
                        ),
                        name='scheduling_appointment_position_in_series',
                    ),
                    models.UniqueConstraint(fields=('series', 'position'), name='scheduling_appointment_position_unique'),
                    ExclusionConstraint(
                        condition=models.Q(('deleted_at', None), models.Q(('status', 'cancelled'), _negated=True)),
                        expressions=[
                            (
                                models.Func(
                                    models.F('therapist'),
                                    models.F('therapist'),
                                    models.Value('[]'),
                                    function='uuid_range',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.F('start_time'),
                                    models.F('end_time'),
                                    models.Value('[)'),
                                    function='tstzrange',
                                    output_field=DateTimeRangeField(),
                                ),
                                '&&',
                            ),
                            (
                                OpClass(
                                    models.Func(
                                        models.Func(
                                            models.Func(
                                                models.Case(
                                                    models.When(group=True, then=models.F('room')),
                                                    default=models.F('id'),
                                                    output_field=models.UUIDField(),
                                                ),
                                                template="replace(CAST(%(expressions)s AS text), '-', '')",
                                            ),
                                            models.Value('(....)(?=.)'),
                                            models.Value('\\1:'),
                                            models.Value('g'),
                                            function='regexp_replace',
                                        ),
                                        output_field=models.TextField(),
                                        template='CAST(%(expressions)s AS inet)',
                                    ),
                                    name='inet_ops',
                                ),
                                '<>',
                            ),
                        ],
                        name='scheduling_appointment_therapist_free',
                    ),
                    ExclusionConstraint(
                        condition=models.Q(('deleted_at', None), models.Q(('status', 'cancelled'), _negated=True)),
                        expressions=[
                            (
                                models.Func(
                                    models.F('patient'),
                                    models.F('patient'),
                                    models.Value('[]'),
                                    function='uuid_range',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.F('start_time'),
                                    models.F('end_time'),
                                    models.Value('[)'),
                                    function='tstzrange',
                                    output_field=DateTimeRangeField(),
                                ),
                                '&&',
                            ),
                        ],
                        name='scheduling_appointment_patient_free',
                    ),
                    ExclusionConstraint(
                        condition=models.Q(('deleted_at', None), models.Q(('status', 'cancelled'), _negated=True), ('room__isnull', False)),
                        expressions=[
                            (
                                models.Func(
                                    models.F('room'),
                                    models.F('room'),
                                    models.Value('[]'),
                                    function='uuid_range',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.F('seat'),
                                    models.F('seat'),
                                    models.Value('[]'),
                                    function='int4range',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.F('start_time'),
                                    models.F('end_time'),
                                    models.Value('[)'),
                                    function='tstzrange',
                                    output_field=DateTimeRangeField(),
                                ),
                                '&&',
                            ),
                        ],
                        name='scheduling_appointment_room_has_seats',
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name='WorkingHours',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                (
                    'weekday',
                    models.SmallIntegerField(
                        choices=[
                            (0, 'Monday'),
                            (1, 'Tuesday'),
                            (2, 'Wednesday'),
                            (3, 'Thursday'),
                            (4, 'Friday'),
                            (5, 'Saturday'),
                            (6, 'Sunday'),
                        ],
                        validators=[MinValueValidator(0), MaxValueValidator(6)],
                        verbose_name='weekday',
                    ),
                ),
                ('start', models.TimeField(verbose_name='start')),
                ('end', models.TimeField(verbose_name='end')),
                ('valid_from', models.DateField(blank=True, null=True, verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('therapist', models.ForeignKey(on_delete=models.PROTECT, related_name='working_hours', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
            ],
            options={
                'verbose_name': 'working hours',
                'verbose_name_plural': 'working hours',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('weekday__gte', 0), ('weekday__lte', 6)), name='scheduling_workinghours_weekday_known'),
                    models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='scheduling_workinghours_ends_after_start'),
                    models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='scheduling_workinghours_valid_in_order'),
                    models.CheckConstraint(
                        condition=models.Q(
                            ('valid_from__gte', date(2000, 1, 1)),
                            ('valid_from__lte', date(2099, 12, 31)),
                            ('valid_until__gte', date(2000, 1, 1)),
                            ('valid_until__lte', date(2099, 12, 31)),
                        ),
                        name='scheduling_workinghours_in_this_century',
                    ),
                    ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F('therapist'),
                                    models.F('therapist'),
                                    models.Value('[]'),
                                    function='uuid_range',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.F('weekday'),
                                    models.F('weekday'),
                                    models.Value('[]'),
                                    function='int4range',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.Func(
                                        models.F('start'), template="(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '00:00'))"
                                    ),
                                    models.Func(models.F('end'), template="(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '24:00'))"),
                                    models.Value('[)'),
                                    function='tsrange',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.F('valid_from'),
                                    models.F('valid_until'),
                                    models.Value('[]'),
                                    function='daterange',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                        ],
                        name='scheduling_workinghours_no_overlap',
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name='HoursException',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('day', models.DateField(verbose_name='day')),
                ('start', models.TimeField(blank=True, null=True, verbose_name='start')),
                ('end', models.TimeField(blank=True, null=True, verbose_name='end')),
                ('therapist', models.ForeignKey(on_delete=models.PROTECT, related_name='hours_exceptions', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
            ],
            options={
                'verbose_name': 'exception of working hours',
                'verbose_name_plural': 'exceptions of working hours',
                'constraints': [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('end', None), ('start', None)),
                            models.Q(('end__isnull', False), ('start__isnull', False)),
                            _connector='OR',
                        ),
                        name='scheduling_hoursexception_both_or_none',
                    ),
                    models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='scheduling_hoursexception_ends_after_start'),
                    models.CheckConstraint(condition=models.Q(('day__gte', date(2000, 1, 1)), ('day__lte', date(2099, 12, 31))), name='scheduling_hoursexception_in_this_century'),
                    ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F('therapist'),
                                    models.F('therapist'),
                                    models.Value('[]'),
                                    function='uuid_range',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.F('day'),
                                    models.F('day'),
                                    models.Value('[]'),
                                    function='daterange',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                            (
                                models.Func(
                                    models.Func(
                                        models.F('start'), template="(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '00:00'))"
                                    ),
                                    models.Func(models.F('end'), template="(DATE '2000-01-01' + COALESCE(%(expressions)s, TIME '24:00'))"),
                                    models.Value('[)'),
                                    function='tsrange',
                                    output_field=models.TextField(),
                                ),
                                '&&',
                            ),
                        ],
                        name='scheduling_hoursexception_no_overlap',
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name='Closure',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(verbose_name='last day')),
                ('reason', models.CharField(max_length=200, validators=[validators.validate_name], verbose_name='reason')),
            ],
            options={
                'verbose_name': 'closure',
                'verbose_name_plural': 'closures',
                'indexes': [
                    models.Index(fields=['first_day', 'id'], name='scheduling_closure_by_day'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='scheduling_closure_in_order'),
                    models.CheckConstraint(condition=models.Q(('first_day__gte', date(2000, 1, 1)), ('last_day__lte', date(2099, 12, 31))), name='scheduling_closure_in_this_century'),
                    models.CheckConstraint(condition=models.Q(lookups.GreaterThanOrEqual(Length('reason'), 1), lookups.LessThanOrEqual(Length('reason'), 200)), name='scheduling_closure_reason_length'),
                ],
            },
        ),
        migrations.CreateModel(
            name='HistoricalRoom',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('capacity', models.SmallIntegerField(default=1, help_text='How many patients at once; more than one is for groups and shared rooms.', verbose_name='capacity')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
            ],
            options={
                'verbose_name': 'historical room',
                'verbose_name_plural': 'historical rooms',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_room_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_room_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_room_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_room_request'),
                    models.Index(fields=['xid'], name='h_room_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalSeries',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('group', models.BooleanField(default=False, verbose_name='group')),
                ('first_day', models.DateField(verbose_name='first day')),
                (
                    'weekdays',
                    ArrayField(
                        base_field=models.SmallIntegerField(
                            choices=[
                                (0, 'Monday'),
                                (1, 'Tuesday'),
                                (2, 'Wednesday'),
                                (3, 'Thursday'),
                                (4, 'Friday'),
                                (5, 'Saturday'),
                                (6, 'Sunday'),
                            ],
                            validators=[MinValueValidator(0), MaxValueValidator(6)],
                        ),
                        size=None,
                        verbose_name='weekdays',
                    ),
                ),
                ('start', models.TimeField(verbose_name='start')),
                ('length', models.SmallIntegerField(verbose_name='length in minutes')),
                ('count', models.SmallIntegerField(blank=True, null=True, verbose_name='number of sessions')),
                ('until', models.DateField(blank=True, null=True, verbose_name='until')),
                ('skip_closed', models.BooleanField(default=True, verbose_name='skip holidays and closures')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='patients.patient', verbose_name='patient')),
                ('room', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='scheduling.room', verbose_name='room')),
                ('therapist', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
            ],
            options={
                'verbose_name': 'historical series',
                'verbose_name_plural': 'historical series',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_series_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_series_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_series_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_series_request'),
                    models.Index(fields=['xid'], name='h_series_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalAppointment',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('start_time', models.DateTimeField(verbose_name='start')),
                ('end_time', models.DateTimeField(verbose_name='end')),
                (
                    'status',
                    models.CharField(
                        choices=[
                            ('scheduled', 'Scheduled'),
                            ('in_progress', 'In progress'),
                            ('completed', 'Completed'),
                            ('cancelled', 'Cancelled'),
                        ],
                        default='scheduled',
                        max_length=11,
                        verbose_name='status',
                    ),
                ),
                ('notes', models.TextField(blank=True, max_length=2000, verbose_name='notes')),
                ('seat', models.SmallIntegerField(blank=True, editable=False, null=True, verbose_name='place')),
                ('group', models.BooleanField(default=False, help_text='The therapist attends others in the same room meanwhile.', verbose_name='group')),
                ('position', models.SmallIntegerField(blank=True, editable=False, null=True, verbose_name='number in the series')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted at')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='patients.patient', verbose_name='patient')),
                ('room', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='scheduling.room', verbose_name='room')),
                ('series', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='scheduling.series', verbose_name='series')),
                ('therapist', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
            ],
            options={
                'verbose_name': 'historical appointment',
                'verbose_name_plural': 'historical appointments',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_appointment_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_appointment_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_appointment_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_appointment_request'),
                    models.Index(fields=['xid'], name='h_appointment_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalWorkingHours',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('weekday', models.SmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], verbose_name='weekday')),
                ('start', models.TimeField(verbose_name='start')),
                ('end', models.TimeField(verbose_name='end')),
                ('valid_from', models.DateField(blank=True, null=True, verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                ('therapist', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
            ],
            options={
                'verbose_name': 'historical working hours',
                'verbose_name_plural': 'historical working hours',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_workinghours_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_workinghours_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_workinghours_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_workinghours_request'),
                    models.Index(fields=['xid'], name='h_workinghours_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalHoursException',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('day', models.DateField(verbose_name='day')),
                ('start', models.TimeField(blank=True, null=True, verbose_name='start')),
                ('end', models.TimeField(blank=True, null=True, verbose_name='end')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                ('therapist', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
            ],
            options={
                'verbose_name': 'historical exception of working hours',
                'verbose_name_plural': 'historical exceptions of working hours',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_hoursexception_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_hoursexception_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_hoursexception_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_hoursexception_request'),
                    models.Index(fields=['xid'], name='h_hoursexception_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalClosure',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('first_day', models.DateField(verbose_name='first day')),
                ('last_day', models.DateField(verbose_name='last day')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
            ],
            options={
                'verbose_name': 'historical closure',
                'verbose_name_plural': 'historical closures',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_closure_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_closure_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_closure_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_closure_request'),
                    models.Index(fields=['xid'], name='h_closure_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
    ]
