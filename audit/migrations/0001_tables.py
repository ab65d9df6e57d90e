"""The trail's own tables: events, and the seals over events and histories."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import migrations, models

from audit.capture.fields import Xid8Field


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                (
                    'kind',
                    models.CharField(
                        choices=[
                            ('chart_viewed', 'Chart viewed'),
                            ('exported', 'Exported'),
                            ('downloaded', 'File opened'),
                            ('printed', 'Printed'),
                            ('signed_in', 'Signed in'),
                            ('sign_in_failed', 'Sign-in failed'),
                            ('signed_out', 'Signed out'),
                            ('access_refused', 'Access refused'),
                            ('role_changed', 'Role changed'),
                            ('password_changed', 'Password changed'),
                            ('impersonated', 'Support acted as a person'),
                            ('backed_up', 'Backed up'),
                            ('restored', 'Restored'),
                        ],
                        max_length=20,
                        verbose_name='kind',
                    ),
                ),
                ('occurred_at', models.DateTimeField(db_default=models.Func(function='clock_timestamp'), editable=False, verbose_name='when')),
                ('patient_id', models.UUIDField(null=True, verbose_name='patient')),
                ('table_name', models.TextField(blank=True, verbose_name='table')),
                ('record_id', models.TextField(blank=True, verbose_name='record')),
                ('details', models.JSONField(default=dict, encoder=DjangoJSONEncoder, verbose_name='details')),
                ('user_id', models.UUIDField(editable=False, null=True, verbose_name='user')),
                ('actor_label', models.TextField(blank=True, editable=False, verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(editable=False, null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, editable=False, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, editable=False, verbose_name='request')),
                ('reason', models.TextField(blank=True, editable=False, verbose_name='reason')),
                ('xid', Xid8Field()),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['occurred_at', 'id'], name='audit_event_date'),
                    models.Index(models.F('patient_id'), models.F('user_id'), models.F('occurred_at'), condition=models.Q(('patient_id__isnull', False)), name='audit_event_patient'),
                    models.Index(condition=models.Q(('user_id__isnull', False)), fields=['user_id', 'occurred_at'], name='audit_event_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='audit_event_request'),
                    models.Index(fields=['kind', 'occurred_at', 'id'], name='audit_event_kind'),
                    models.Index(condition=models.Q(('record_id', ''), _negated=True), fields=['record_id'], name='audit_event_record'),
                    models.Index(condition=models.Q(('table_name', ''), _negated=True), fields=['table_name', 'occurred_at'], name='audit_event_table'),
                    models.Index(fields=['xid'], name='audit_event_xid'),
                ],
                'constraints': [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                'kind__in',
                                [
                                    'chart_viewed',
                                    'exported',
                                    'downloaded',
                                    'printed',
                                    'signed_in',
                                    'sign_in_failed',
                                    'signed_out',
                                    'access_refused',
                                    'role_changed',
                                    'password_changed',
                                    'impersonated',
                                    'backed_up',
                                    'restored',
                                ],
                            )
                        ),
                        name='audit_event_kind_known',
                    ),
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'chart_viewed'), _negated=True), ('patient_id__isnull', False), _connector='OR'), name='audit_event_view_of_a_chart'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('sealed_at', models.DateTimeField()),
                ('snapshot', models.TextField()),
                ('server', models.TextField()),
                ('previous', models.TextField(blank=True)),
                ('hash', models.TextField()),
                ('xid', Xid8Field()),
                ('goes_on', models.BooleanField(db_default=False)),
            ],
            options={
                'verbose_name': 'seal',
                'verbose_name_plural': 'seals',
                'default_permissions': ('view',),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='audit_seal_number_positive'),
                    models.CheckConstraint(condition=models.Q(('hash__regex', '^[0-9a-f]{64}$')), name='audit_seal_hash_form'),
                    models.UniqueConstraint(fields=('hash',), name='audit_seal_hash_once'),
                    models.UniqueConstraint(fields=('previous',), name='audit_seal_no_fork'),
                    models.CheckConstraint(condition=models.Q(('previous__regex', '^[0-9a-f]{64}$'), models.Q(('number', 1), ('previous', '')), _connector='OR'), name='audit_seal_chained'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SealedTable',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('table_name', models.TextField()),
                ('columns', ArrayField(base_field=models.TextField(), size=None)),
                ('row_ids', ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('record_ids', ArrayField(base_field=models.UUIDField(null=True), size=None)),
                ('hashes', ArrayField(base_field=models.BinaryField(), size=None)),
                ('row_count', models.BigIntegerField()),
                ('root', models.BinaryField()),
                ('xid', Xid8Field()),
                ('seal', models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name='tables', to='audit.seal')),
            ],
            options={
                'verbose_name': 'sealed table',
                'verbose_name_plural': 'sealed tables',
                'default_permissions': ('view',),
                'constraints': [
                    models.UniqueConstraint(fields=('table_name', 'seal'), name='audit_sealedtable_once_a_seal'),
                    models.CheckConstraint(condition=models.Q(('row_count__gte', 1)), name='audit_sealedtable_not_empty'),
                ],
            },
        ),
    ]
