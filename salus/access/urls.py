from django.urls import path

from salus.access.views import apps, authorize, circle, desk, open_id, software

app_name = "access"

urlpatterns = [
    path("circle/", circle.circle, name="circle"),
    path("circle/declare/", circle.declare, name="declare"),
    path("circle/end/", circle.end, name="end"),
    path("assistants/", circle.assistants, name="assistants"),
    path("assistants/end/", circle.end_assistant, name="end_assistant"),
    path("apps/", apps.apps, name="apps"),
    path("apps/end/", apps.end, name="end_app"),
    path("software/", software.ask, name="software"),
    path("software/requests/<str:key>/", software.receipt, name="receipt"),
    path("desk/", desk.desk, name="desk"),
    path("desk/end/", desk.end, name="end_client"),
    path("desk/<int:number>/", desk.decide, name="decide"),
    path("oauth/authorize", authorize.authorize, name="authorize"),
    path("oauth/end-session", open_id.end, name="end_session"),
    path("oauth/userinfo", open_id.userinfo, name="userinfo"),
]
