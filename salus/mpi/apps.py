from django.apps import AppConfig


class MpiConfig(AppConfig):
    name = "salus.mpi"
