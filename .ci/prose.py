#!/usr/bin/env python3
"""Checks prose automatically as far as possible: rustdoc of public items, Markdown and spelling.

    python3 .ci/prose.py                         check, and print the doc lines per code line
    python3 .ci/prose.py --sample N [--seed S]   print N paragraphs and N summaries drawn at random

A summary starts with a verb in the third person or a noun phrase, and ends in a full stop. A public type or trait has an
example. A free function or type alias has one, or is used in the example of its module. Relative links work, Rust
in Markdown is compiled as a doctest, and spelling is British.
"""

import argparse
import collections
import random
import re
import subprocess
import sys
from pathlib import Path

import markdown
import public_items

CLAUSE = re.compile(r"(?:What|Whether|How|Who|Where|That|Which|As|When)\b")
# Headings that must be in the plural.
SINGULAR = re.compile(r"^#+ (?:Example|Error|Panic)$", re.MULTILINE)
EXAMPLE = re.compile(r"^```(?:(?:rust|no_run|should_panic|compile_fail|edition\d+)(?:,\w+)*)?$", re.MULTILINE)

# Patterns of names → why these items need no example of their own.
WITHOUT_EXAMPLE = {
    r"\w+(?:Body|Future|Service)": "a layer or a function returns it, and nobody writes its name",
    r"Require(?:Ownership|Token)": "the service of a layer, which has the example",
    r"\w+Kind": "the example of its error or rejection matches on it",
    r"\w+Builder": "the example is at the type that it builds",
    r"(?:AfterLogout|LoadUser)Fn": "returned by a function, which has the example",
    r"magic_admin_testkit::conformance::.*": "the example of the module runs the whole suite",
    r"(?:InvalidRealm|KeyError|ParseEntryIdError)": "it has no members",
}
# Crates → the minimum number of doc lines per code line.
RATIOS = {"magic-admin": 0.45, "magic-admin-axum": 0.45}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), metavar="S")
    arguments = parser.parse_args()
    pages = [Path(path) for path in tracked("*.md")]
    items = [item for _, doc in public_items.libraries().values() for item in documented(doc)]
    if arguments.sample is not None:
        sample(arguments.sample, arguments.seed, pages, items)
        return
    errors = [error for item in items for error in item.errors()]
    errors += markdown.errors(pages, tracked("*.rs"))
    errors += spelling([*pages, *map(Path, tracked("*.rs"))])
    print(f"{len(items)} documented items, {len(pages)} pages")
    for package, least in RATIOS.items():
        ratio = doc_lines_per_code_line(Path("crates", package, "src"))
        print(f"{package}: {ratio:.2f} doc lines per code line (at least {least})")
    if errors:
        sys.exit("\n".join([*(f"error: {error}" for error in errors), f"error: {len(errors)} in all"]))


def tracked(pattern: str) -> list[str]:
    """Returns the tracked and new files of the repository, in order."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", pattern]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\0")
    return sorted(path for path in found if path and Path(path).exists())


def documented(doc: dict):
    """Yields the documented items of the crate, except the root, whose documentation is the README."""
    members = {
        member
        for item in doc["index"].values()
        for kind in ("impl", "trait")
        for member in item["inner"].get(kind, {}).get("items", [])
    }
    # The documentation of the modules that export each item.
    modules = collections.defaultdict(str)
    for module in doc["index"].values():
        for child in module["inner"].get("module", {}).get("items", []):
            exported = doc["index"].get(str(child), {"inner": {}})["inner"].get("use", {}).get("id", child)
            modules[exported] += module["docs"] or ""
    for item_id, item in doc["index"].items():
        if item["crate_id"] == 0 and item["docs"] and item["span"] and item["id"] != doc["root"]:
            if "use" not in item["inner"]:
                yield Item(doc, item_id, members, modules[item["id"]])


class Item:
    def __init__(self, doc: dict, item_id: str, members: set[int], module: str):
        item = doc["index"][item_id]
        self.kind = next(iter(item["inner"]))
        self.path = "::".join(doc["paths"].get(item_id, {"path": [item["name"] or self.kind]})["path"])
        self.docs = item["docs"]
        self.place = f"{item['span']['filename']}:{item['span']['begin'][0]}"
        self.summary = re.sub(r"\s+", " ", self.docs.strip().split("\n\n")[0])
        self.wants_example = self.is_shown(item, members, module)

    def is_shown(self, item: dict, members: set[int], module: str) -> bool:
        """Returns `True` if the item needs its own example, besides those of its module and of other items."""
        if any(re.fullmatch(name, found) for name in WITHOUT_EXAMPLE for found in (self.path, item["name"] or "")):
            return False
        if self.kind == "type_alias" or self.kind == "function" and item["id"] not in members:
            return not (EXAMPLE.search(module) and re.search(rf"\b{item['name']}\b", module))
        return self.kind in ("struct", "enum", "union", "trait", "macro")

    def errors(self):
        if CLAUSE.match(self.summary):
            yield f"{self.place}: a summary that starts with `{self.summary.split()[0]}`: {self.summary}"
        if not self.summary.endswith((".", ".)")):
            yield f"{self.place}: a summary without a full stop: {self.summary}"
        for heading in SINGULAR.findall(self.docs):
            yield f"{self.place}: the heading is `{heading}s`, however many there are"
        if self.wants_example and not EXAMPLE.search(self.docs):
            yield f"{self.place}: no example: {self.kind} `{self.path}`"


def spelling(files: list[Path]):
    """Checks British spelling in Markdown and Rust comments. `typos` reads copies without code."""
    folder = Path("target/prose")
    copies = []
    for path in files:
        copy = folder / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(prose_of(path), encoding="utf-8")
        copies.append(copy)
    found = subprocess.run(
        ["target/python-tools/bin/typos", "--config", ".ci/british.toml", "--format", "brief", *copies],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in found.stdout.splitlines():
        yield line.removeprefix(f"{folder}/")
    if found.returncode not in (0, 2):
        sys.exit(f"error: typos ended with {found.returncode}")


def prose_of(path: Path) -> str:
    """Returns the file without its code, with the same number of lines."""
    lines, fenced = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        if path.suffix == ".rs":
            comment = re.match(r"\s*//[/!]?(.*)|.*?\s// (.*)", line)
            line = next((group for group in comment.groups() if group), "") if comment else ""
        if line.lstrip().startswith("```"):
            fenced = not fenced
            line = ""
        line = "" if fenced else markdown.CODE.sub("", line)
        lines.append(line)
    return "\n".join(lines) + "\n"


def doc_lines_per_code_line(folder: Path) -> float:
    """Ignores tests. Counts the README, which `lib.rs` includes as the documentation of the crate."""
    docs = len(folder.with_name("README.md").read_text(encoding="utf-8").splitlines())
    code = 0
    for path in folder.rglob("*.rs"):
        for line in map(str.strip, path.read_text(encoding="utf-8").splitlines()):
            if line.startswith("#[cfg(test)]"):
                break
            docs += line.startswith(("///", "//!"))
            code += bool(line) and not line.startswith("//")
    return docs / code


def sample(count: int, seed: int, pages: list[Path], items: list[Item]) -> None:
    random.seed(seed)
    print(f"seed {seed}")
    paragraphs = [paragraph for page in pages for paragraph in markdown.paragraphs(page)]
    for title, every in (
        ("paragraphs", [f"{place}\n    {text}" for place, text in paragraphs]),
        ("summaries", sorted({f"{item.place}\n    {item.summary}" for item in items})),
    ):
        print(f"\n{min(count, len(every))} of {len(every)} {title}\n")
        print("\n".join(random.sample(every, min(count, len(every)))))


if __name__ == "__main__":
    main()
