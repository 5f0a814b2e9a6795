"""The application's door to DocuSign."""

from django.apps import AppConfig


class DocuSignConfig(AppConfig):
    name = "ssp.docusign"
    label = "docusign"
    verbose_name = "DocuSign"
