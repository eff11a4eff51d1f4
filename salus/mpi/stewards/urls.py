from django.urls import path

from salus.mpi.stewards import views

app_name = "stewards"

urlpatterns = [
    path("", views.queue, name="queue"),
    path("pairs/<int:number>/", views.pair, name="pair"),
    path("links/<int:number>/", views.link, name="link"),
    path("links/<int:number>/filed/<slug:kind>/<int:filed>/", views.give, name="give"),
    path("history/", views.history, name="history"),
    path("quality/", views.quality, name="quality"),
    path("search/", views.search, name="search"),
    path("search/choose/", views.choose, name="choose"),
    path("search/compare/", views.compare, name="compare"),
]
