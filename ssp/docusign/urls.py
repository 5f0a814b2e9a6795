"""What DocuSign calls."""

from django.urls import path

from ssp.docusign import views

app_name = "docusign"
urlpatterns = [path("connect/", views.connect, name="connect")]
