"""Markdown that may stand on a public page: what comes through, what doesn't, how long it takes (C7)."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.markdown import MAX_SOURCE, SCROLLS, SourceTooLong, plain, render

TAG = re.compile(r"<[^>]*>")
OURS = re.compile(
    r"</?(?:p|ul|li|blockquote|strong|em|s|code|pre|hr|br|table|thead|tbody|tr|th|td|div|h[234]|a|ol)>"
    r'|<h[234] id="section-[a-z0-9-]+">|<ol start="\d+">'
    r'|<a href="(?:https?://|mailto:|/(?![/\\])|#)[^"<>]*" rel="noopener">|'
    + re.escape(SCROLLS.format(label="Table"))
)

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=https://evil.example></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<div style='position:fixed'>x</div>",
    "<table onclick=alert(1)><tr><td>x</table>",
    "<!-- --><script>alert(1)</script -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;&#x61;vascript:alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](<\x01javascript:alert(1)>)",
    "[x](<java\u200bscript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/)",
    "[x](/\\evil.example/)",
    "[x](\\\\evil.example/)",
    "[x](/%5Cevil.example/)",
    "[x](/%2Fevil.example/)",
    "[x](https:evil.example)",
    "[x](ftp://evil.example/)",
    "[x](http://[::1)",
    '[x](https://ok.example "\\" onmouseover=alert(1) x=\\"")',
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](https://evil.example/pixel.gif)",
    "![x](data:image/png;base64,AAAA)",
    "![<script>alert(1)</script>](/x)",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "# <b id=main onclick=x>heading</b>",
    "## main\n\n## main",
    "```<script>\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "a|b\n-|-\n<script>|[x](javascript:1)",
    "1. x\n{onclick=alert(1)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202ejavascript:alert(1)",
]


@pytest.mark.clause("C7")
@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_but_our_own_elements_comes_out(source: str) -> None:
    html = render(source).html

    assert [tag for tag in TAG.findall(html) if not OURS.fullmatch(tag)] == []


@pytest.mark.clause("C7")
@given(st.text(alphabet=st.sampled_from("<>[]()!`*_#|-:/\\\"'&;=\n ajsx\x00\x01\u200b"), max_size=120))
def test_whatever_somebody_types_only_our_own_elements_come_out(source: str) -> None:
    html = render.__wrapped__(source).html

    assert [tag for tag in TAG.findall(html) if not OURS.fullmatch(tag)] == []


PATHOLOGICAL = {
    "brackets": "[" * MAX_SOURCE,
    "images": "![" * (MAX_SOURCE // 2),
    "links": "[a](" * (MAX_SOURCE // 4),
    "quotes": ">" * MAX_SOURCE,
    "lists": "".join(f"{' ' * 2 * n}- x\n" for n in range(160)),
    "backticks": "".join("`" * n + " " for n in range(1, 240)),
    "emphasis": "*a **b " * (MAX_SOURCE // 7),
    "the same heading": "# a\n" * (MAX_SOURCE // 4),
    "a wide table": "|a" * 700 + "\n" + "|-" * 700 + "\n" + ("|b" * 700 + "\n") * 18,
    "angle brackets": "<" * MAX_SOURCE,
}


@pytest.mark.clause("C7")
@pytest.mark.parametrize("source", PATHOLOGICAL.values(), ids=PATHOLOGICAL)
def test_the_longest_hostile_text_is_rendered_in_a_moment(source: str) -> None:
    begun = time.process_time()

    html = render.__wrapped__(source[:MAX_SOURCE]).html

    assert time.process_time() - begun < 10  # the worst takes one
    assert len(html) < 20 * MAX_SOURCE


@pytest.mark.clause("C7")
@pytest.mark.parametrize("work", [render, plain])
def test_a_text_of_a_megabyte_is_not_even_read(work) -> None:
    begun = time.process_time()

    with pytest.raises(SourceTooLong):
        work("[" * 1_000_000)

    assert time.process_time() - begun < 0.5


def test_headings_begin_below_the_pages_own_and_lead_to_themselves() -> None:
    rendered = render("# Who *feels* it\n\n### Data\n\n# Who feels it")

    assert [(line.id, line.text, line.level) for line in rendered.contents] == [
        ("section-who-feels-it", "Who feels it", 2),
        ("section-data", "Data", 3),
        ("section-who-feels-it--2", "Who feels it", 2),
    ]
    assert '<h2 id="section-who-feels-it">' in rendered.html


def test_a_table_scrolls_in_its_own_region() -> None:
    html = render("a | b\n--|--\n1 | 2").html

    assert html.startswith('<div class="table-scroll" role="region" tabindex="0" aria-label="Table"><table>')


@pytest.mark.parametrize("url", ["https://weaviate.io/", "mailto:a@b.example", "/guides/", "#section-data"])
def test_a_link_that_leads_somewhere_harmless_stays(url: str) -> None:
    assert f'<a href="{url}" rel="noopener">there</a>' in render(f"[there]({url})").html


def test_an_image_is_written_as_its_words() -> None:
    assert render("![a parka](https://evil.example/x.png)").html == "<p>a parka</p>\n"


def test_the_search_gets_words_without_marks() -> None:
    assert plain("# Who\n\n- **feels** `it`\n\n| a | b |\n|---|---|\n| 1 | [two](/x) |\n\ue000") == (
        "Who\nfeels it\na\nb\n1\ntwo"
    )
