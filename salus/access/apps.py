from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "salus.access"
