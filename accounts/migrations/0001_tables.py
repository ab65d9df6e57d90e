"""People of a clinic and of the platform, their sign-ins, and the people's history."""

from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower
from simple_history.models import HistoricalChanges

from audit.capture.fields import Xid8Field
from core.ids import uuid7


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('full_name', models.CharField(max_length=100, verbose_name='full name')),
                (
                    'role',
                    models.CharField(
                        choices=[
                            ('owner', 'Owner'),
                            ('manager', 'Manager'),
                            ('therapist', 'Therapist'),
                            ('receptionist', 'Receptionist'),
                            ('patient', 'Patient'),
                            ('auditor', 'Auditor'),
                            ('platform', 'Platform staff'),
                        ],
                        max_length=12,
                        verbose_name='role',
                    ),
                ),
                ('crefito', models.CharField(blank=True, help_text='Registration with the regional council; therapists only.', max_length=20, verbose_name='CREFITO number')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                (
                    'supervisor',
                    models.ForeignKey(
                        blank=True,
                        help_text='Makes the therapist an intern: the supervisor signs their notes too.',
                        null=True,
                        on_delete=models.PROTECT,
                        related_name='interns',
                        to=settings.AUTH_USER_MODEL,
                        verbose_name='supervisor',
                    ),
                ),
                (
                    'groups',
                    models.ManyToManyField(
                        blank=True,
                        help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.',
                        related_name='user_set',
                        related_query_name='user',
                        to='auth.group',
                        verbose_name='groups',
                    ),
                ),
                (
                    'user_permissions',
                    models.ManyToManyField(
                        blank=True,
                        help_text='Specific permissions for this user.',
                        related_name='user_set',
                        related_query_name='user',
                        to='auth.permission',
                        verbose_name='user permissions',
                    ),
                ),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
                'constraints': [
                    models.UniqueConstraint(Lower('email'), name='accounts_user_email_unique'),
                    models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'manager', 'therapist', 'receptionist', 'patient', 'auditor', 'platform'])), name='accounts_user_role_known'),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('role', 'therapist'), _negated=True),
                            models.Q(('crefito', ''), _negated=True),
                            ('supervisor__isnull', False),
                            _connector='OR',
                        ),
                        name='accounts_user_therapist_has_crefito',
                    ),
                    models.CheckConstraint(condition=models.Q(('supervisor', None), ('role', 'therapist'), _connector='OR'), name='accounts_user_intern_is_therapist'),
                    models.CheckConstraint(condition=models.Q(('supervisor', None), models.Q(('supervisor', models.F('id')), _negated=True), _connector='OR'), name='accounts_user_supervisor_other'),
                    models.CheckConstraint(condition=models.Q(('is_superuser', False), ('role', 'platform'), _connector='OR'), name='accounts_user_superuser_is_platform'),
                ],
            },
        ),
        migrations.CreateModel(
            name='TokenFamily',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('generation', models.PositiveIntegerField(default=0)),
                ('credential', models.CharField(max_length=64)),
                ('rotated_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('revoked_for', models.CharField(blank=True, max_length=16)),
                ('user', models.ForeignKey(on_delete=models.CASCADE, related_name='token_families', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sign-in',
                'verbose_name_plural': 'sign-ins',
                'constraints': [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('revoked_at', None), ('revoked_for', '')),
                            models.Q(('revoked_at__isnull', False), models.Q(('revoked_for', ''), _negated=True)),
                            _connector='OR',
                        ),
                        name='accounts_tokenfamily_revoked_has_reason',
                    ),
                    models.CheckConstraint(condition=models.Q(('credential__regex', '^[0-9a-f]{64}$')), name='accounts_tokenfamily_credential_form'),
                ],
            },
        ),
        migrations.CreateModel(
            name='HistoricalUser',
            fields=[
                ('password', models.CharField(db_comment='sha256', max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('full_name', models.CharField(max_length=100, verbose_name='full name')),
                (
                    'role',
                    models.CharField(
                        choices=[
                            ('owner', 'Owner'),
                            ('manager', 'Manager'),
                            ('therapist', 'Therapist'),
                            ('receptionist', 'Receptionist'),
                            ('patient', 'Patient'),
                            ('auditor', 'Auditor'),
                            ('platform', 'Platform staff'),
                        ],
                        max_length=12,
                        verbose_name='role',
                    ),
                ),
                ('crefito', models.CharField(blank=True, help_text='Registration with the regional council; therapists only.', max_length=20, verbose_name='CREFITO number')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                (
                    'supervisor',
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text='Makes the therapist an intern: the supervisor signs their notes too.',
                        null=True,
                        on_delete=models.DO_NOTHING,
                        related_name='+',
                        to=settings.AUTH_USER_MODEL,
                        verbose_name='supervisor',
                    ),
                ),
            ],
            options={
                'verbose_name': 'historical person',
                'verbose_name_plural': 'historical people',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_user_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_user_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_user_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_user_request'),
                    models.Index(fields=['xid'], name='h_user_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
    ]
