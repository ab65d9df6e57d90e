"""The directory's tables: shards, clinics and their domains."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import migrations, models

from core.ids import uuid7


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Shard',
            fields=[
                ('alias', models.CharField(max_length=20, primary_key=True, serialize=False, validators=[RegexValidator('^shard_[0-9]+$')], verbose_name='alias')),
                (
                    'state',
                    models.CharField(
                        choices=[
                            ('open', 'Open: takes new clinics'),
                            ('draining', 'Draining: takes no new clinics'),
                            ('closed', 'Closed: holds no clinics'),
                        ],
                        default='open',
                        max_length=8,
                        verbose_name='state',
                    ),
                ),
                ('weight', models.PositiveIntegerField(default=100, help_text='Share of new clinics, relative to the other open shards.', validators=[MinValueValidator(1)], verbose_name='weight')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
            ],
            options={
                'verbose_name': 'shard',
                'verbose_name_plural': 'shards',
                'ordering': ['alias'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('alias__regex', '^shard_[0-9]+$')), name='tenants_shard_alias_form'),
                    models.CheckConstraint(condition=models.Q(('weight__gte', 1)), name='tenants_shard_weight_positive'),
                    models.CheckConstraint(condition=models.Q(('state__in', ['open', 'draining', 'closed'])), name='tenants_shard_state_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Clinic',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('schema_name', models.CharField(editable=False, max_length=49, unique=True, validators=[RegexValidator('^[a-z][a-z0-9_]{1,48}$')], verbose_name='schema name')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('epoch', models.PositiveBigIntegerField(default=1, editable=False, verbose_name='epoch')),
                ('status', models.CharField(choices=[('active', 'Active'), ('closed', 'Closed')], default='active', editable=False, max_length=8, verbose_name='status')),
                ('plan', models.CharField(choices=[('starter', 'Starter'), ('professional', 'Professional'), ('enterprise', 'Enterprise')], default='starter', max_length=12, verbose_name='plan')),
                ('time_zone', models.CharField(default='America/Sao_Paulo', max_length=64, verbose_name='time zone')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('shard', models.ForeignKey(editable=False, on_delete=models.PROTECT, related_name='clinics', to='tenants.shard', verbose_name='shard')),
                (
                    'state',
                    models.CharField(
                        blank=True,
                        choices=[
                            ('AC', 'AC'),
                            ('AL', 'AL'),
                            ('AM', 'AM'),
                            ('AP', 'AP'),
                            ('BA', 'BA'),
                            ('CE', 'CE'),
                            ('DF', 'DF'),
                            ('ES', 'ES'),
                            ('GO', 'GO'),
                            ('MA', 'MA'),
                            ('MG', 'MG'),
                            ('MS', 'MS'),
                            ('MT', 'MT'),
                            ('PA', 'PA'),
                            ('PB', 'PB'),
                            ('PE', 'PE'),
                            ('PI', 'PI'),
                            ('PR', 'PR'),
                            ('RJ', 'RJ'),
                            ('RN', 'RN'),
                            ('RO', 'RO'),
                            ('RR', 'RR'),
                            ('RS', 'RS'),
                            ('SC', 'SC'),
                            ('SE', 'SE'),
                            ('SP', 'SP'),
                            ('TO', 'TO'),
                        ],
                        help_text='Its holidays close the agenda, beside the national ones.',
                        max_length=2,
                        verbose_name='state',
                    ),
                ),
            ],
            options={
                'verbose_name': 'clinic',
                'verbose_name_plural': 'clinics',
                'ordering': ['schema_name'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('schema_name__regex', '^[a-z][a-z0-9_]{1,48}$')), name='tenants_clinic_schema_name_form'),
                    models.CheckConstraint(condition=models.Q(('status__in', ['active', 'closed'])), name='tenants_clinic_status_known'),
                    models.CheckConstraint(condition=models.Q(('plan__in', ['starter', 'professional', 'enterprise'])), name='tenants_clinic_plan_known'),
                    models.CheckConstraint(condition=models.Q(('epoch__gte', 1)), name='tenants_clinic_epoch_positive'),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                'state__in',
                                [
                                    '',
                                    'AC',
                                    'AL',
                                    'AM',
                                    'AP',
                                    'BA',
                                    'CE',
                                    'DF',
                                    'ES',
                                    'GO',
                                    'MA',
                                    'MG',
                                    'MS',
                                    'MT',
                                    'PA',
                                    'PB',
                                    'PE',
                                    'PI',
                                    'PR',
                                    'RJ',
                                    'RN',
                                    'RO',
                                    'RR',
                                    'RS',
                                    'SC',
                                    'SE',
                                    'SP',
                                    'TO',
                                ],
                            )
                        ),
                        name='tenants_clinic_state_known',
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name='Domain',
            fields=[
                ('is_primary', models.BooleanField(db_index=True, default=True)),
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('domain', models.CharField(max_length=253, unique=True, validators=[RegexValidator('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$')], verbose_name='domain')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('tenant', models.ForeignKey(on_delete=models.CASCADE, related_name='domains', to='tenants.clinic')),
            ],
            options={
                'verbose_name': 'domain',
                'verbose_name_plural': 'domains',
                'ordering': ['domain'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('domain__regex', '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$')), name='tenants_domain_domain_form'),
                    models.UniqueConstraint(condition=models.Q(('is_primary', True)), fields=('tenant',), name='tenants_domain_one_primary'),
                ],
            },
        ),
    ]
