from django.apps import AppConfig


class VaccinationConfig(AppConfig):
    name = "salus.vaccination"
