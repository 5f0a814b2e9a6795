from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from partners import handlers, handlers_docusign  # noqa: F401 - register what the outbox delivers
