"""What makes a token good: its signature, its clinic, its use and its end."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from django.conf import LazySettings
from django.utils.crypto import salted_hmac

from accounts.errors import InvalidToken
from accounts.tokens import Claims, Use, token_decode, token_encode
from tenants.context import ClinicRoute, clinic_scope
from tenants.errors import NoClinicActive

pytestmark = pytest.mark.without_database
NORTE, SUL = (
    ClinicRoute(UUID(int=number), schema, f"shard_{number}", 1)
    for number, schema in ((1, "norte"), (2, "sul"))
)
CLAIMS = Claims(UUID(int=3), UUID(int=4), 3)


def in_minutes(minutes: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)


def made(use: Use = "access", *, minutes: int = 5) -> str:
    return token_encode(use, CLAIMS, issued_at=in_minutes(0), expires_at=in_minutes(minutes))


def payload(**changes: Any) -> dict[str, Any]:
    """The claims of a good access token of norte, with changes; None leaves a claim out."""
    claims = {
        "use": "access",
        "aud": str(NORTE.clinic_id),
        "sub": str(CLAIMS.user_id),
        "sid": str(CLAIMS.family_id),
        "gen": 3,
        "exp": in_minutes(5),
        **changes,
    }

    return {name: value for name, value in claims.items() if value is not None}


def key_of(secret: str, use: Use = "access") -> bytes:
    return salted_hmac(f"fisioflow.tokens.{use}", "", secret=secret, algorithm="sha256").digest()


def test_a_token_says_who_and_which_sign_in_and_when_it_ends() -> None:
    with clinic_scope(NORTE):
        assert token_decode("access", made()) == CLAIMS
        assert token_decode("refresh", made("refresh")) == CLAIMS


def test_a_token_of_one_clinic_is_refused_in_another() -> None:
    with clinic_scope(NORTE):
        access, refresh = made("access"), made("refresh")
    with clinic_scope(SUL):
        with pytest.raises(InvalidToken):
            token_decode("access", access)
        with pytest.raises(InvalidToken):
            token_decode("refresh", refresh)


def test_no_token_is_good_for_the_other_use() -> None:
    with clinic_scope(NORTE):
        with pytest.raises(InvalidToken):
            token_decode("access", made("refresh"))
        with pytest.raises(InvalidToken):
            token_decode("refresh", made("access"))


def test_a_token_ends() -> None:
    with clinic_scope(NORTE), pytest.raises(InvalidToken):
        token_decode("access", made(minutes=-1))


def test_without_a_clinic_there_is_no_token() -> None:
    with pytest.raises(NoClinicActive):
        made()
    with pytest.raises(NoClinicActive):
        token_decode("access", "x.y.z")


def test_the_right_claims_under_the_right_key_are_good(settings: LazySettings) -> None:
    """The case from which the refusals below differ."""
    token = jwt.encode(payload(), key_of(settings.SECRET_KEY), algorithm="HS256")
    with clinic_scope(NORTE):
        assert token_decode("access", token) == CLAIMS


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None},
        {"aud": str(SUL.clinic_id)},
        {"aud": [str(NORTE.clinic_id), str(SUL.clinic_id)]},
        {"aud": [str(NORTE.clinic_id)]},
        {"aud": ""},
        {"use": None},
        {"use": "refresh"},
        {"sub": None},
        {"sub": "owner@norte.example"},
        {"sub": 7},
        {"sid": None},
        {"sid": ["a"]},
        {"gen": None},
        {"gen": "first"},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": datetime(2100, 1, 1, tzinfo=UTC)},
    ],
    ids=str,
)
def test_a_claim_that_is_missing_or_wrong_refuses_the_token(
    changes: dict[str, Any], settings: LazySettings
) -> None:
    token = jwt.api_jws.PyJWS().encode(
        json.dumps(payload(**changes), default=lambda moment: int(moment.timestamp())).encode(),
        key_of(settings.SECRET_KEY),
        algorithm="HS256",
    )

    with clinic_scope(NORTE), pytest.raises(InvalidToken):
        token_decode("access", token)


def test_a_token_without_a_signature_is_refused() -> None:
    def part(data: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    body = part(payload(exp=int(in_minutes(5).timestamp())))

    with clinic_scope(NORTE):
        for algorithm in ("none", "None", "NONE", ""):
            with pytest.raises(InvalidToken):
                token_decode("access", f"{part({'alg': algorithm, 'typ': 'JWT'})}.{body}.")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_of_another_algorithm_is_refused(algorithm: str, settings: LazySettings) -> None:
    token = jwt.encode(payload(), key_of(settings.SECRET_KEY) * 2, algorithm=algorithm)
    with clinic_scope(NORTE), pytest.raises(InvalidToken):
        token_decode("access", token)


def test_a_token_under_a_foreign_key_is_refused(settings: LazySettings) -> None:
    foreign = [
        key_of("somebody else's secret, as long as ours is, fifty letters"),
        key_of(settings.SECRET_KEY, "refresh"),
        settings.SECRET_KEY.encode(),  # the bare key signs cookies and more
    ]

    with clinic_scope(NORTE):
        for key in foreign:
            with pytest.raises(InvalidToken):
                token_decode("access", jwt.encode(payload(), key, algorithm="HS256"))


def test_a_token_lives_through_a_change_of_the_secret_key_while_the_old_one_is_a_fallback(
    settings: LazySettings,
) -> None:
    old = settings.SECRET_KEY
    with clinic_scope(NORTE):
        token = made()
        settings.SECRET_KEY = "the new secret, of at least fifty letters, or so we hope"

        with pytest.raises(InvalidToken):
            token_decode("access", token)

        settings.SECRET_KEY_FALLBACKS = ["an older one", old]
        assert token_decode("access", token) == CLAIMS
        # New tokens are signed only with the new key.
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(made(), key_of(old), algorithms=["HS256"], audience=str(NORTE.clinic_id))


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "..", "é.ü.ñ", "\0", "x" * 5000])
def test_anything_but_a_token_is_refused(token: str) -> None:
    with clinic_scope(NORTE), pytest.raises(InvalidToken):
        token_decode("access", token)
