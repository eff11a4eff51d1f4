"""Sign-in by django-allauth: exactly the views that we offer, each with its rule.

No sign-up (accounts are made by the registers) and no password reset by mail: activation comes as a service of its own.
"""

from allauth.account import views as account
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import path

from salus.kernel.page import public, signed_in

KEY = "account/security/passkeys/<int:pk>/"

urlpatterns = [
    path("sign-in/", public(account.login), name="account_login"),
    path("sign-in/passkey/", public(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("sign-in/second-step/", public(second_step.authenticate), name="mfa_authenticate"),
    path("sign-in/inactive/", public(account.account_inactive), name="account_inactive"),
    path("sign-out/", public(account.logout), name="account_logout"),
    path("account/password/", signed_in(account.password_change), name="account_change_password"),
    path("account/again/", signed_in(account.reauthenticate), name="account_reauthenticate"),
    path("account/again/code/", signed_in(second_step.reauthenticate), name="mfa_reauthenticate"),
    path(
        "account/again/passkey/",
        signed_in(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/security/", signed_in(second_step.index), name="mfa_index"),
    path("account/security/app/", signed_in(totp.activate_totp), name="mfa_activate_totp"),
    path(
        "account/security/app/remove/",
        signed_in(totp.deactivate_totp),
        name="mfa_deactivate_totp",
    ),
    path(
        "account/security/codes/",
        signed_in(recovery.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/security/codes/new/",
        signed_in(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/security/codes/download/",
        signed_in(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path(
        "account/security/passkeys/",
        signed_in(passkeys.list_webauthn),
        name="mfa_list_webauthn",
    ),
    path(
        "account/security/passkeys/add/", signed_in(passkeys.add_webauthn), name="mfa_add_webauthn"
    ),
    path(KEY + "remove/", signed_in(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path(KEY + "edit/", signed_in(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
]
