from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"

    def ready(self) -> None:
        from referrals import (  # noqa: F401 - they register what is delivered, and what an ending means
            handlers,
            mails,
            partnership_ends,
            proposal_handlers,
        )
