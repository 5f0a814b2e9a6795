from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"

    def ready(self) -> None:
        from referrals import (
            handlers,  # noqa: F401 - registers what the outbox delivers
            partnership_ends,  # noqa: F401 - registers what the end of a partnership means
        )
