from django.apps import AppConfig


class ActivityReportConfig(AppConfig):
    name = "salus.activity_report"
