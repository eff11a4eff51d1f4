from django.apps import AppConfig


class SharedRecordConfig(AppConfig):
    name = "salus.shared_record"
