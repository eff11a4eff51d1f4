from django.urls import path

from salus.access.oauth import views

app_name = "oauth"

urlpatterns = [
    path("oauth/token", views.token, name="token"),
]
