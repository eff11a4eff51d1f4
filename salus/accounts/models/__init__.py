from salus.accounts.models.account import STAFF, Account, AccountKind
from salus.accounts.models.client import AuthMethod, Client, GrantType, TlsSubject
from salus.accounts.models.subscription import Subscription
from salus.accounts.models.token import (
    AuthorizationCode,
    RefreshToken,
    RevokedToken,
    UsedAssertion,
)

__all__ = [
    "STAFF",
    "Account",
    "AccountKind",
    "AuthMethod",
    "AuthorizationCode",
    "Client",
    "GrantType",
    "RefreshToken",
    "RevokedToken",
    "Subscription",
    "TlsSubject",
    "UsedAssertion",
]
