from django.urls import path

from salus.eligibility.soap.views import soap

urlpatterns = [path("eligibility/soap", soap, name="eligibility-soap")]
