"""Connect: tells the application what happened, in JSON SIM, signed, again and again until it listens."""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from ssp.sandbox.docusign.faults import LATE_SECONDS, Faults
from ssp.sandbox.docusign.store import Callback, Envelope, Store

log = logging.getLogger(__name__)
CONFIGURATION = "10000001"
THE_ACCOUNTS_OWN = ""  # resolved when sending: the application may come back on another port
ENDS = {"completed", "declined", "voided"}
ANSWER_WITHIN = 100
LONGEST_WAIT = 15.0
GIVE_UP_AFTER = 500


class Connect:
    """Queues messages durably and sends them from one background thread, in order of their due time."""

    def __init__(self, store: Store, faults: Faults, *, url: str, hmac_key: str) -> None:
        self._store = store
        self._faults = faults
        self._url = url
        self._hmac_key = hmac_key
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="connect", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def tell(self, event: str, envelope: Envelope, *, moment: str, recipient_id: str = "") -> None:
        """Queue one event for the account's listener, and for the envelope's own if it asked for this one."""
        listeners = [(THE_ACCOUNTS_OWN, True)]
        own = envelope.event_notification
        if own and event in own["events"]:
            listeners.append((own["url"], own["signed"]))
        for url, is_signed in listeners:
            self._queue(
                event, envelope, url=url, is_signed=is_signed, moment=moment, recipient_id=recipient_id
            )

    def nudge(self) -> None:
        """Send what is due; call it after the transaction that queued it."""
        self._wake.set()

    def try_now(self) -> None:
        """Send what waits without waiting longer."""
        self._store.hurry_callbacks(due_at=time.time())
        self.nudge()

    def _queue(
        self, event: str, envelope: Envelope, *, url: str, is_signed: bool, moment: str, recipient_id: str
    ) -> None:
        active = self._faults.active()
        if "callbacks_none" in active:
            return
        data: dict[str, Any] = {
            "accountId": envelope.account_id,
            "userId": envelope.account_id,
            "envelopeId": envelope.envelope_id,
        }
        if recipient_id:
            data["recipientId"] = recipient_id
        body = json.dumps(
            {
                "event": event,
                "apiVersion": "v2.1",
                "uri": f"/restapi/v2.1/accounts/{envelope.account_id}/envelopes/{envelope.envelope_id}",
                "retryCount": 0,
                "configurationId": CONFIGURATION,
                "generatedDateTime": moment,
                "data": data,
            }
        ).encode()
        key = "not-our-key" if "callbacks_forged" in active else self._hmac_key
        due = time.time()
        if "callbacks_late" in active:
            due += LATE_SECONDS
        if "callbacks_reversed" in active and event.rpartition("-")[2] not in ENDS:
            due += LATE_SECONDS
        for _ in range(2 if "callbacks_twice" in active else 1):
            self._store.add_callback(
                envelope_id=envelope.envelope_id,
                event=event,
                url=url,
                body=body,
                signature=sign(body, key) if is_signed else "",
                due_at=due,
            )

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._wake.wait(self._send_due())

    def _send_due(self) -> float:
        """Send what is due and return the seconds until the next. One failure holds back what follows."""
        for callback in self._store.waiting_callbacks():
            wait = callback.due_at - time.time()
            if wait > 0 or self._stopping:
                return max(wait, 0.05)
            outcome = self._send(callback)
            if outcome.startswith("2") or callback.attempts >= GIVE_UP_AFTER:
                self._store.callback_ended(callback, outcome)
                continue
            if outcome in {"400", "401"}:  # understood and refused: kept as refused, and not in others' way
                self._store.callback_ended(callback, outcome)
                continue
            pause = min(0.25 * 2 ** min(callback.attempts, 6), LONGEST_WAIT)
            self._store.callback_failed(callback, due_at=time.time() + pause)
            if not callback.attempts:
                log.info("connect: %s waits for the application (%s)", callback.event, outcome)
            return pause
        return LONGEST_WAIT

    def _send(self, callback: Callback) -> str:
        """Return the HTTP status, or the name of what went wrong."""
        headers = {"Content-Type": "application/json", "User-Agent": "DocuSign-Connect-stand-in"}
        if callback.signature:
            headers["X-DocuSign-Signature-1"] = callback.signature
        request = urllib.request.Request(
            callback.url or self._url, data=callback.body, headers=headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_WITHIN) as answer:
                return str(answer.status)
        except urllib.error.HTTPError as refused:
            return str(refused.code)
        except OSError as unreachable:
            return type(unreachable).__name__


def sign(body: bytes, key: str) -> str:
    """Return X-DocuSign-Signature's value: the base64 HMAC-SHA256 of the raw body, the key taken as text."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
