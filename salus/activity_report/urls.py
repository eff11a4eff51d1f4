from django.urls import include, path, re_path

from salus.activity_report import views

app_name = "report"
# A month alone is its newest revision.
_EDITION = r"(?P<month>\d{4}-\d{2})(?:/r(?P<revision>\d+))?"

urlpatterns = [
    path("", views.archive, name="archive"),
    path("calendar", views.calendar, name="calendar"),
    path("calendar.ics", views.calendar_feed, name="calendar_feed"),
    path("revisions", views.revisions, name="revisions"),
    path("keys.json", views.keys, name="keys"),
    path("", include("salus.activity_report.opendata.urls")),
    path("indicators/<str:name>", views.indicator, name="indicator"),
    re_path(rf"^{_EDITION}$", views.edition, name="edition"),
    re_path(rf"^{_EDITION}/(?P<chart>[a-z_]+)\.vl\.json$", views.chart, name="chart"),
    re_path(
        rf"^{_EDITION}(?:\.(?P<spoken>[a-z]{{2}}))?\.(?P<suffix>[a-z.-]+)$", views.file, name="file"
    ),
]
