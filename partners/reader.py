"""Opens one uploaded file, in a process of its own: `python -I reader.py look|draw PATH CONTENT_TYPE`.

It imports nothing of the site, holds no secret and has little memory and time. What it finds out, it
writes to standard output: for `look` a line of JSON, for `draw` the preview as WebP.
`partners.apart` starts it.
"""

import json
import re
import resource
import sys
from io import BytesIO
from typing import Any

MEMORY = 1024 * 1024 * 1024
SECONDS = 20
SIDE = 640  # px of a preview's longer side
MAX_PIXELS = 100_000_000
MAX_DOCUMENT_PAGES = 2_000
ACTS = re.compile(rb"/S\s*/(?:JavaScript|Launch|ImportData)\b|/JS\s*[(<\d]|/EF\s*<<|/Type\s*/EmbeddedFile\b")
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def keep_within(memory: int, seconds: int) -> None:
    """Let the operating system end this process when it wants more."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to a pipe only
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def open_picture(path: str, content_type: str) -> Any:
    """Return a picture of exactly that type; none that unpacks to more than `MAX_PIXELS`."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow raises at twice its limit
    return Image.open(path, formats=[FORMATS[content_type]])


def look_at_pdf(path: str) -> str:
    """Return what is wrong with a PDF: nothing, `active` (it runs or carries something), `huge`."""
    import pypdfium2
    from pypdfium2 import raw

    document = pypdfium2.PdfDocument(path)
    if not 0 < len(document) <= MAX_DOCUMENT_PAGES:
        return "huge" if len(document) else "broken"
    document[0].get_size()
    # Written anew, nothing is packed away or spelled in another way: what acts is there in plain text.
    plain = BytesIO()
    document.save(plain, flags=raw.FPDF_NO_INCREMENTAL)
    if ACTS.search(plain.getbuffer()):
        return "active"
    active = (
        raw.FPDFDoc_GetJavaScriptActionCount(document) > 0 or raw.FPDFDoc_GetAttachmentCount(document) > 0
    )
    return "active" if active else ""


def look_at_picture(path: str, content_type: str) -> str:
    """Return what is wrong with a picture: nothing, or `huge`; broken ones raise."""
    from PIL import Image

    try:
        with open_picture(path, content_type) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return "huge"
            picture.load()
    except Image.DecompressionBombError:
        return "huge"
    return ""


def first_page(path: str) -> Any:
    """Return a PDF's first page as a picture whose longer side is `SIDE`."""
    import pypdfium2

    page = pypdfium2.PdfDocument(path)[0]
    width, height = page.get_size()
    return page.render(scale=SIDE / max(width, height, 1.0)).to_pil()


def draw(path: str, content_type: str) -> bytes:
    """Return the preview as WebP on white: a black logo must not vanish on a dark page."""
    from PIL import Image, ImageOps

    if content_type == "application/pdf":
        picture = first_page(path)
    else:
        picture = open_picture(path, content_type)
        picture.draft("RGB", (SIDE, SIDE))  # a JPEG is read no larger than needed
        picture = ImageOps.exif_transpose(picture)
    picture = picture.convert("RGBA")
    picture.thumbnail((SIDE, SIDE))
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    out = BytesIO()
    paper.convert("RGB").save(out, "WEBP", quality=82, method=4)
    return out.getvalue()


def main(verb: str, path: str, content_type: str) -> None:
    keep_within(MEMORY, SECONDS)
    if verb == "draw":
        sys.stdout.buffer.write(draw(path, content_type))
        return
    try:
        problem = (
            look_at_pdf(path) if content_type == "application/pdf" else look_at_picture(path, content_type)
        )
    except Exception:  # whatever a parser says about a file that isn't ours, the answer is the same
        problem = "broken"
    print(json.dumps({"problem": problem}))  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    main(*sys.argv[1:4])
