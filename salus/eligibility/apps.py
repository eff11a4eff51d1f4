from django.apps import AppConfig


class EligibilityConfig(AppConfig):
    name = "salus.eligibility"
