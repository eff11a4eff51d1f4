from django.urls import path

from salus.vaccination import views

app_name = "vaccination"

urlpatterns = [
    path("vaccinations/", views.card, name="card"),
    path("vaccinations/consent/", views.consent, name="consent"),
    path("people/<int:person>/vaccinations/open/", views.open_record, name="open"),
    path("people/<int:person>/vaccinations/new/", views.new, name="new"),
]
