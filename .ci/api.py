#!/usr/bin/env python3
"""Holds the public API of each published library against the snapshot in its folder, `api.txt`, and
checks that it names no type of a crate that it must not depend on in public.

    python3 .ci/api.py             check
    python3 .ci/api.py --update    write the snapshots anew

Reads the JSON of rustdoc, which needs a nightly toolchain.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

STD = {"alloc", "core", "std"}
# Library → crates whose types and traits its public API may name, besides the standard library's.
ALLOWED = {
    # `raw` JSON, serialisable values, the application's own HTTP client (feature `reqwest-client`), and
    # what the features for conversions are named after.
    "magic-admin": {"alloy_primitives", "reqwest", "serde_core", "serde_json", "sqlx_core", "utoipa"},
    "magic-admin-axum": {
        "axum", "axum_core", "bytes", "headers", "http", "http_body", "magic_admin",
        "tower_layer", "tower_service",
    },
    "magic-admin-redis": {"magic_admin"},
    "magic-admin-testkit": {"bytes", "http", "magic_admin", "serde_core", "serde_json", "tokio"},
}


def main() -> None:
    update = sys.argv[1:] == ["--update"]
    if sys.argv[1:] not in ([], ["--update"]):
        sys.exit(__doc__)
    errors = []
    for package in sorted(ALLOWED):
        api = Api(rustdoc(package))
        snapshot = Path("crates", package, "api.txt")
        lines = "".join(f"{line}\n" for line in sorted(api.lines))
        if update:
            snapshot.write_text(lines, encoding="utf-8")
        elif not snapshot.exists() or snapshot.read_text(encoding="utf-8") != lines:
            errors += difference(snapshot, lines)
        for crate, places in sorted(api.foreign.items()):
            if crate not in ALLOWED[package] | STD:
                errors.append(f"{package} names `{crate}` in public: {', '.join(sorted(places)[:3])}")
        errors += [f"{package}: {line}: a foreign error in a public `From`" for line in api.foreign_errors]
        print(f"{package}: {len(api.lines)} lines of public API")
    if errors:
        sys.exit("\n".join(f"error: {error}" for error in errors))


def rustdoc(package: str):
    subprocess.run(
        ["cargo", "+nightly", "rustdoc", "--quiet", "--locked", "--lib", "--all-features", "-p", package,
         "--target-dir", "target/api", "--", "-Z", "unstable-options", "--output-format", "json"],
        check=True,
    )
    name = package.replace("-", "_")
    return json.loads(Path(f"target/api/doc/{name}.json").read_text(encoding="utf-8"))


def difference(snapshot: Path, lines: str):
    old = set(snapshot.read_text(encoding="utf-8").splitlines()) if snapshot.exists() else set()
    new = set(lines.splitlines())
    for sign, some in (("-", old - new), ("+", new - old)):
        for line in sorted(some):
            yield f"{snapshot}: {sign} {line}"
    yield f"{snapshot}: run `python3 .ci/api.py --update`, and tell users in CHANGELOG.md"


class Api:
    def __init__(self, doc):
        self.doc = doc
        self.lines = set()
        self.foreign = {}
        self.foreign_errors = set()
        self.seen = set()
        self.module(doc["root"], doc["index"][str(doc["root"])]["name"])

    def item(self, item_id):
        return self.doc["index"].get(str(item_id))

    def module(self, item_id, path):
        for child_id in self.item(item_id)["inner"]["module"]["items"]:
            child = self.item(child_id)
            if child is None or child["visibility"] != "public":
                continue
            kind, inner = next(iter(child["inner"].items()))
            if kind == "use":
                target = self.item(inner["id"])
                if target is None:
                    self.name(inner["id"], path)
                elif "module" in target["inner"]:
                    self.module(inner["id"], f"{path}::{inner['name']}")
                else:
                    self.definition(target, f"{path}::{inner['name']}")
            elif kind == "module":
                self.module(child_id, f"{path}::{child['name']}")
            else:
                self.definition(child, f"{path}::{child['name']}")

    def definition(self, item, path):
        """A type, a trait, a function or a constant, with what belongs to it."""
        if item["id"] in self.seen:
            self.lines.add(f"{path} (again)")
            return
        self.seen.add(item["id"])
        kind, inner = next(iter(item["inner"].items()))
        self.lines.add(f"{path}: {self.source(item)}")
        if not isinstance(inner, dict):
            return
        self.names(inner, path)
        for variant_id in inner.get("variants", []):
            variant = self.item(variant_id)
            self.lines.add(f"{path}::{variant['name']}")
            self.names(variant["inner"], path)
        if kind == "trait":
            for member_id in inner["items"]:
                self.member(self.item(member_id), path)
        for impl_id in inner.get("impls", []) if isinstance(inner.get("impls"), list) else []:
            self.impl(self.item(impl_id), path)

    def impl(self, item, path):
        inner = item["inner"]["impl"]
        if inner["is_synthetic"] or inner["blanket_impl"]:
            return
        trait = inner["trait"]
        if trait is None:
            for member_id in inner["items"]:
                member = self.item(member_id)
                if member["visibility"] == "public":
                    self.member(member, path)
            return
        self.names(trait, path)
        self.names(inner["for"], path)
        header = self.source(item) if item["span"] else f"impl {trait['path']} for {path}"
        line = f"{path}: {header}" if header.startswith("impl") else f"{path}: derives {trait['path']}"
        self.lines.add(line)
        if trait["path"].split("::")[-1] == "From" and self.crates_of(trait) - STD:
            if any(self.is_foreign_error(found) for found in ids(trait["args"])):
                self.foreign_errors.add(line)

    def member(self, item, path):
        self.lines.add(f"{path}::{item['name']}: {self.source(item)}")
        self.names(item["inner"], f"{path}::{item['name']}")

    def names(self, inner, place):
        for found in ids({key: value for key, value in inner.items() if key not in ("impls", "items", "implementations")}):
            self.name(found, place)

    def name(self, item_id, place):
        crate = self.crate_of(item_id)
        if crate is not None:
            self.foreign.setdefault(crate, set()).add(place)

    def crates_of(self, inner):
        return {crate for found in ids(inner) if (crate := self.crate_of(found))}

    def crate_of(self, item_id):
        summary = self.doc["paths"].get(str(item_id))
        if summary is None or summary["crate_id"] == 0:
            return None
        return self.doc["external_crates"][str(summary["crate_id"])]["name"]

    def is_foreign_error(self, item_id):
        crate, summary = self.crate_of(item_id), self.doc["paths"].get(str(item_id))
        ours = crate is None or crate in STD or crate.startswith("magic_admin")
        return not ours and summary["path"][-1].endswith("Error")

    def source(self, item):
        """The signature, as it stands in the source."""
        span = item["span"]
        text = Path(span["filename"]).read_text(encoding="utf-8").splitlines()
        lines = text[span["begin"][0] - 1 : span["end"][0]]
        lines[0] = lines[0][max(span["begin"][1] - 1, 0) :]
        code = re.sub(r"//[^\n]*", "", "\n".join(lines))
        code = re.sub(r"#\[[^\]]*\]", "", code)
        head = re.split(r"[{;]", code, maxsplit=1)[0]
        return re.sub(r"\s+", " ", head).replace("( ", "(").replace(", )", ")").strip()


def ids(value):
    """The ids of all types and traits that are named in a piece of the JSON."""
    if isinstance(value, dict):
        if "path" in value and isinstance(value.get("id"), int):
            yield value["id"]
        for part in value.values():
            yield from ids(part)
    elif isinstance(value, list):
        for part in value:
            yield from ids(part)


if __name__ == "__main__":
    main()
