from django.apps import AppConfig


class CommissionsConfig(AppConfig):
    name = "commissions"

    def ready(self) -> None:
        from commissions import (  # noqa: F401 - they register what is delivered, and what an ending means
            election_handlers,
            handlers,
            handlers_bank,
            handlers_openings,
            handlers_statements,
            mails,
            partnership_ends,
        )
        from commissions.finance import needs_answers  # noqa: F401 - what waits for finance, too
