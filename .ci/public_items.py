"""Reads the public items of the published libraries, with all features, from rustdoc's JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import packages

# The version that `cargo public-api` and the scripts in this folder can read.
FORMAT = 57


def libraries() -> dict[str, tuple[Path, dict]]:
    """Returns, for each package, the path and the content of its library's JSON."""
    metadata = packages.metadata()
    names = [package["name"] for package in packages.libraries(metadata)]
    environment = {
        **os.environ,
        "RUSTDOC": str(Path(__file__).with_name("rustdoc-unstable")),
        "RUSTDOCFLAGS": "-Z unstable-options --output-format json",
    }
    subprocess.run(
        ["cargo", "doc", "--quiet", "--locked", "--no-deps", "--lib", "--all-features",
         *(part for name in names for part in ("-p", name))],
        check=True,
        env=environment,
    )
    folder = Path(metadata["target_directory"], "doc")
    paths = {name: folder / f"{name.replace('-', '_')}.json" for name in names}
    return {name: (path, read(path)) for name, path in paths.items()}


def read(path: Path) -> dict:
    doc = json.loads(path.read_text(encoding="utf-8"))
    if doc["format_version"] != FORMAT:
        sys.exit(
            f"error: rustdoc writes JSON of format {doc['format_version']}, not {FORMAT}: raise FORMAT in "
            ".ci/public_items.py and the version of cargo-public-api in .ci/tools.sh together"
        )
    return doc
