"""Software that asks for tokens: an OAuth 2 client (RFC 6749, section 2)."""

import hashlib
import secrets
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from salus.accounts.rules import granted


class AuthMethod(models.TextChoices):
    """How a client proves that it is the one (token_endpoint_auth_method of RFC 7591, section 2)."""

    NONE = "none"  # it cannot keep a secret: an app in a browser or on a phone
    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    PRIVATE_KEY = "private_key_jwt"
    TLS = "tls_client_auth"  # a certificate of an authority that the proxy trusts (RFC 8705)
    SELF_SIGNED_TLS = "self_signed_tls_client_auth"


class GrantType(models.TextChoices):
    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105  # the name of a grant, no secret


class TlsSubject(models.TextChoices):
    """What of a certificate names the client (RFC 8705, section 2.1.2, without its tls_client_auth_)."""

    DN = "subject_dn"
    DNS = "san_dns"
    URI = "san_uri"
    IP = "san_ip"
    EMAIL = "san_email"


def new_client_id() -> str:
    return str(uuid.uuid4())


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """SHA-256 in hexadecimal digits: enough for what is 32 random bytes, and cheap at every request."""
    return hashlib.sha256(secret.encode()).hexdigest()


SHARED_SECRET = [AuthMethod.BASIC, AuthMethod.POST]


def _exactly_for(methods: list[AuthMethod], given: Q) -> Q:
    return Q(token_endpoint_auth_method__in=methods) & given | (
        ~Q(token_endpoint_auth_method__in=methods) & ~given
    )


class Client(models.Model):
    """One piece of software. Its organisation is bound to it by `access`; it gets tokens while approved."""

    client_id = models.TextField(unique=True, default=new_client_id, editable=False)
    name = models.TextField()
    contact = models.TextField(blank=True, default="")  # of the software's maker
    grant_types = ArrayField(models.TextField(choices=GrantType))
    redirect_uris = ArrayField(models.TextField(), default=list)
    scope = models.TextField()  # the most that it may ever have
    purposes = ArrayField(models.TextField(), default=list)  # of use, that it may state
    token_endpoint_auth_method = models.TextField(choices=AuthMethod)
    secret_hash = models.TextField(null=True)  # SHA-256: the secret itself is 32 random bytes
    jwks = models.JSONField(null=True)  # JWK Set (RFC 7517), or where it is:
    jwks_uri = models.TextField(null=True)
    tls_subject_kind = models.TextField(choices=TlsSubject, null=True)
    tls_subject = models.TextField(null=True)
    tls_thumbprints = ArrayField(models.TextField(), default=list)  # x5t#S256 of each certificate
    requested_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    # None: by whoever runs the installation, with `salus client create`.
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="client_auth_method",
                condition=Q(token_endpoint_auth_method__in=AuthMethod.values),
            ),
            models.CheckConstraint(
                name="client_grant_types",
                condition=Q(grant_types__contained_by=GrantType.values) & Q(grant_types__len__gt=0),
            ),
            models.CheckConstraint(
                name="client_secret_of_its_method",
                condition=_exactly_for(SHARED_SECRET, Q(secret_hash__isnull=False)),
            ),
            models.CheckConstraint(
                name="client_keys_of_its_method",
                condition=_exactly_for(
                    [AuthMethod.PRIVATE_KEY], Q(jwks__isnull=False) | Q(jwks_uri__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="client_keys_in_one_place",
                condition=Q(jwks__isnull=True) | Q(jwks_uri__isnull=True),
            ),
            models.CheckConstraint(
                name="client_subject_of_its_method",
                condition=_exactly_for(
                    [AuthMethod.TLS], Q(tls_subject__isnull=False, tls_subject_kind__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="client_certificates_of_its_method",
                condition=_exactly_for([AuthMethod.SELF_SIGNED_TLS], ~Q(tls_thumbprints=[])),
            ),
            models.CheckConstraint(
                name="client_in_its_own_name_proves_who_it_is",
                condition=~Q(
                    token_endpoint_auth_method=AuthMethod.NONE,
                    grant_types__contains=[GrantType.CLIENT_CREDENTIALS],
                ),
            ),
            models.CheckConstraint(
                name="client_approved_after_request",
                condition=Q(approved_at__isnull=True) | Q(approved_at__gte=F("requested_at")),
            ),
            models.CheckConstraint(
                name="client_ends_after_request",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("requested_at")),
            ),
        ]

    @property
    def is_active(self) -> bool:
        return self.approved_at is not None and self.ended_at is None

    # What Authlib asks of a client (authlib.oauth2.rfc6749.ClientMixin).

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compared as text (RFC 9700, section 2.1)."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(self.secret_hash or "", hash_of(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """BASIC and POST carry the same secret: whoever has one may use either."""
        if method in SHARED_SECRET:
            return self.token_endpoint_auth_method in SHARED_SECRET
        return self.token_endpoint_auth_method == method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type(GrantType.AUTHORIZATION_CODE)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What is granted of the scope that is asked; None: nothing."""
        return granted(scope or self.scope, registered=self.scope) or None
