"""Accounts (Compte eSanté). An account knows an opaque subject only; `access` binds it to its owner."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q


class AccountKind(models.TextChoices):
    PATIENT = "patient"
    PROFESSIONAL = "professional"
    AGENCY = "agency"  # staff who decide about software
    STEWARD = "steward"  # staff who judge whether two in the patient index are one
    REGISTRAR = "registrar"  # staff who keep the provider directory


# Of the agency: bound to nobody.
STAFF = (AccountKind.AGENCY, AccountKind.STEWARD, AccountKind.REGISTRAR)


class AccountManager(BaseUserManager["Account"]):
    pass


class Account(AbstractBaseUser):
    """Made inactive for every insured person; counts once its owner has activated it.

    Only activated accounts have an e-mail address and a password.
    """

    subject = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)  # OIDC sub
    kind = models.TextField(choices=AccountKind)
    email = models.EmailField(unique=True, null=True)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = AccountManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(name="account_kind", condition=Q(kind__in=AccountKind.values)),
            models.CheckConstraint(
                name="account_activated_after_creation",
                condition=Q(activated_at__isnull=True) | Q(activated_at__gte=F("created_at")),
            ),
            models.CheckConstraint(
                name="account_deleted_after_creation",
                condition=Q(deleted_at__isnull=True) | Q(deleted_at__gte=F("created_at")),
            ),
        ]

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django reads it as an attribute
        return self.activated_at is not None and self.deleted_at is None
