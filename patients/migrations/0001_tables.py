"""Patients, clinical notes, consents with their texts, documents; and their histories."""

from datetime import date
from functools import reduce
from operator import add

import django.utils.timezone
from django.conf import settings
from django.core.validators import MaxLengthValidator, MinLengthValidator, RegexValidator
from django.db import migrations, models
from django.db.models import lookups
from django.db.models.functions import Left, Length, Lower, Repeat, Substr
from simple_history.models import HistoricalChanges

from audit.capture.fields import Xid8Field
from core.ids import uuid7
from patients import validators


def character(position):
    letter = Substr('cpf', position, 1)
    return models.Func(letter, function='ascii', output_field=models.IntegerField())


def check_digit_fits(position):
    """The CPF's digit at 10 or 11 follows from those before it."""
    weights = {place: position + 1 - place for place in range(1, position)}
    terms = [character(place) * models.Value(weight) for place, weight in weights.items()]
    total = reduce(add, terms) - models.Value(ord('0') * sum(weights.values()))
    digit = character(position) - models.Value(ord('0'))
    rest = total * models.Value(10) % models.Value(11) % models.Value(10)
    return lookups.Exact(digit, rest)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Patient',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('name', models.CharField(max_length=100, validators=[MinLengthValidator(2), validators.validate_name], verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(help_text='With country and area code, for example +5511987654321.', max_length=16, validators=[validators.validate_phone], verbose_name='phone')),
                ('cpf', models.CharField(max_length=11, validators=[validators.validate_cpf], verbose_name='CPF')),
                ('birth_date', models.DateField(validators=[validators.validate_birth_date], verbose_name='birth date')),
                ('medical_history', models.TextField(blank=True, max_length=5000, validators=[MaxLengthValidator(5000), validators.validate_text], verbose_name='medical history')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted at')),
                (
                    'search_name',
                    models.GeneratedField(
                        db_persist=True,
                        expression=Lower(
                            models.Func(
                                models.Func(models.F('name'), template='normalize(%(expressions)s, NFKD)'),
                                models.Value('[\\u0300-\\u036f]'),
                                models.Value(''),
                                models.Value('g'),
                                function='regexp_replace',
                            ),
                            output_field=models.TextField(),
                        ),
                        output_field=models.TextField(),
                    ),
                ),
                ('therapist', models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name='patients', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
                (
                    'user',
                    models.OneToOneField(
                        blank=True,
                        help_text="The patient's own sign-in, if they have one.",
                        null=True,
                        on_delete=models.PROTECT,
                        related_name='patient',
                        to=settings.AUTH_USER_MODEL,
                        verbose_name='sign-in',
                    ),
                ),
            ],
            options={
                'verbose_name': 'patient',
                'verbose_name_plural': 'patients',
                'indexes': [
                    models.Index(fields=['search_name', 'id'], name='patients_patient_by_name'),
                    models.Index(fields=['created_at', 'id'], name='patients_patient_by_created'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(lookups.GreaterThanOrEqual(Length('name'), 2), lookups.LessThanOrEqual(Length('name'), 100)), name='patients_patient_name_length'),
                    models.CheckConstraint(condition=models.Q(('name__regex', '[\\u0001-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]'), _negated=True), name='patients_patient_name_printable'),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                'name__regex',
                                '^[ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]|[ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]$',
                            ),
                            _negated=True,
                        ),
                        name='patients_patient_name_trimmed',
                    ),
                    models.CheckConstraint(condition=models.Q(('email__regex', '^([^@[:space:]]+@[^@[:space:]]+)?$')), name='patients_patient_email_form'),
                    models.CheckConstraint(condition=models.Q(('phone__regex', '^\\+[1-9][0-9]{1,14}$')), name='patients_patient_phone_e164'),
                    models.CheckConstraint(condition=models.Q(('cpf__regex', '^[0-9]{11}$')), name='patients_patient_cpf_digits'),
                    models.CheckConstraint(condition=models.Q(check_digit_fits(10), check_digit_fits(11)), name='patients_patient_cpf_check_digits'),
                    models.CheckConstraint(condition=models.Q(('cpf', Repeat(Left('cpf', 1), 11)), _negated=True), name='patients_patient_cpf_not_repeated'),
                    models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('cpf',), name='patients_patient_cpf_unique'),
                    models.CheckConstraint(condition=models.Q(('birth_date__lte', models.Func(output_field=models.DateField(), template='(CURRENT_DATE + 1)'))), name='patients_patient_birth_date_not_future'),
                    models.CheckConstraint(condition=models.Q(('birth_date__gte', date(1900, 1, 1))), name='patients_patient_birth_date_since_1900'),
                    models.CheckConstraint(condition=models.Q(lookups.LessThanOrEqual(Length('medical_history'), 5000)), name='patients_patient_medical_history_length'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                (
                    'purpose',
                    models.CharField(
                        choices=[
                            ('marketing', 'Marketing'),
                            ('image_use', 'Use of image'),
                            ('messaging', 'Messages (WhatsApp and the like)'),
                            ('research', 'Research'),
                            ('teleconsultation', 'Teleconsultation'),
                        ],
                        max_length=16,
                        verbose_name='purpose',
                    ),
                ),
                ('version', models.CharField(max_length=20, validators=[RegexValidator('^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$', code='invalid')], verbose_name='version')),
                ('body', models.TextField(max_length=20000, validators=[MaxLengthValidator(20000), validators.validate_text], verbose_name='text')),
            ],
            options={
                'verbose_name': 'consent text',
                'verbose_name_plural': 'consent texts',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('purpose__in', ['marketing', 'image_use', 'messaging', 'research', 'teleconsultation'])), name='patients_consenttext_purpose_known'),
                    models.CheckConstraint(condition=models.Q(('version__regex', '^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$')), name='patients_consenttext_version_form'),
                    models.CheckConstraint(condition=models.Q(lookups.GreaterThan(Length('body'), 0), lookups.LessThanOrEqual(Length('body'), 20000)), name='patients_consenttext_body_length'),
                    models.UniqueConstraint(fields=('purpose', 'version'), name='patients_consenttext_version_unique'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                (
                    'purpose',
                    models.CharField(
                        choices=[
                            ('marketing', 'Marketing'),
                            ('image_use', 'Use of image'),
                            ('messaging', 'Messages (WhatsApp and the like)'),
                            ('research', 'Research'),
                            ('teleconsultation', 'Teleconsultation'),
                        ],
                        editable=False,
                        max_length=16,
                        verbose_name='purpose',
                    ),
                ),
                ('channel', models.CharField(choices=[('paper', 'On paper'), ('app', 'In the app'), ('phone', 'By phone'), ('in_person', 'In person')], max_length=9, verbose_name='channel')),
                ('given_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='given at')),
                ('withdrawn_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='withdrawn at')),
                ('patient', models.ForeignKey(on_delete=models.PROTECT, related_name='consents', to='patients.patient', verbose_name='patient')),
                ('text', models.ForeignKey(on_delete=models.PROTECT, related_name='consents', to='patients.consenttext', verbose_name='text')),
            ],
            options={
                'verbose_name': 'consent',
                'verbose_name_plural': 'consents',
                'indexes': [
                    models.Index(fields=['created_at', 'id'], name='patients_consent_by_created'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('channel__in', ['paper', 'app', 'phone', 'in_person'])), name='patients_consent_channel_known'),
                    models.CheckConstraint(condition=models.Q(('given_at__lte', models.F('created_at'))), name='patients_consent_given_in_time'),
                    models.CheckConstraint(condition=models.Q(('withdrawn_at', None), ('withdrawn_at__gte', models.F('given_at')), _connector='OR'), name='patients_consent_withdrawn_after_given'),
                    models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('patient', 'purpose'), name='patients_consent_one_open'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                (
                    'kind',
                    models.CharField(
                        choices=[
                            ('exam', 'Exam'),
                            ('referral', 'Referral'),
                            ('consent_form', 'Consent form'),
                            ('photo', 'Photo'),
                            ('report', 'Report'),
                            ('other', 'Other'),
                        ],
                        max_length=12,
                        verbose_name='kind',
                    ),
                ),
                ('name', models.CharField(max_length=150, verbose_name='file name')),
                ('content_type', models.CharField(max_length=20, verbose_name='content type')),
                ('size', models.PositiveBigIntegerField(help_text='In bytes.', verbose_name='size')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('status', models.CharField(choices=[('quarantined', 'Quarantined'), ('clean', 'Clean'), ('infected', 'Infected')], default='quarantined', max_length=11, verbose_name='status')),
                ('scanned_at', models.DateTimeField(blank=True, null=True, verbose_name='scanned at')),
                ('scan_report', models.CharField(blank=True, max_length=200, verbose_name="scanner's report")),
                ('shared_with_patient', models.BooleanField(default=False, verbose_name='shared with the patient')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted at')),
                ('patient', models.ForeignKey(on_delete=models.PROTECT, related_name='documents', to='patients.patient', verbose_name='patient')),
                ('uploaded_by', models.ForeignKey(on_delete=models.PROTECT, related_name='documents', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
            ],
            options={
                'verbose_name': 'document',
                'verbose_name_plural': 'documents',
                'indexes': [
                    models.Index(fields=['created_at', 'id'], name='patients_document_by_created'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('kind__in', ['exam', 'referral', 'consent_form', 'photo', 'report', 'other'])), name='patients_document_kind_known'),
                    models.CheckConstraint(
                        condition=models.Q(
                            ('name__regex', '^[^/\\\\\\u0001-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]+$'),
                            lookups.LessThanOrEqual(Length('name'), 150),
                        ),
                        name='patients_document_name_form',
                    ),
                    models.CheckConstraint(condition=models.Q(('content_type__in', ['application/dicom', 'application/pdf', 'image/jpeg', 'image/png'])), name='patients_document_content_type_known'),
                    models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='patients_document_size_positive'),
                    models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='patients_document_sha256_form'),
                    models.CheckConstraint(condition=models.Q(('status__in', ['quarantined', 'clean', 'infected'])), name='patients_document_status_known'),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('scan_report', ''), ('scanned_at', None), ('status', 'quarantined')),
                            models.Q(
                                models.Q(('status', 'quarantined'), _negated=True),
                                ('scanned_at__isnull', False),
                                models.Q(('scan_report', ''), _negated=True),
                            ),
                            _connector='OR',
                        ),
                        name='patients_document_scanned_with_report',
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name='ClinicalNote',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('kind', models.CharField(choices=[('evaluation', 'Evaluation'), ('evolution', 'Evolution')], max_length=10, verbose_name='kind')),
                ('subjective', models.TextField(blank=True, max_length=10000, validators=[MaxLengthValidator(10000), validators.validate_text], verbose_name='subjective')),
                ('objective', models.TextField(blank=True, max_length=10000, validators=[MaxLengthValidator(10000), validators.validate_text], verbose_name='objective')),
                ('assessment', models.TextField(blank=True, max_length=10000, validators=[MaxLengthValidator(10000), validators.validate_text], verbose_name='assessment')),
                ('plan', models.TextField(blank=True, max_length=10000, validators=[MaxLengthValidator(10000), validators.validate_text], verbose_name='plan')),
                ('author_name', models.CharField(blank=True, max_length=100, verbose_name="author's name")),
                ('author_crefito', models.CharField(blank=True, max_length=20, verbose_name="author's CREFITO")),
                ('signed_at', models.DateTimeField(blank=True, null=True, verbose_name='signed at')),
                ('supervisor_name', models.CharField(blank=True, max_length=100, verbose_name="supervisor's name")),
                ('supervisor_crefito', models.CharField(blank=True, max_length=20, verbose_name="supervisor's CREFITO")),
                ('cosigned_at', models.DateTimeField(blank=True, null=True, verbose_name='signed by the supervisor at')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted at')),
                ('amends', models.ForeignKey(blank=True, editable=False, null=True, on_delete=models.PROTECT, related_name='amendments', to='patients.clinicalnote', verbose_name='amends')),
                ('author', models.ForeignKey(on_delete=models.PROTECT, related_name='notes', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('patient', models.ForeignKey(on_delete=models.PROTECT, related_name='notes', to='patients.patient', verbose_name='patient')),
                ('supervisor', models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name='supervised_notes', to=settings.AUTH_USER_MODEL, verbose_name='supervisor')),
            ],
            options={
                'verbose_name': 'clinical note',
                'verbose_name_plural': 'clinical notes',
                'indexes': [
                    models.Index(fields=['created_at', 'id'], name='patients_clinicalnote_created'),
                    models.Index(fields=['patient', 'created_at'], name='patients_clinicalnote_patient'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(lookups.LessThanOrEqual(Length('subjective'), 10000)), name='patients_clinicalnote_subjective_length'),
                    models.CheckConstraint(condition=models.Q(lookups.LessThanOrEqual(Length('objective'), 10000)), name='patients_clinicalnote_objective_length'),
                    models.CheckConstraint(condition=models.Q(lookups.LessThanOrEqual(Length('assessment'), 10000)), name='patients_clinicalnote_assessment_length'),
                    models.CheckConstraint(condition=models.Q(lookups.LessThanOrEqual(Length('plan'), 10000)), name='patients_clinicalnote_plan_length'),
                    models.CheckConstraint(condition=models.Q(('kind__in', ['evaluation', 'evolution'])), name='patients_clinicalnote_kind_known'),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(('signed_at__isnull', False), models.Q(('author_name', ''), _negated=True)),
                            models.Q(('signed_at', None), ('author_crefito', ''), ('author_name', ''), ('supervisor', None)),
                            _connector='OR',
                        ),
                        name='patients_clinicalnote_signed_by_somebody',
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ('signed_at', None),
                            ('subjective__regex', '[^[:space:]]'),
                            ('objective__regex', '[^[:space:]]'),
                            ('assessment__regex', '[^[:space:]]'),
                            ('plan__regex', '[^[:space:]]'),
                            _connector='OR',
                        ),
                        name='patients_clinicalnote_signed_with_content',
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ('signed_at', None),
                            models.Q(('author_crefito', ''), _negated=True),
                            ('supervisor__isnull', False),
                            _connector='OR',
                        ),
                        name='patients_clinicalnote_signed_with_crefito',
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ('signed_at__isnull', False),
                                ('cosigned_at__isnull', False),
                                ('supervisor__isnull', False),
                                models.Q(('supervisor_name', ''), _negated=True),
                                models.Q(('supervisor_crefito', ''), _negated=True),
                            ),
                            models.Q(('cosigned_at', None), ('supervisor_crefito', ''), ('supervisor_name', '')),
                            _connector='OR',
                        ),
                        name='patients_clinicalnote_cosigned_whole',
                    ),
                    models.CheckConstraint(condition=models.Q(('supervisor', None), models.Q(('supervisor', models.F('author')), _negated=True), _connector='OR'), name='patients_clinicalnote_supervisor_other'),
                    models.CheckConstraint(condition=models.Q(('deleted_at', None), ('signed_at', None), _connector='OR'), name='patients_clinicalnote_discarded_unsigned'),
                ],
            },
        ),
        migrations.CreateModel(
            name='HistoricalPatient',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(help_text='With country and area code, for example +5511987654321.', max_length=16, verbose_name='phone')),
                ('cpf', models.CharField(max_length=11, verbose_name='CPF')),
                ('birth_date', models.DateField(verbose_name='birth date')),
                ('medical_history', models.TextField(blank=True, max_length=5000, verbose_name='medical history')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted at')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                ('therapist', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='therapist')),
                (
                    'user',
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The patient's own sign-in, if they have one.",
                        null=True,
                        on_delete=models.DO_NOTHING,
                        related_name='+',
                        to=settings.AUTH_USER_MODEL,
                        verbose_name='sign-in',
                    ),
                ),
            ],
            options={
                'verbose_name': 'historical patient',
                'verbose_name_plural': 'historical patients',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_patient_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_patient_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_patient_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_patient_request'),
                    models.Index(fields=['xid'], name='h_patient_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalConsentText',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                (
                    'purpose',
                    models.CharField(
                        choices=[
                            ('marketing', 'Marketing'),
                            ('image_use', 'Use of image'),
                            ('messaging', 'Messages (WhatsApp and the like)'),
                            ('research', 'Research'),
                            ('teleconsultation', 'Teleconsultation'),
                        ],
                        max_length=16,
                        verbose_name='purpose',
                    ),
                ),
                ('version', models.CharField(max_length=20, verbose_name='version')),
                ('body', models.TextField(max_length=20000, verbose_name='text')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
            ],
            options={
                'verbose_name': 'historical consent text',
                'verbose_name_plural': 'historical consent texts',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_consenttext_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_consenttext_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_consenttext_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_consenttext_request'),
                    models.Index(fields=['xid'], name='h_consenttext_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalConsent',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                (
                    'purpose',
                    models.CharField(
                        choices=[
                            ('marketing', 'Marketing'),
                            ('image_use', 'Use of image'),
                            ('messaging', 'Messages (WhatsApp and the like)'),
                            ('research', 'Research'),
                            ('teleconsultation', 'Teleconsultation'),
                        ],
                        editable=False,
                        max_length=16,
                        verbose_name='purpose',
                    ),
                ),
                ('channel', models.CharField(choices=[('paper', 'On paper'), ('app', 'In the app'), ('phone', 'By phone'), ('in_person', 'In person')], max_length=9, verbose_name='channel')),
                ('given_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='given at')),
                ('withdrawn_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='withdrawn at')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='patients.patient', verbose_name='patient')),
                ('text', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='patients.consenttext', verbose_name='text')),
            ],
            options={
                'verbose_name': 'historical consent',
                'verbose_name_plural': 'historical consents',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_consent_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_consent_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_consent_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_consent_request'),
                    models.Index(fields=['xid'], name='h_consent_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalDocument',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                (
                    'kind',
                    models.CharField(
                        choices=[
                            ('exam', 'Exam'),
                            ('referral', 'Referral'),
                            ('consent_form', 'Consent form'),
                            ('photo', 'Photo'),
                            ('report', 'Report'),
                            ('other', 'Other'),
                        ],
                        max_length=12,
                        verbose_name='kind',
                    ),
                ),
                ('name', models.CharField(max_length=150, verbose_name='file name')),
                ('content_type', models.CharField(max_length=20, verbose_name='content type')),
                ('size', models.PositiveBigIntegerField(help_text='In bytes.', verbose_name='size')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('status', models.CharField(choices=[('quarantined', 'Quarantined'), ('clean', 'Clean'), ('infected', 'Infected')], default='quarantined', max_length=11, verbose_name='status')),
                ('scanned_at', models.DateTimeField(blank=True, null=True, verbose_name='scanned at')),
                ('scan_report', models.CharField(blank=True, max_length=200, verbose_name="scanner's report")),
                ('shared_with_patient', models.BooleanField(default=False, verbose_name='shared with the patient')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted at')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='patients.patient', verbose_name='patient')),
                ('uploaded_by', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
            ],
            options={
                'verbose_name': 'historical document',
                'verbose_name_plural': 'historical documents',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_document_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_document_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_document_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_document_request'),
                    models.Index(fields=['xid'], name='h_document_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalClinicalNote',
            fields=[
                ('id', models.UUIDField(default=uuid7, editable=False)),
                ('created_at', models.DateTimeField(blank=True, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='updated at')),
                ('actor_label', models.TextField(verbose_name='who')),
                ('ip_address', models.GenericIPAddressField(null=True, verbose_name='IP address')),
                ('user_agent', models.TextField(blank=True, verbose_name='user agent')),
                ('request_id', models.TextField(blank=True, verbose_name='request')),
                ('xid', Xid8Field()),
                ('kind', models.CharField(choices=[('evaluation', 'Evaluation'), ('evolution', 'Evolution')], max_length=10, verbose_name='kind')),
                ('subjective', models.TextField(blank=True, max_length=10000, verbose_name='subjective')),
                ('objective', models.TextField(blank=True, max_length=10000, verbose_name='objective')),
                ('assessment', models.TextField(blank=True, max_length=10000, verbose_name='assessment')),
                ('plan', models.TextField(blank=True, max_length=10000, verbose_name='plan')),
                ('author_name', models.CharField(blank=True, max_length=100, verbose_name="author's name")),
                ('author_crefito', models.CharField(blank=True, max_length=20, verbose_name="author's CREFITO")),
                ('signed_at', models.DateTimeField(blank=True, null=True, verbose_name='signed at')),
                ('supervisor_name', models.CharField(blank=True, max_length=100, verbose_name="supervisor's name")),
                ('supervisor_crefito', models.CharField(blank=True, max_length=20, verbose_name="supervisor's CREFITO")),
                ('cosigned_at', models.DateTimeField(blank=True, null=True, verbose_name='signed by the supervisor at')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted at')),
                ('history_user_id', models.UUIDField(null=True, verbose_name='user')),
                ('history_change_reason', models.TextField(blank=True, verbose_name='reason')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_date', models.DateTimeField(verbose_name='when')),
                ('amends', models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='patients.clinicalnote', verbose_name='amends')),
                ('author', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('patient', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to='patients.patient', verbose_name='patient')),
                ('supervisor', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='supervisor')),
            ],
            options={
                'verbose_name': 'historical clinical note',
                'verbose_name_plural': 'historical clinical notes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': ('view',),
                'indexes': [
                    models.Index(fields=['id', 'history_id'], name='h_clinicalnote_object'),
                    models.Index(fields=['history_type', 'history_date', 'history_id'], name='h_clinicalnote_type_date'),
                    models.Index(condition=models.Q(('history_user_id__isnull', False)), fields=['history_user_id', 'history_date'], name='h_clinicalnote_user'),
                    models.Index(condition=models.Q(('request_id', ''), _negated=True), fields=['request_id'], name='h_clinicalnote_request'),
                    models.Index(fields=['xid'], name='h_clinicalnote_xid'),
                ],
            },
            bases=(HistoricalChanges, models.Model),
        ),
    ]
