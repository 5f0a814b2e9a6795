"""Resources in the library, and files of every kind that somebody might upload, good and hostile."""

import io
import zipfile
from typing import Any

import factory
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject

from partners.filetypes import EXCEL, OFFICE, POWERPOINT, WORD
from partners.models import Resource, ResourceFolder
from partners.services.library import add_version, publish_resource
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.moments import MONDAY

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3"/></svg>'
MAIN_PARTS = {"docx": WORD.main_part, "pptx": POWERPOINT.main_part, "xlsx": EXCEL.main_part}
LINK_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def a_picture(kind: str = "PNG", *, size: tuple[int, int] = (60, 40), colour: str = "#195e3d") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def a_pdf(*, colour: str = "#195e3d", action: str = "", carries: bytes = b"", password: str = "") -> bytes:
    """One page; `action` ("JavaScript", "Launch") is what it does when it is opened."""
    page = io.BytesIO()
    Image.new("RGB", (60, 80), colour).save(page, "PDF")
    if not (action or carries or password):
        return page.getvalue()
    writer, out = PdfWriter(clone_from=page), io.BytesIO()
    if action:
        doing = DictionaryObject({NameObject("/S"): NameObject(f"/{action}")})
        writer.root_object[NameObject("/OpenAction")] = doing
    if carries:
        writer.add_attachment("invoice.exe", carries)
    if password:
        writer.encrypt(password)
    writer.write(out)
    return out.getvalue()


def a_zip(files: dict[str, bytes], *, links: tuple[str, ...] = ()) -> bytes:
    """An archive of those files; those named in `links` are symbolic links."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o120777 if name in links else 0o100644) << 16
            packed.writestr(entry, content)
    return out.getvalue()


def an_office_file(
    ending: str = "docx", *, main_part: str = "", link: tuple[str, str] | None = None, **parts: bytes
) -> bytes:
    """A small Office file; `link` is (type, target) of something outside, `parts` are further files."""
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/main.xml" ContentType="{main_part or MAIN_PARTS[ending]}"/></Types>'
    )
    files = {"[Content_Types].xml": types.encode(), "main.xml": b"<main/>"}
    if link:
        files["_rels/.rels"] = (
            f'<Relationships><Relationship Id="r1" Type="{LINK_TYPE}/{link[0]}" Target="{link[1]}" '
            'TargetMode="External"/></Relationships>'
        ).encode()
    return a_zip(files | {name.replace("__", "/"): content for name, content in parts.items()})


MACRO_PART = f"{OFFICE}wordprocessingml.document.main+xml".replace("main", "macroEnabled.main")


def a_publisher() -> User:
    user: User = UserFactory(roles=[Role.SALES_LEAD])
    return user


class FolderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ResourceFolder

    name = factory.Sequence(lambda n: f"Folder {n}")


def a_resource(*, by: User | None = None, content: bytes = SVG, **facts: Any) -> Resource:
    """A resource that is in the library; SVG unless told, since nothing has to be started to look into it."""
    given: dict[str, Any] = {
        "folder": facts.pop("folder", None) or FolderFactory(),
        "title": "Logo",
        "kind": Resource.Kind.LOGO,
        "file_name": "logo.svg",
        "at": MONDAY,
    }
    return publish_resource(file=io.BytesIO(content), by=by or a_publisher(), **(given | facts))


def next_version(resource: Resource, content: bytes, *, by: User | None = None, **facts: Any) -> Any:
    given: dict[str, Any] = {"file_name": "logo.svg", "changed": "Rounder", "at": MONDAY}
    return add_version(resource=resource, file=io.BytesIO(content), by=by or a_publisher(), **(given | facts))


def another_svg(radius: int) -> bytes:
    return SVG.replace(b'r="3"', f'r="{radius}"'.encode())
