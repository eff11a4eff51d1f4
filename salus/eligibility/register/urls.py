from django.urls import path

from salus.eligibility.register.views import register

urlpatterns = [path("eligibility/v1/register", register)]
