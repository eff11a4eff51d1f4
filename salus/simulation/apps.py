from django.apps import AppConfig


class SimulationConfig(AppConfig):
    name = "salus.simulation"
