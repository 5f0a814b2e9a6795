"""Another key: what is encrypted at rest is written anew with FIELD_ENCRYPTION_KEY, row by row."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from commissions.models import BankDetails, PaymentFile
from commissions.models.bank import FILE, NUMBER
from partners.models import Channel
from partners.models.channels import LINK
from ssp.core.sealing import reseal


def reseal_everything() -> dict[str, int]:
    """Write every account number, payment file, invitation link and TOTP secret with the present key.

    It may run twice and may be stopped at any row. Return how many of each there are.
    """
    return {
        "bank details": _each(BankDetails.objects.all(), "sealed_number", lambda text: reseal(NUMBER, text)),
        "payment files": _each(PaymentFile.objects.all(), "sealed_content", lambda text: reseal(FILE, text)),
        "invitation links": _each(Channel.objects.all(), "sealed_link", lambda text: reseal(LINK, text)),
        "second factors": _each(Authenticator.objects.filter(type="totp"), "data", _reseal_secret),
    }


def _reseal_secret(data: dict[str, Any]) -> dict[str, Any]:
    adapter = get_adapter()
    return data | {"secret": adapter.encrypt(adapter.decrypt(data["secret"]))}


def _each(rows: QuerySet[Any], column: str, anew: Callable[[Any], Any]) -> int:
    count = 0
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():  # whoever changes the row at this moment comes before or after
            value = rows.select_for_update().values_list(column, flat=True).get(pk=pk)
            rows.filter(pk=pk).update(**{column: anew(value)})
        count += 1
    return count
