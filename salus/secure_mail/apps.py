from django.apps import AppConfig


class SecureMailConfig(AppConfig):
    name = "salus.secure_mail"
