"""The authorisation server, put together: how clients prove who they are, and which grants there are."""

from salus.access.oauth.authorization_code import S256, Code
from salus.access.oauth.client_credentials import ClientCredentials
from salus.access.oauth.refresh_token import Refresh
from salus.accounts.models import AuthMethod
from salus.accounts.oauth import certificates
from salus.accounts.oauth.assertions import authenticate_by_assertion
from salus.accounts.oauth.revocation import Introspection, Revocation
from salus.accounts.oauth.server import Server

GRANTS = (ClientCredentials, Code, Refresh)
_EXTENSIONS = {Code: [S256()]}

server = Server()
server.register_client_auth_method(AuthMethod.PRIVATE_KEY, authenticate_by_assertion)
server.register_client_auth_method(AuthMethod.TLS, certificates.authenticate_by_authority)
server.register_client_auth_method(AuthMethod.SELF_SIGNED_TLS, certificates.authenticate_by_itself)
for grant in GRANTS:
    server.register_grant(grant, _EXTENSIONS.get(grant))
for endpoint in (Introspection, Revocation):
    server.register_endpoint(endpoint)
