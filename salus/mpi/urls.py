from django.urls import path

from salus.mpi import views

app_name = "mpi"

urlpatterns = [path("patients/", views.search_people, name="search")]
