from django.apps import AppConfig


class CommissionsConfig(AppConfig):
    name = "commissions"

    def ready(self) -> None:
        from commissions import (  # noqa: F401 - they register what is delivered, and what an ending means
            handlers,
            handlers_bank,
            mails,
            partnership_ends,
        )
