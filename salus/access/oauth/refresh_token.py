"""An app goes on: each refresh token is good for one use (RFC 9700, section 4.14.2)."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from django.db import transaction

from salus.access.actions.apps import end_family
from salus.access.models import AppAuthorization
from salus.access.oauth.grant import Grant
from salus.access.oauth.of_users import acting, tokens_for
from salus.access.oauth.queries import authorization_in_force
from salus.accounts.models import Account, RefreshToken
from salus.accounts.models.client import hash_of
from salus.kernel.actor import Actor
from salus.kernel.clock import now

# The answer to a refresh can be lost on its way: the app may ask once more with the same token, as long as nobody
# has used the one of the lost answer, which holds no more from then on (ADR 0017).
GRACE = timedelta(seconds=30)


class Refresh(Grant, RefreshTokenGrant):  # type: ignore[misc]  # Authlib has no types
    INCLUDE_NEW_REFRESH_TOKEN: ClassVar[bool] = True
    authorization: AppAuthorization

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        at = now()
        mine = RefreshToken.objects.filter(client=self.request.client, expires_at__gt=at)
        found = mine.filter(token_hash=hash_of(refresh_token)).select_related("account").first()
        authorization = found and authorization_in_force(
            account=found.account_id, family=found.family, at=at
        )
        if not authorization:
            return None
        self.authorization = authorization
        return found

    def authenticate_user(self, refresh_token: RefreshToken) -> Account:
        return refresh_token.account

    def issue_token(self, user: Account, refresh_token: RefreshToken) -> dict[str, Any]:
        """Takes the token in the transaction that makes the next one: of two at once one comes second."""
        at = now()
        with transaction.atomic():
            family = RefreshToken.objects.filter(family=refresh_token.family).select_for_update()
            rows = list(family.order_by("issued_at"))
            taken = next(row for row in rows if row.pk == refresh_token.pk)
            later = rows[rows.index(taken) + 1 :]
            if taken.used_at is None or _is_lost(taken, later, at):
                RefreshToken.objects.filter(pk=taken.pk).update(used_at=taken.used_at or at)
                unheard = RefreshToken.objects.filter(pk__in=[row.pk for row in later])
                unheard.update(
                    used_at=at - GRACE
                )  # whoever comes with it has what was not meant for them
                return tokens_for(
                    self.request,
                    credential=refresh_token,
                    authorization=self.authorization,
                    scope=self.request.payload.scope or refresh_token.scope,
                    at=at,
                )
        end_family(account=refresh_token.account_id, family=refresh_token.family, at=at)
        raise InvalidGrantError("the refresh token was used before")

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """Done with the issue of the next one."""

    def actor(self) -> Actor:
        token = self.request.refresh_token
        return acting(token, self.request.client, token.scope, at=now())


def _is_lost(taken: RefreshToken, later: list[RefreshToken], at: datetime) -> bool:
    """Whether the app may not have heard the answer to the first use."""
    just_now = taken.used_at is not None and at < taken.used_at + GRACE
    return just_now and not any(row.used_at for row in later)
