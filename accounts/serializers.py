"""Bodies of the sign-in endpoints."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Role, User
from core.api.serializers import EmailField, StrictModelSerializer, StrictSerializer, TextField


class SignInSerializer(StrictSerializer):
    """E-mail and password."""

    email = EmailField(max_length=254)
    password = TextField(max_length=128, trim_whitespace=False, write_only=True)


class RefreshSerializer(StrictSerializer):
    """The refresh token, as the client received it."""

    refresh = TextField(min_length=20, max_length=2000)


class TokenPairSerializer(serializers.Serializer[Any]):
    """`expires_in`: seconds until the access token ends."""

    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)
    expires_in = serializers.IntegerField(read_only=True)


class ClinicSerializer(serializers.Serializer[Any]):
    """The clinic that the request is in."""

    id = serializers.UUIDField(source="clinic_id", read_only=True)
    time_zone = serializers.CharField(read_only=True)


class MeSerializer(serializers.ModelSerializer[User]):
    """The signed-in person."""

    role = serializers.ChoiceField(choices=Role.choices, read_only=True)
    clinic = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "role", "crefito", "clinic"]
        read_only_fields = fields

    @extend_schema_field(ClinicSerializer)
    def get_clinic(self, user: User) -> dict[str, Any]:
        """The clinic that the view names in the context."""
        return dict(ClinicSerializer(self.context["clinic"]).data)


class ByRoleSerializer(StrictModelSerializer):
    """Shows and takes fields by the reader's role, as the app's `access` module says."""

    access: ClassVar[Any]  # has hidden_fields(user), writable_fields(user or None)

    def hidden_fields(self) -> frozenset[str]:
        """The fields that the reader's role doesn't see."""
        reader = self._reader()
        hidden: frozenset[str] = self.access.hidden_fields(reader) if reader else frozenset()
        return hidden

    def locked_fields(self) -> frozenset[str]:
        """The fields that the reader's role doesn't write."""
        reader = self._reader()
        if reader is None:
            return frozenset()
        return frozenset(self.access.writable_fields(None) - self.access.writable_fields(reader))

    def _reader(self) -> User | None:
        """The reader; None while the OpenAPI document is generated, which shows every field."""
        user = getattr(self.context.get("request"), "user", None)
        return user if isinstance(user, User) else None
