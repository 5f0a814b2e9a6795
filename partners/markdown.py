"""Markdown to HTML that may stand on a public page under the strict CSP, and to plain words for the search.

Three fences, one behind the other: the parser takes no HTML, draws no image and refuses addresses other than
https, http, a mail or our own; nh3 lets only the elements listed here through; the site's CSP runs no script.
The result depends on the source alone: it is kept in the process and never stale (docs/adr/0010-guides.md).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import unquote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

MAX_SOURCE = 30_000  # characters, eight times the longest guide; the worst text takes a second
DEEPEST = 20  # lists in lists, quotes in quotes: what lies deeper is left out
HEADINGS = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}  # the page has its own h1
TEXT = {
    "h2",
    "h3",
    "h4",
    "p",
    "ul",
    "ol",
    "li",
    "blockquote",
    "strong",
    "em",
    "s",
    "code",
    "pre",
    "hr",
    "br",
    "a",
}
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"*": set[str](), "a": {"href"}, "h2": {"id"}, "h3": {"id"}, "h4": {"id"}, "ol": {"start"}}
SCHEMES = {"https", "http", "mailto"}
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202e\ufeff]")
SCROLLS = '<div class="table-scroll" role="region" tabindex="0" aria-label="{label}">'

PRIVATE = re.compile(r"[\ue000-\uf8ff]")  # characters without a meaning of their own


class SourceTooLong(ValueError):
    """More than `MAX_SOURCE` characters: nobody renders that."""


@dataclass(frozen=True)
class Heading:
    """A line of the table of contents."""

    id: str
    text: str
    level: int


@dataclass(frozen=True)
class Rendered:
    """What a page shows: clean HTML and its table of contents."""

    html: str
    contents: tuple[Heading, ...]


def _goes_somewhere_harmless(url: str) -> bool:
    """Tell whether a link may stay: https, http, mail, or a path or heading of our own."""
    seen = unquote(url)
    if INVISIBLE.search(seen):
        return False
    if seen.startswith("#") or (seen.startswith("/") and not re.match(r"/[/\\]", seen)):
        return True
    try:
        parts = urlsplit(seen)
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.netloc or (parts.scheme == "mailto" and parts.path))


def _image_as_words(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Write an image's description instead of fetching it: guides load nothing from elsewhere."""
    return escape(tokens[index].content)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable(
        ["table", "strikethrough"]
    )
    parser.validateLink = _goes_somewhere_harmless  # type: ignore[method-assign]
    parser.add_render_rule("image", _image_as_words)
    return parser


PARSER = _parser()


def _words_of(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type in ("text", "code_inline", "image"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts)


def _anchor(text: str, seen: dict[str, int]) -> str:
    """Return an id that no page of ours uses and no other heading has."""
    stem = "section-" + (re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "part")
    seen[stem] = seen.get(stem, 0) + 1
    # Two hyphens, which no stem has: "a" twice never meets "a 2".
    return stem if seen[stem] == 1 else f"{stem}--{seen[stem]}"


def _parse(source: str) -> list[Token]:
    if len(source) > MAX_SOURCE:
        raise SourceTooLong
    return PARSER.parse(source)


@lru_cache(maxsize=64)
def render(source: str, table_label: str = "Table") -> Rendered:
    """Return the HTML of a Markdown text and its headings.

    :raises SourceTooLong: more than `MAX_SOURCE` characters.
    """
    tokens, contents, seen = _parse(source), [], dict[str, int]()
    for index, token in enumerate(tokens):
        token.tag = HEADINGS.get(token.tag, token.tag)
        if token.type == "heading_open":
            text = _words_of(tokens[index + 1]).strip()
            anchor = _anchor(text, seen)
            token.attrSet("id", anchor)
            contents.append(Heading(anchor, text, int(token.tag[1])))
    dirty = PARSER.renderer.render(tokens, PARSER.options, {})
    clean = nh3.clean(
        dirty,
        tags=TEXT | TABLE,
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=SCHEMES,
        link_rel="noopener",
        strip_comments=True,
    )
    # Only our own parser writes a bare <table>: the words of an author come out with &lt;.
    scrolls = SCROLLS.format(label=escape(table_label))
    clean = clean.replace("<table>", f"{scrolls}<table>").replace("</table>", "</table></div>")
    return Rendered(clean, tuple(contents))


def plain(source: str) -> str:
    """Return the words of a Markdown text, for the search and its excerpts.

    :raises SourceTooLong: more than `MAX_SOURCE` characters.
    """
    lines = list[str]()
    for token in _parse(source):
        if token.type == "inline":
            lines.append(_words_of(token))
        elif token.type in ("fence", "code_block"):
            lines.append(token.content)
    stripped = (PRIVATE.sub("", line).strip() for line in lines)
    return "\n".join(line for line in stripped if line)
