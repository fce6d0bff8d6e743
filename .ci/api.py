#!/usr/bin/env python3
"""Checks the public API of each published library, with all features.

    python3 .ci/api.py             check
    python3 .ci/api.py --update    update the snapshots

The API must match the snapshot `api.txt` in the library's folder, which `cargo public-api` writes. It must not name a
type of a crate that is not listed below, or convert from a foreign error with `From`: a new major version of that
crate would break our users.
"""

import subprocess
import sys
from pathlib import Path

import public_items

STD = {"alloc", "core", "std"}
# Library → crates other than the standard library whose types and traits its public API may name.
ALLOWED = {
    # For `raw` JSON, serialisable values, the application's own HTTP client (feature `reqwest-client`), and the
    # crates after which the conversion features are named.
    "magic-admin": {"alloy_primitives", "reqwest", "serde_core", "serde_json", "sqlx_core", "utoipa"},
    "magic-admin-axum": {
        "axum", "axum_core", "bytes", "headers", "http", "http_body", "magic_admin",
        "tower_layer", "tower_service", "utoipa",
    },
    "magic-admin-redis": {"magic_admin"},
    "magic-admin-testkit": {"bytes", "http", "magic_admin", "serde_core", "serde_json", "tokio"},
}


def main() -> None:
    update = sys.argv[1:] == ["--update"]
    if sys.argv[1:] not in ([], ["--update"]):
        sys.exit(__doc__)
    errors = []
    for package, (path, doc) in public_items.libraries().items():
        lines = public_api(path)
        snapshot = Path("crates", package, "api.txt")
        if update:
            snapshot.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        else:
            errors += difference(snapshot, lines)
        errors += (f"{package}: {error}" for error in Foreign(doc, ALLOWED.get(package, set())).errors())
        print(f"{package}: {len(lines)} lines of public API")
    if errors:
        sys.exit("\n".join(f"error: {error}" for error in errors))


def public_api(path: Path) -> list[str]:
    """Returns the API without blanket implementations and auto traits such as `Send` and `Sync`."""
    return subprocess.run(
        ["cargo", "public-api", "--rustdoc-json", path, "-ss", "--color=never"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.splitlines()


def difference(snapshot: Path, lines: list[str]):
    old = set(snapshot.read_text(encoding="utf-8").splitlines()) if snapshot.exists() else set()
    for sign, some in (("-", old - set(lines)), ("+", set(lines) - old)):
        for line in sorted(some):
            yield f"{snapshot}: {sign} {line}"
    if old != set(lines):
        yield f"{snapshot} is another API: run `bash .ci/run --update-api`, and tell users in CHANGELOG.md"


class Foreign:
    """Finds the types of other crates in a library's public API."""

    def __init__(self, doc: dict, allowed: set[str]):
        self.index, self.paths, self.crates = doc["index"], doc["paths"], doc["external_crates"]
        # Blanket implementations of other crates have their source elsewhere.
        self.own = [item for item in self.index.values() if item["span"] and item["span"]["filename"].startswith("crates/")]
        self.allowed = allowed | STD

    def errors(self):
        for item in self.own:
            kind, inner = next(iter(item["inner"].items()))
            if kind == "use" and str(inner["id"]) not in self.index:
                yield from self.named([{"path": "", "id": inner["id"]}], item)
            elif kind == "impl":
                if inner["is_synthetic"] or inner["blanket_impl"]:
                    continue
                yield from self.named([inner["trait"], inner["for"], inner["generics"]], item)
                if inner["trait"] and inner["trait"]["path"].split("::")[-1] == "From":
                    yield from self.foreign_errors(inner)
            # The members of these are separate items.
            elif kind not in ("module", "struct", "enum", "trait"):
                yield from self.named(inner, item)
            else:
                yield from self.named([inner.get("generics"), inner.get("bounds")], item)

    def named(self, signature, item):
        for found in ids(signature):
            crate = self.crate_of(found)
            path = "::".join(self.paths[str(found)]["path"]) if crate else ""
            # The expansion of a macro may name types that are forbidden elsewhere.
            if crate not in self.allowed | {None} and "__private" not in path:
                yield f"{item['span']['filename']}:{item['span']['begin'][0]} names `{path}`"

    def foreign_errors(self, implementation):
        for found in ids(implementation["trait"]["args"]):
            crate, summary = self.crate_of(found), self.paths.get(str(found))
            ours = crate is None or crate in STD or crate.startswith("magic_admin")
            if not ours and summary["path"][-1].endswith("Error"):
                yield f"`{'::'.join(summary['path'])}`, a foreign error, in a public `From`"

    def crate_of(self, item_id):
        summary = self.paths.get(str(item_id))
        if summary is None or summary["crate_id"] == 0:
            return None
        return self.crates[str(summary["crate_id"])]["name"]


def ids(value):
    """Yields the IDs of all types and traits named in a part of the JSON."""
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
