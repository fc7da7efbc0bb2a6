"""A study as a folder that a person enjoys opening: ``index.html`` beside its figures and tables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

__all__ = ["Section", "page"]

_STYLE = """
:root { --ink: #1b1f24; --faint: #5d6673; --line: #dfe3e8; --accent: #0072b2; --paper: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --faint: #9aa4b2; --line: #343b45; --paper: #15181d; } }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; } h2 { margin: 2.5rem 0 .5rem; font-size: 1.25rem; }
p.lead { font-size: 1.1rem; color: var(--faint); margin-top: 0; }
nav a { margin-right: 1rem; } a { color: var(--accent); }
figure { margin: 1rem 0; } figure img { max-width: 100%; background: #fff; border: 1px solid var(--line);
         border-radius: 6px; padding: .5rem; box-sizing: border-box; }
figcaption { color: var(--faint); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { color: var(--faint); font-weight: 600; white-space: normal; vertical-align: bottom; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; color: var(--faint);
         font-size: .85rem; }
code { font-size: .9em; }
"""


@dataclass(frozen=True)
class Section:
    """One question of a study with its answer.

    Parameters
    ----------
    heading : str
        The question, or what is shown.
    text : str
        What was found, in sentences; a blank line starts a paragraph.
    figures : mapping of path to caption
        Pictures, shown in order; a file of the same name ending in .svg or .pdf is linked beside it.
    table : DataFrame, optional
        Numbers are shown to three digits, column names in words.
    files : mapping of path to description
        Further files, linked.
    """

    heading: str
    text: str = ""
    figures: Mapping[Path, str] = field(default_factory=dict)
    table: pd.DataFrame | None = None
    files: Mapping[Path, str] = field(default_factory=dict)


def page(
    folder: str | Path, *, title: str, lead: str, sections: Sequence[Section], provenance: Mapping[str, object]
) -> Path:
    """Write ``index.html`` of a study into its folder.

    Parameters
    ----------
    folder : path
        Folder of the study; figures and files lie in it or below.
    title, lead : str
        What the study is, and in a sentence what it found.
    sections : sequence of Section
        Questions and answers, in reading order.
    provenance : mapping of str to anything
        Model, hashes, versions, seed: written at the foot of the page.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    FileNotFoundError
        If a figure or file of a section does not exist.

    Examples
    --------
    >>> import tempfile
    >>> written = page(tempfile.mkdtemp(), title="A cell", lead="It likes vertical bars.",
    ...     sections=[Section("Orientation", "It prefers 90°.")], provenance={"seed": 0})
    >>> written.name, "It prefers 90°." in written.read_text(encoding="utf-8")
    ('index.html', True)
    """
    folder = Path(folder)
    links = " ".join(f'<a href="#{_anchor(section)}">{escape(section.heading)}</a>' for section in sections)
    body = "\n".join(_section(section, folder) for section in sections)
    foot = "<br>".join(f"{escape(str(name))}: <code>{escape(str(value))}</code>" for name, value in provenance.items())
    html = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n"
        f'<p class="lead">{escape(lead)}</p>\n<nav>{links}</nav>\n{body}\n<footer>{foot}</footer></body></html>\n'
    )
    written = folder / "index.html"
    written.write_text(html, encoding="utf-8")
    return written


def _section(section: Section, folder: Path) -> str:
    """One section as HTML."""
    parts = [f'<h2 id="{_anchor(section)}">{escape(section.heading)}</h2>']
    parts += [f"<p>{escape(paragraph.strip())}</p>" for paragraph in section.text.split("\n\n") if paragraph.strip()]
    for path, caption in section.figures.items():
        source = _link(path, folder)
        others = [Path(path).with_suffix(ending) for ending in (".svg", ".pdf")]
        links = " ".join(
            f'<a href="{_link(other, folder)}">{other.suffix[1:]}</a>' for other in others if other.exists()
        )
        parts.append(
            f'<figure><a href="{source}"><img src="{source}" alt="{escape(caption, quote=True)}"></a>'
            f"<figcaption>{escape(caption)} {links}</figcaption></figure>"
        )
    if section.table is not None:
        named = section.table.rename(columns=lambda name: str(name).replace("_", " "))
        table = named.to_html(index=False, border=0, na_rep="–", float_format="{:.3g}".format)
        parts.append(f'<div class="scroll">{table}</div>')
    if section.files:
        listed = "".join(
            f'<li><a href="{_link(path, folder)}">{escape(Path(path).name)}</a>: {escape(text)}</li>'
            for path, text in section.files.items()
        )
        parts.append(f"<ul>{listed}</ul>")
    return "\n".join(parts)


def _link(path: str | Path, folder: Path) -> str:
    """The path of a file as seen from the page."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"the page names {path}, which does not exist; write figures before the page")
    return escape(Path(os.path.relpath(path, folder)).as_posix(), quote=True)


def _anchor(section: Section) -> str:
    """A name for a link to a section."""
    return "".join(letter if letter.isalnum() else "-" for letter in section.heading.lower())
