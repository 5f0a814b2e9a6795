"""Signed papers are judged by what is in them; a hostile ZIP unpacks no more than a PDF may have."""

import io
import zipfile

import pytest

from ssp.core import papers
from ssp.core.papers import PaperRefused, page_picture, read_paper, read_papers
from tests.broken import broken_archives
from tests.factories.moving import a_pdf


def a_zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def names(found: list[papers.Paper]) -> list[str]:
    return sorted(paper.name for paper in found)


def test_pdfs_come_one_by_one_and_in_a_zip_with_folders() -> None:
    packed = a_zip(
        **{"papers/2024/b.pdf": a_pdf("b"), "__MACOSX/papers/._b.pdf": b"x", "papers/.hidden": b"x"}
    )
    found, problems = read_papers([("a.pdf", a_pdf("a")), ("all.zip", packed)])

    assert (names(found), problems) == (["a.pdf", "b.pdf"], [])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"MZ not a pdf", "no PDF, whatever its name says"),
        (b"", "no PDF"),
        (b"%PDF-1.7 and then nothing", "can't be opened"),
        (a_pdf(password="secret"), "locked with a password"),
        (b"%PDF-" + b"0" * papers.MAX_PDF, "larger than 10 MB"),
    ],
)
def test_what_is_no_paper_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(PaperRefused, match=says):
        read_paper("evil.pdf", content)


def test_a_zip_that_would_burst_is_read_no_further_than_a_pdf_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MAX_PDF", 1000)
    bomb = a_zip(**{"bomb.pdf": b"%PDF-" + b"\0" * 50_000_000})
    found, problems = read_papers([("bomb.zip", bomb)])

    assert len(bomb) < 100_000
    assert (found, len(problems), "larger" in problems[0]) == ([], 1, True)


def test_a_parcel_beyond_the_limit_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MAX_PARCEL", len(a_pdf("a")) + 10)
    found, problems = read_papers([("a.pdf", a_pdf("a")), ("b.pdf", a_pdf("b"))])

    assert (found, "at once" in problems[0]) == ([], True)


def test_a_zip_in_a_zip_a_broken_one_and_a_locked_one_are_named() -> None:
    inner = a_zip(**{"a.pdf": a_pdf()})
    found, problems = read_papers(
        [("outer.zip", a_zip(**{"inner.pdf": inner})), ("broken.zip", b"PK\x03\x04 broken")]
    )

    assert found == []
    assert ["inner.pdf is no PDF" in problems[0], "broken.zip is a ZIP that" in problems[1]] == [True, True]


@pytest.mark.parametrize("how", broken_archives(a_zip(**{"a.pdf": a_pdf()})))
def test_a_zip_made_to_break_its_reader_is_named(how: str) -> None:
    content = broken_archives(a_zip(**{"a.pdf": a_pdf()}))[how]

    assert [
        "broken.zip is a ZIP that" in problem for problem in read_papers([("broken.zip", content)])[1]
    ] == [True]


def test_two_different_files_of_one_name_are_both_left_out() -> None:
    found, problems = read_papers([("a.pdf", a_pdf("one")), ("x/A.PDF", a_pdf("two")), ("b.pdf", a_pdf())])

    assert (names(found), "two different files" in problems[0]) == (["b.pdf"], True)


def test_a_path_in_a_name_leads_nowhere() -> None:
    found, _problems = read_papers([("x.zip", a_zip(**{"../../etc/passwd.pdf": a_pdf()}))])

    assert names(found) == ["passwd.pdf"]


def test_a_page_is_drawn_and_one_that_is_not_there_refused() -> None:
    assert page_picture(a_pdf(), 1).startswith(b"\x89PNG")
    for number in (0, 2):
        with pytest.raises(PaperRefused):
            page_picture(a_pdf(), number)
