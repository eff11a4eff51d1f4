from django.apps import AppConfig


class FileShareConfig(AppConfig):
    name = "salus.file_share"
