from django.urls import path

from salus.shared_record import views

app_name = "shared_record"

urlpatterns = [
    path("documents/", views.documents, name="documents"),
    path("documents/<int:document>/", views.document, name="document"),
    path("documents/<int:document>/original", views.original, name="original"),
    path(
        "people/<int:person>/documents/<int:document>/", views.document, name="document_of_another"
    ),
    path(
        "people/<int:person>/documents/<int:document>/original",
        views.original,
        name="original_of_another",
    ),
    path("record/close/", views.close, name="close"),
    path("record/reopen/", views.reopen, name="reopen"),
]
