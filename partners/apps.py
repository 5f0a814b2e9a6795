from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from partners import (  # noqa: F401 - they register what is delivered, and what an ending means
            channel_handlers,
            handlers,
            handlers_docusign,
            handlers_endings,
            handlers_library,
            mails,
            partnership_ends,
        )
