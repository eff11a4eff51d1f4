from django.urls import path

from salus.access import views

app_name = "access"

urlpatterns = [
    path("circle/", views.circle, name="circle"),
    path("circle/declare/", views.declare, name="declare"),
    path("circle/end/", views.end, name="end"),
    path("assistants/", views.assistants, name="assistants"),
    path("assistants/end/", views.end_assistant, name="end_assistant"),
]
