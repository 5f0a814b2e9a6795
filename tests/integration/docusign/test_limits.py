"""How long DocuSign's refusals tell us to wait."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from docusign_esign import ApiException

from ssp.core import clock
from ssp.docusign import sdk
from ssp.docusign.client import DocuSignRefused, DocuSignUnavailable, RateLimited


def refusal(status: int, body: bytes, **headers: str) -> ApiException:
    answer: Any = SimpleNamespace(
        status=status,
        reason="",
        data=body,
        getheaders=lambda: headers,
        getheader=lambda name, default=None: headers.get(name, default),
    )
    return ApiException(http_resp=answer)


def test_the_hour_ends_when_docusign_says_so() -> None:
    reset = str(int(clock.wall().timestamp()) + 1200)
    error = refusal(
        400, b'{"errorCode": "HOURLY_APIINVOCATION_LIMIT_EXCEEDED"}', **{"X-RateLimit-Reset": reset}
    )
    limited = sdk._failure(error)

    assert isinstance(limited, RateLimited)
    assert timedelta(seconds=1190) < limited.retry_after <= timedelta(seconds=1200)


@pytest.mark.parametrize(
    ("said", "wait"),
    [("7", 7), ("0", 1), ("-5", 1), ("86400", 3600), ("soon", 900)],
)
def test_no_answer_makes_us_wait_for_nothing_or_for_ever(said: str, wait: int) -> None:
    limited = sdk._failure(refusal(429, b"", **{"Retry-After": said}))

    assert isinstance(limited, RateLimited)
    assert limited.retry_after == timedelta(seconds=wait)


def test_a_burst_is_over_soon() -> None:
    limited = sdk._failure(refusal(400, b'{"errorCode": "BURST_APIINVOCATION_LIMIT_EXCEEDED"}'))

    assert isinstance(limited, RateLimited)
    assert limited.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (0, b""),
        (408, b'{"errorCode": "TIMEOUT"}'),
        (500, b'{"errorCode": "UNSPECIFIED_ERROR", "message": "for ines@marchetti.example"}'),
        (502, b"<html>"),
        (403, b"<html>a proxy's opinion</html>"),
        (400, b"[]"),
        (400, b"null"),
    ],
)
def test_what_docusign_did_not_decide_is_tried_again(status: int, body: bytes) -> None:
    assert type(sdk._failure(refusal(status, body))) is DocuSignUnavailable


def test_an_exception_without_an_answer_is_tried_again() -> None:
    """The SDK raises these for TLS failures; their own text raises."""
    assert type(sdk._failure(ApiException(status=0, reason="SSLError"))) is DocuSignUnavailable


def test_a_refusal_keeps_the_code_and_not_the_message() -> None:
    error = refusal(400, b'{"errorCode": "INVALID_EMAIL", "message": "ines@marchetti.example is invalid"}')
    refused = sdk._failure(error)

    assert isinstance(refused, DocuSignRefused)
    assert str(refused) == "INVALID_EMAIL (400)"
