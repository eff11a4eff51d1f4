from django.urls import path

from salus.access.oauth import views

app_name = "oauth"

urlpatterns = [
    path("oauth/token", views.token, name="token"),
    path("oauth/introspect", views.introspect, name="introspect"),
    path("oauth/revoke", views.revoke, name="revoke"),
    path("oauth/jwks", views.jwks, name="jwks"),
    path(".well-known/oauth-authorization-server", views.authorization_server),
    path(".well-known/openid-configuration", views.openid_configuration),
    path("fhir/.well-known/smart-configuration", views.smart),
]
