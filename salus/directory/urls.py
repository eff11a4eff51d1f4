from django.urls import path

from salus.directory import views

app_name = "directory"

urlpatterns = [
    path("", views.search, name="search"),
    path("professionals/<int:practitioner>/", views.professional, name="professional"),
    path("organizations/<int:organization>/", views.organization, name="organization"),
]
