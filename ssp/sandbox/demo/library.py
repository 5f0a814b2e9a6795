"""The resource library of the story (C13): real files, drawn and set when the demo is told."""

import io
import zipfile
from collections.abc import Iterable

import typst
from PIL import Image, ImageDraw

from partners.filetypes import WORD
from partners.models import Partner, Resource, ResourceFolder, ResourceVersion
from partners.services.library import add_version, count_download, publish_resource
from partners.services.previews import make_preview
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar

INK, PAPER, GREEN = "#182520", "#fdfcfa", "#195e3d"
SCHEMAS = "http://schemas.openxmlformats.org"
LINKS = "application/vnd.openxmlformats-package.relationships+xml"
CONTENT_TYPES = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="{SCHEMAS}/package/2006/content-types">
<Default Extension="rels" ContentType="{LINKS}"/>
<Override PartName="/word/document.xml" ContentType="{WORD.main_part}"/>
</Types>"""
RELATIONS = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="{SCHEMAS}/package/2006/relationships"><Relationship Id="r1"
Type="{SCHEMAS}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>
</Relationships>"""
DOCUMENT = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>"""
LETTER = (
    "Hello …,",
    "I would like you to meet the team behind Weaviate. You told me about …, and they have built it.",
    "May I pass on your name and your work address, so that they can propose a first meeting by video?",
)


def mark(*, size: int, ink: str, paper: str | None) -> Image.Image:
    """Draw two circles that meet: the introduction is the part they share."""
    fine = size * 3
    picture = Image.new("RGBA", (fine * 2, fine), paper or (0, 0, 0, 0))
    left = Image.new("L", picture.size, 0)
    right = left.copy()
    edge, across, step = fine // 8, fine * 3 // 4, fine * 15 // 32
    middle = fine - (across + step) // 2
    ImageDraw.Draw(left).ellipse((middle, edge, middle + across, edge + across), fill=255)
    ImageDraw.Draw(right).ellipse((middle + step, edge, middle + step + across, edge + across), fill=255)
    shared = Image.composite(left, Image.new("L", picture.size, 0), right)
    picture.paste(GREEN, mask=shared)
    pen = ImageDraw.Draw(picture)
    for start in (middle, middle + step):
        pen.ellipse((start, edge, start + across, edge + across), outline=ink, width=fine // 28)
    return picture.resize((size * 2, size), Image.Resampling.LANCZOS)


def logo(*, ink: str, paper: str | None) -> bytes:
    out = io.BytesIO()
    mark(size=400, ink=ink, paper=paper).save(out, "PNG", optimize=True)
    return out.getvalue()


def drawing(ink: str) -> bytes:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 80" fill="none" '
        f'stroke="{ink}" stroke-width="3"><circle cx="64" cy="40" r="30"/>'
        '<circle cx="98" cy="40" r="30"/></svg>'
    ).encode()


def pages(source: str) -> bytes:
    """Set a document with typst; the same bytes for the same words."""
    pdf: bytes = typst.compile(source.encode(), format="pdf", ignore_system_fonts=True, timestamp=0)
    return pdf


def deck(*slides: tuple[str, str]) -> bytes:
    look = f'#set page(width: 25.4cm, height: 14.29cm, margin: 2cm, fill: rgb("{PAPER}"))\n'
    look += f'#set text(font: "New Computer Modern", size: 22pt, fill: rgb("{INK}"))\n'
    look += f'#set align(horizon)\n#set page(footer: line(length: 100%, stroke: 2pt + rgb("{GREEN}")))\n'
    return pages(look + "\n#pagebreak()\n".join(f"#text(34pt, weight: 600)[{a}]\n\n{b}" for a, b in slides))


def one_pager() -> bytes:
    return pages(
        '#set page("a4", margin: 2.4cm)\n#set text(font: "New Computer Modern", size: 11.5pt)\n'
        "#text(24pt, weight: 600)[What people mean, not what they type]\n\n"
        "A vector database finds what is similar in meaning: products by description, cases like this one, "
        "the paragraph in 4,000 pages of manuals.\n\n"
        "#text(15pt, weight: 600)[Three questions that open a conversation]\n\n"
        "+ What do people search for and don't find?\n"
        "+ Who feels it, and what does an hour of searching cost?\n"
        "+ Which texts, pictures or tables hold the answer?\n"
    )


def letter() -> bytes:
    """Write a Word file of three paragraphs."""
    text = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in LETTER)
    return archive(
        {
            "[Content_Types].xml": CONTENT_TYPES.encode(),
            "_rels/.rels": RELATIONS.encode(),
            "word/document.xml": DOCUMENT.format(text).encode(),
        }
    )


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def fill_library(when: Calendar, *, by: User, readers: Iterable[Partner]) -> None:
    """Put five resources into three folders, one of them in two versions, and let partners fetch some."""
    names = ("Logos", "Slides and one-pagers", "Templates")
    logos, papers, templates = (
        ResourceFolder.objects.create(name=name, position=(number + 1) * 10)
        for number, name in enumerate(names)
    )
    opened = when.at(4, 3, 9)

    def publish(
        folder: ResourceFolder, name: str, content: bytes, kind: str, title: str, words: str
    ) -> Resource:
        return publish_resource(
            folder=folder,
            title=title,
            description=words,
            kind=kind,
            file=io.BytesIO(content),
            file_name=name,
            by=by,
            at=opened,
        )

    kinds = Resource.Kind
    light = publish(
        logos,
        "semi-logo.png",
        logo(ink=INK, paper=None),
        kinds.LOGO,
        "Logo, for light backgrounds",
        "Transparent. Leave half its height free on every side.",
    )
    publish(
        logos,
        "semi-logos.zip",
        archive(
            {
                "semi-logo-light.svg": drawing(INK),
                "semi-logo-dark.svg": drawing(PAPER),
                "semi-logo-dark.png": logo(ink=PAPER, paper=INK),
            }
        ),
        kinds.LOGO,
        "All logos in one archive",
        "SVG for print, PNG for slides, for light and dark.",
    )
    slides = publish(
        papers,
        "introduction-deck.pdf",
        deck(
            ("What Weaviate does", "Finds what people mean."), ("How we work", "One meeting, one use case.")
        ),
        kinds.SLIDES,
        "Introduction deck",
        "Ten minutes before a first meeting; the second slide is the agenda.",
    )
    publish(
        papers,
        "one-pager-search.pdf",
        one_pager(),
        kinds.ONE_PAGER,
        "One-pager: search by meaning",
        "For somebody who has never heard of a vector database.",
    )
    publish(
        templates,
        "introduction-mail.docx",
        letter(),
        kinds.TEMPLATE,
        "Introduction e-mail",
        "Asks for the yes that every introduction needs, in three sentences.",
    )
    fetched = slides.versions.get()
    for days, reader in enumerate(readers, start=5):
        count_download(version=fetched, partner=reader, at=when.at(days, 6, 11))
        count_download(version=light.versions.get(), partner=reader, at=when.at(days, 6, 12))
    add_version(
        resource=slides,
        file=io.BytesIO(
            deck(
                ("What Weaviate does", "Finds what people mean, in text, pictures and tables."),
                ("How we work", "One meeting, one use case, a result within six months."),
                ("Who is who", "Your partner, your host, your engineer."),
            )
        ),
        file_name="introduction-deck.pdf",
        changed="A third slide says who is who; the numbers are those of autumn.",
        by=by,
        at=when.at(16, 11, 9),
    )
    for version in ResourceVersion.objects.order_by("pk"):
        if (
            version.type.has_preview
        ):  # the story's messages are never delivered, so what they owe is done here
            make_preview(version=version, at=version.uploaded_at)
