"""Markdown to HTML that is safe to show: raw HTML stays text, links are http(s) or mailto, images are never fetched.

CommonMark by markdown-it-py (with tables and strikethrough), code coloured by Pygments as class names; the colours
are in `server/web/code.css`. It knows nothing of HTTP.
"""

from __future__ import annotations

import html
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

#: Code beyond this many characters is shown without colours.
MAX_COLOURED = 50_000


def render(markdown: str) -> str:
    """The HTML of `markdown`. Any string is allowed; none makes a script, an event handler or a request."""
    rendered: str = _parser().render(markdown)
    return rendered


def colour(code: str, language: str) -> str:
    """`code` as HTML with a `span` for each kind of token; plain when the language is unknown."""
    if len(code) > MAX_COLOURED:
        return html.escape(code)
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return html.escape(code)
    coloured: str = highlight(code, lexer, HtmlFormatter(nowrap=True))
    return coloured


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _fence)
    parser.add_render_rule("link_open", _link_open)
    return parser


def _fence(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    language = token.info.split(maxsplit=1)[0].lower() if token.info.strip() else ""
    label = html.escape(language, quote=True)
    return f'<pre data-language="{label}"><code>{colour(token.content, language)}</code></pre>\n'


def _link_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer")
    tokens[index].attrSet("target", "_blank")
    return renderer.renderToken(tokens, index, options, env)
