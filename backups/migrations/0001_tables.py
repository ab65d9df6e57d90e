"""Runs of backups, drills and restores, in the directory."""

from django.db import migrations, models

from core.ids import uuid7


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    'kind',
                    models.CharField(
                        choices=[
                            ('full', 'Full backup'),
                            ('increment', 'Incremental backup'),
                            ('drill', 'Drill'),
                            ('restore', 'Restore'),
                            ('verify', 'Verification'),
                        ],
                        max_length=9,
                        verbose_name='kind',
                    ),
                ),
                ('state', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='running', max_length=7, verbose_name='state')),
                ('backup_id', models.UUIDField(null=True, verbose_name='backup')),
                ('started_at', models.DateTimeField(auto_now_add=True, verbose_name='started at')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('covers_until', models.DateTimeField(null=True, verbose_name='covers until')),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='bytes')),
                ('error', models.CharField(blank=True, max_length=500, verbose_name='error')),
                ('clinic', models.ForeignKey(on_delete=models.CASCADE, related_name='backup_runs', to='tenants.clinic', verbose_name='clinic')),
                ('damaged', models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, verbose_name='damaged documents')),
            ],
            options={
                'verbose_name': 'backup run',
                'verbose_name_plural': 'backup runs',
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['clinic', 'kind', '-started_at'], name='backups_run_by_clinic'),
                ],
                'constraints': [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('finished_at', None), ('state', 'running')),
                            models.Q(models.Q(('state', 'running'), _negated=True), ('finished_at__isnull', False)),
                            _connector='OR',
                        ),
                        name='backups_run_finished_or_running',
                    ),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('error', ''), _negated=True), _connector='OR'), name='backups_run_failed_has_error'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ClinicBackups',
            fields=[
            ],
            options={
                'verbose_name': "clinic's backups",
                'verbose_name_plural': "clinics' backups",
                'proxy': True,
                'default_permissions': ('view',),
            },
            bases=('tenants.clinic',),
        ),
    ]
