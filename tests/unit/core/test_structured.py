"""The data block that search engines read: nothing in it can end it."""

import json

import pytest

from ssp.core.templatetags.structured import structured_data

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "&lt;/script&gt; &amp; \u2028\u2029",
    'a "quoted" \\ name',
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_can_leave_the_block(name: str) -> None:
    written = structured_data({"name": name})
    inside = written.removeprefix('<script type="application/ld+json">').removesuffix("</script>")

    assert not set("<>&") & set(inside)
    assert json.loads(inside) == {"name": name}
