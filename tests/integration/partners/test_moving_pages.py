"""The pages on which partners move in, the paper beside its numbers, and the command that does the same."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from partners.admin.moving_in import SAMPLE
from partners.models import Contract, ContractStatus, MoveIn, Partner, ProgramTerms
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.moving import a_file, a_pdf, a_row, attest, moved_in, stored_files, uploaded
from tests.factories.partners import ContractFactory, DirectorFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("terms", "at_monday")]
SignIn = Callable[[User], Client]


def url(name: str, *args: object) -> str:
    return reverse(f"admin:partners_{name}", args=args)


def text_of(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def hand_in(client: Client, content: bytes, *papers: tuple[str, bytes]) -> object:
    return client.post(
        url("movein_add"),
        {
            "file": SimpleUploadedFile("partners.csv", content),
            "papers": [SimpleUploadedFile(name, pdf) for name, pdf in papers],
        },
        follow=True,
    )


@pytest.mark.clause("C6")
def test_a_file_goes_from_the_upload_over_the_preview_to_the_attestations(sign_in: SignIn) -> None:
    client = sign_in(UserFactory(roles=[Role.ADMINISTRATOR]))
    page = text_of(
        hand_in(client, a_file(a_row(), a_row("Ben Vos")), ("ada.pdf", a_pdf("a")), ("ben.pdf", a_pdf("b")))
    )
    assert ("2 new, 0 already there" in page, Partner.objects.count()) == (True, 0)
    move_in = MoveIn.objects.get()
    shown = page.split('name="shown" value="')[1].split('"')[0]

    done = text_of(client.post(url("movein_commit", move_in.pk), {"shown": shown}, follow=True))

    assert "2 partners moved in and wait for two directors" in done
    again = text_of(client.post(url("movein_commit", move_in.pk), {"shown": shown}, follow=True))
    assert ("applied already" in again, Partner.objects.count()) == (True, 2)


def test_a_zip_of_pdfs_and_missing_ones_later(sign_in: SignIn) -> None:
    client = sign_in(DirectorFactory())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        zipped.writestr("papers/ada.pdf", a_pdf("a"))
    page = text_of(hand_in(client, a_file(a_row(), a_row("Ben Vos")), ("all.zip", packed.getvalue())))
    assert "ben.pdf isn&#x27;t among the files" in page

    move_in = MoveIn.objects.get()
    later = {"papers": SimpleUploadedFile("ben.pdf", a_pdf("b"))}
    assert "2 new" in text_of(client.post(url("movein_papers", move_in.pk), later, follow=True))


def test_a_hostile_pdf_is_named_and_kept_out(sign_in: SignIn) -> None:
    page = text_of(
        hand_in(sign_in(DirectorFactory()), a_file(a_row()), ("ada.pdf", b"<script>alert(1)</script>"))
    )

    assert ("da.pdf is no PDF" in page, stored_files()) == (True, [])


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"PK\x03\x04 no table", b"email\n"])
def test_a_file_that_is_no_table_says_so(sign_in: SignIn, content: bytes) -> None:
    page = text_of(hand_in(sign_in(DirectorFactory()), content))

    assert ("errorlist" in page, MoveIn.objects.count()) == (True, 0)


def test_columns_that_nobody_knows_are_asked_for(sign_in: SignIn) -> None:
    client = sign_in(DirectorFactory())
    content = a_file(a_row()).replace(b"signed_on", b"Ink dried")
    page = text_of(hand_in(client, content, ("ada.pdf", a_pdf())))
    assert ("Which column is which?" in page, "Ink dried" in page) == (True, True)

    move_in = MoveIn.objects.get()
    answer = client.post(
        url("movein_columns", move_in.pk), {**move_in.mapping, "signed_on": "ink_dried"}, follow=True
    )
    assert "1 new" in text_of(answer)


def test_a_cell_is_shown_as_text(sign_in: SignIn) -> None:
    client = sign_in(DirectorFactory())
    move_in = uploaded(a_row("<b>Ada</b>", email="ada@paper.example", pdf="ada.pdf"))

    assert "&lt;b&gt;Ada&lt;/b&gt;" in text_of(client.get(url("movein_change", move_in.pk)))


@pytest.mark.clause("C6")
def test_looking_changes_nothing(sign_in: SignIn) -> None:
    client = sign_in(DirectorFactory())
    move_in = uploaded(a_row())
    for name in ("commit", "discard", "take_back", "again", "papers"):
        assert client.get(url(f"movein_{name}", move_in.pk)).status_code in (200, 302)

    move_in.refresh_from_db()
    assert (move_in.committed_at, Partner.objects.count()) == (None, 0)


@pytest.mark.clause("C6")
@pytest.mark.parametrize("role", [Role.SALES, Role.SALES_LEAD, Role.FINANCE])
def test_other_roles_find_no_door(sign_in: SignIn, role: Role) -> None:
    move_in = moved_in(a_row())
    row = move_in.rows.get()
    client = sign_in(UserFactory(roles=[role], is_superuser=True))
    addresses = [
        url("movein_changelist"),
        url("movein_add"),
        url("movein_change", move_in.pk),
        url("movein_sample"),
        url("movein_pdf", row.paper.pk),
        url("paper_page", row.contract.pk, 1),
        *(url(f"movein_{name}", move_in.pk) for name in ("columns", "papers", "commit", "discard")),
        *(url(f"movein_{name}", move_in.pk) for name in ("take_back", "again")),
        *(url(f"paper_{name}", row.contract.pk) for name in ("correct", "back")),
    ]

    assert {client.get(each).status_code for each in addresses} == {403}
    assert {client.post(each).status_code for each in addresses} == {403}


@pytest.mark.clause("C6")
def test_an_administrator_sees_no_paper_page_and_corrects_nothing(sign_in: SignIn) -> None:
    contract = moved_in(a_row()).rows.get().contract
    client = sign_in(UserFactory(roles=[Role.ADMINISTRATOR]))

    for address in (
        url("paper_page", contract.pk, 1),
        url("paper_correct", contract.pk),
        url("paper_back", contract.pk),
    ):
        assert client.get(address).status_code == 403


@pytest.mark.clause("C6")
def test_a_director_sees_the_paper_beside_the_numbers_and_attests(sign_in: SignIn) -> None:
    contract = moved_in(a_row()).rows.get().contract
    attest(contract)
    client = sign_in(DirectorFactory())
    address = url("contract_review", contract.pk)
    page = text_of(client.get(address))
    assert ("those of this signed paper" in page, "Open the contract by itself (PDF)" in page) == (
        True,
        False,
    )
    picture = client.get(url("paper_page", contract.pk, 1))
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert client.get(url("paper_page", contract.pk, 2)).status_code == 404

    done = text_of(client.post(address, {"decision": "approved", "version": 1, "reason": ""}, follow=True))

    assert "counts from its day" in done
    assert Partner.objects.get().started_at is not None


@pytest.mark.clause("C6")
def test_a_contract_from_an_application_has_no_paper_pages(sign_in: SignIn) -> None:
    contract = ContractFactory()
    client = sign_in(DirectorFactory())

    for name in ("paper_correct", "paper_back"):
        assert client.get(url(name, contract.pk)).status_code == 404
    assert "Open the contract by itself (PDF)" in text_of(client.get(url("contract_review", contract.pk)))


@pytest.mark.clause("C6")
def test_a_paper_is_corrected_and_taken_back_on_its_pages(sign_in: SignIn) -> None:
    contract = moved_in(a_row()).rows.get().contract
    client = sign_in(DirectorFactory())
    numbers = {name: str(value) for name, value in contract.numbers.items()}
    said = {**numbers, "paper_signed_on": "2024-03-13", "paper_slot": "", "version": 1}
    page = text_of(client.post(url("paper_correct", contract.pk), said, follow=True))
    assert "A new version waits" in page

    stale = text_of(client.post(url("paper_back", contract.pk), {"reason": "Not ours", "version": 1}))
    assert "changed while you were reading" in stale
    client.post(url("paper_back", contract.pk), {"reason": "Not ours", "version": 2})

    contract.refresh_from_db()
    assert (contract.status, str(contract.paper_signed_on)) == (ContractStatus.CLOSED, "2024-03-13")


def test_a_file_is_taken_back_on_its_page(sign_in: SignIn) -> None:
    move_in = moved_in(a_row())
    client = sign_in(UserFactory(roles=[Role.ADMINISTRATOR]))
    page = text_of(client.post(url("movein_take_back", move_in.pk), follow=True))

    assert ("taken back" in page, Contract.objects.get().status) == (True, ContractStatus.CLOSED)


def test_the_sample_can_be_moved_in(sign_in: SignIn) -> None:
    client = sign_in(DirectorFactory())
    sample = client.get(url("movein_sample")).content
    names = [line.rsplit(",", 1)[1] for line in sample.decode().splitlines()[1:]]
    page = text_of(hand_in(client, sample, *((name, a_pdf(name)) for name in names)))

    assert "3 new, 0 already there, 0 refused" in page


# --- the command ------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "partners.csv").write_bytes(a_file(a_row()))
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "ada.pdf").write_bytes(a_pdf())
    return tmp_path


def command(folder: Path, *options: str) -> str:
    out = io.StringIO()
    call_command(
        "import_partners", folder / "partners.csv", "--pdfs", folder / "papers", *options, stdout=out
    )
    return out.getvalue()


@pytest.mark.clause("C6")
def test_the_command_says_what_would_happen_and_leaves_nothing(folder: Path) -> None:
    said = command(folder)

    assert ("row 2: New: ada@paper.example A partner" in said, "dry run" in said) == (True, True)
    assert (MoveIn.objects.count(), stored_files()) == (0, [])


@pytest.mark.clause("C6")
def test_the_command_moves_in_and_a_second_time_nobody(folder: Path, terms: ProgramTerms) -> None:
    assert "Moved in: 1 new" in command(folder, "--commit")
    with pytest.raises(CommandError, match="every row of this file is there already"):
        command(folder, "--commit")

    assert Contract.objects.get().status == ContractStatus.IN_REVIEW


def test_the_command_refuses_what_the_page_refuses(folder: Path) -> None:
    (folder / "partners.csv").write_bytes(a_file(a_row(country="Nowhere")))
    with pytest.raises(CommandError, match="put the rows above right"):
        command(folder, "--commit")
    with pytest.raises(CommandError, match="No such"):
        call_command("import_partners", folder / "partners.csv", "--pdfs", folder / "nowhere")


def test_the_sample_is_complete() -> None:
    assert SAMPLE.read_text().count("\n") == 4
