from django.urls import path

from salus.directory.desk import views

app_name = "registrars"

ENTRY = "entries/<str:kind>/<int:entry>/"

urlpatterns = [
    path("", views.queue, name="queue"),
    path("upload/", views.upload, name="upload"),
    path("duplicates/", views.duplicates, name="duplicates"),
    path("endpoints/", views.endpoints, name="endpoints"),
    path("sets/<int:number>/", views.change_set, name="set"),
    path("entries/", views.search, name="search"),
    path(ENTRY, views.entry, name="entry"),
    path(ENTRY + "suspend/", views.suspend, name="suspend"),
    path(ENTRY + "resume/", views.resume, name="resume"),
    path(ENTRY + "leave/", views.leave, name="leave"),
    path(ENTRY + "rename/", views.rename, name="rename"),
    path(ENTRY + "join/", views.join, name="join"),
    path(ENTRY + "part/", views.part, name="part"),
    path(ENTRY + "succeed/", views.succeed, name="succeed"),
]
