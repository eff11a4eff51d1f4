from django.urls import path, re_path

from salus.activity_report.opendata import views

urlpatterns = [
    path("schema.json", views.schema, name="schema"),
    path("structure.json", views.structure, name="structure"),
    path("catalog.jsonld", views.catalog, name="catalog"),
    re_path(
        r"^(?P<month>\d{4}-\d{2})(?:/r(?P<revision>\d+))?\.csv-metadata\.json$",
        views.csv_metadata,
        name="csv_metadata",
    ),
]
