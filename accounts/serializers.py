"""Bodies of the sign-in endpoints."""

from typing import Any

from rest_framework import serializers

from accounts.models import Role, User


class SignInSerializer(serializers.Serializer[Any]):
    """E-mail and password."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)


class RefreshSerializer(serializers.Serializer[Any]):
    """A refresh token as it was given."""

    refresh = serializers.CharField(min_length=20, max_length=2000)


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
    clinic = ClinicSerializer(read_only=True)

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "role", "crefito", "clinic"]
        read_only_fields = fields
