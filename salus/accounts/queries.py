"""Reads of accounts."""

from django.db.models import QuerySet

from salus.accounts.models import STAFF, Account


def staff() -> QuerySet[Account]:
    """Accounts of the agency's staff, ended ones too, in the order of their making."""
    return Account.objects.filter(kind__in=STAFF).order_by("created_at", "pk")
