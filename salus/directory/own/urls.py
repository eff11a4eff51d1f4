from django.urls import path

from salus.directory.own import views

app_name = "own"

urlpatterns = [
    path("", views.entry, name="entry"),
    path("confirm/", views.confirm, name="confirm"),
    path("withdraw/", views.withdraw, name="withdraw"),
    path("<str:kind>/<int:entry>/<str:field>/", views.correct, name="correct"),
]
