"""The service of tests/fhir_edge.py for a real web server, over the database of SALUS_DATA."""

from django.conf import settings

from config.wsgi import application as application  # what granian looks for

settings.ROOT_URLCONF = "tests.fhir_edge"
