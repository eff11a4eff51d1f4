"""What the authorisation server must remember. Codes and refresh tokens are kept as SHA-256, never themselves.

Access tokens are signed and live for minutes: of them only what was revoked is kept, until it would have expired.
"""

from django.conf import settings
from django.db import models

from salus.accounts.models.client import Client


class AuthorizationCode(models.Model):
    """What an account permitted to a client, on its way back to it (RFC 6749, section 4.1)."""

    code_hash = models.TextField(primary_key=True)
    client = models.ForeignKey(Client, models.CASCADE)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    redirect_uri = models.TextField()
    scope = models.TextField()
    nonce = models.TextField(blank=True, default="")  # OpenID Connect Core, section 3.1.2.1
    code_challenge = models.TextField()  # S256, the only method (RFC 7636)
    authenticated_at = models.DateTimeField()
    assurance = models.TextField()  # of the sign-in: salus.kernel.actor.Assurance
    family = models.UUIDField()  # all tokens that come of it carry this
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)  # a second use revokes the family

    def get_redirect_uri(self) -> str:
        """What Authlib asks of a code (authlib.oauth2.rfc6749.AuthorizationCodeMixin)."""
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class RefreshToken(models.Model):
    """Good for one use, which gives the next one of its family (RFC 9700, section 4.14)."""

    token_hash = models.TextField(primary_key=True)
    client = models.ForeignKey(Client, models.CASCADE)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    scope = models.TextField()
    authenticated_at = models.DateTimeField()
    assurance = models.TextField()
    family = models.UUIDField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)  # a second use revokes the family

    def check_client(self, client: Client) -> bool:
        """What Authlib asks of a token (authlib.oauth2.rfc6749.TokenMixin)."""
        return self.client_id == client.pk

    def get_scope(self) -> str:
        return self.scope


class RevokedToken(models.Model):
    """No token with this id holds any more: the ``jti`` of one, or the family of several."""

    id = models.UUIDField(primary_key=True)
    expires_at = models.DateTimeField()  # of the last one that it can concern


class UsedAssertion(models.Model):
    """A client assertion that was accepted; no other with its ``jti`` is (RFC 7523, section 3). Signed messages too."""

    pk = models.CompositePrimaryKey("client_id", "jti")
    client = models.ForeignKey(Client, models.CASCADE)
    jti = models.TextField()
    expires_at = models.DateTimeField()
