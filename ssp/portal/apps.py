from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "ssp.portal"
    label = "portal"
