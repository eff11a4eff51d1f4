from django.urls import path

from salus.portal.views import event_log, home, patient, site

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("who-looked/", patient.who_looked, name="who_looked"),
    path("who-looked/<int:event>/proof.json", event_log.proof, name="proof"),
    path("verify/", event_log.verify, name="verify"),
    path("verify/head.json", event_log.head, name="log_head"),
    path("verify/<int:first>-<int:second>.json", event_log.consistency, name="log_consistency"),
    path("settings/", patient.settings, name="settings"),
    path("people/<int:person>/", patient.record_of_another, name="record"),
    path("preferences/", site.preferences, name="preferences"),
    path("account/help/", site.account_help, name="account_help"),
    path("about/", site.about, name="about"),
    path("status", site.status, name="status"),
    path("design", site.design, name="design"),
]
