from salus.accounts.models.account import Account, AccountKind
from salus.accounts.models.client import AuthMethod, Client, GrantType, TlsSubject
from salus.accounts.models.token import (
    AuthorizationCode,
    RefreshToken,
    RevokedToken,
    UsedAssertion,
)

__all__ = [
    "Account",
    "AccountKind",
    "AuthMethod",
    "AuthorizationCode",
    "Client",
    "GrantType",
    "RefreshToken",
    "RevokedToken",
    "TlsSubject",
    "UsedAssertion",
]
