from django.urls import path

from salus.directory import downloads, views

app_name = "directory"

urlpatterns = [
    path("", views.search, name="search"),
    path("professionals/<int:practitioner>/", views.professional, name="professional"),
    path("professionals/<int:practitioner>.vcf", views.professional_card, name="professional-card"),
    path("organizations/<int:organization>/", views.organization, name="organization"),
    path("organizations/<int:organization>.vcf", views.organization_card, name="organization-card"),
    path("files/", downloads.files, name="files"),
    path("files/keys.json", downloads.keys, name="keys"),
    path("files/<str:edition>/<str:name>", downloads.file, name="file"),
    path("places/<int:location>/", views.place, name="place"),
]
