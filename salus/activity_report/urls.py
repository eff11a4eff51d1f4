from django.urls import path, re_path

from salus.activity_report import views

app_name = "report"
_MONTH = r"(?P<month>\d{4}-\d{2})"

urlpatterns = [
    path("", views.archive, name="archive"),
    re_path(rf"^{_MONTH}$", views.edition, name="edition"),
    re_path(rf"^{_MONTH}\.(?P<format>pdf|html|csv|json)$", views.file, name="file"),
    re_path(rf"^{_MONTH}/(?P<chart>[a-z_]+)\.vl\.json$", views.chart, name="chart"),
]
