"""Reads Markdown: relative links, Rust examples, and paragraphs."""

import re
from pathlib import Path

# Code, and the targets of links.
CODE = re.compile(r"`[^`]*`|(?<=\])\([^)]*\)|<?https?://\S+|^\[[^\]]+\]:.*")
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)|(?:src|href)=\"([^\"]+)\"")
INCLUDE = re.compile(r'doc = include_str!\("([^"]+)"\)')


def errors(pages: list[Path], sources: list[str]):
    texts = [Path(source).read_text(encoding="utf-8") for source in sources]
    compiled = {
        Path(source).parent.joinpath(name).resolve()
        for source, text in zip(sources, texts)
        for name in INCLUDE.findall(text)
    }
    texts = [unindented(text.splitlines()) for text in texts]
    linked = set()
    for page in pages:
        for number, line in enumerate(text_lines(page), 1):
            for target in (next(filter(None, groups)) for groups in LINK.findall(line)):
                path, _, anchor = target.partition("#")
                if re.match(r"[a-z]+:", target):
                    continue
                other = page.parent.joinpath(path) if path else page
                linked.add(other.resolve())
                if not other.exists():
                    yield f"{page}:{number}: leads nowhere: {target}"
                elif anchor and other.suffix == ".md" and anchor not in anchors(other):
                    yield f"{page}:{number}: no such heading: {target}"
        for number, language, code in fences(page):
            if not re.match(r"(?:rust|rs)\b", language):
                continue
            if "ignore" in language:
                # For crates that the doctests of the pages do not depend on.
                if not any(code in text for text in texts):
                    yield f"{page}:{number}: Rust that is not compiled: no source holds these lines"
            elif page.resolve() not in compiled:
                yield f"{page}:{number}: Rust that is not compiled: register the page in tests/src/lib.rs"
    for page in pages:
        if page.parts[0] == "docs" and page.resolve() not in linked:
            yield f"{page}: no page leads here"


def text_lines(page: Path) -> list[str]:
    """Returns the lines of a page, with the lines of code blocks empty."""
    lines, fenced = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
            line = ""
        lines.append("" if fenced else line)
    return lines


def fences(page: Path):
    """Yields the line number, language and code of each code block."""
    start, language, code = 0, "", []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if not line.lstrip().startswith("```"):
            code.append(line)
        elif start:
            yield start, language, unindented(code)
            start = 0
        else:
            start, language, code = number, line.strip().removeprefix("```"), []


def unindented(lines: list[str]) -> str:
    return "".join(f"{line.strip()}\n" for line in lines)


def anchors(page: Path) -> set[str]:
    """Returns the anchors that GitHub creates for headings."""
    found = set()
    for line in text_lines(page):
        if heading := re.match(r"#+ (.*)", line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).lower()
            found.add(re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-"))
    return found


def paragraphs(page: Path):
    """Yields each paragraph, list item and table row of six words or more, with its position."""
    start, words = 1, []
    for number, line in enumerate([*text_lines(page), ""], 1):
        begins = re.match(r"\s*(?:[-*] |\d+\. |\|)", line)
        if (begins or not line.strip() or line.startswith("#")) and words:
            if sum(word.strip("*_,.:;()").isalpha() for word in words) >= 6:
                yield f"{page}:{start}", " ".join(words)
            words = []
        if line.startswith("#") or re.match(r"\[[^\]]+\]:|[\s|:-]*$", line):
            continue
        start = start if words else number
        words += line.split()
