from django.urls import path

from salus.portal.views import home, patient, site

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("who-looked/", patient.who_looked, name="who_looked"),
    path("settings/", patient.settings, name="settings"),
    path("people/<int:person>/", patient.record_of_another, name="record"),
    path("preferences/", site.preferences, name="preferences"),
    path("account/help/", site.account_help, name="account_help"),
    path("about/", site.about, name="about"),
    path("status", site.status, name="status"),
    path("status/log-head.json", site.log_head, name="log_head"),
    path("design", site.design, name="design"),
]
