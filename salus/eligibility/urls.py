from django.urls import path

from salus.eligibility.views import callers, counter, desk, own

app_name = "eligibility"

urlpatterns = [
    path("counter/", counter.counters, name="counters"),
    path("counter/<int:organization>/", counter.insurance, name="insurance"),
    path("counter/<int:organization>/prescribing/", counter.prescribing, name="prescribing"),
    path("counter/<int:organization>/look-up/", counter.look_up, name="look_up"),
    path("mine/", own.own, name="own"),
    path("callers/", callers.callers, name="callers"),
    path("desk/", desk.desk, name="desk"),
    path("desk/<int:organization>/", desk.of_organization, name="of_organization"),
]
