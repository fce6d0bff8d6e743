#!/usr/bin/env python3
"""Prints what the gate needs to know about the workspace, one item per line, from `cargo metadata`."""

import json
import subprocess
import sys

BACKENDS = ("secp256k1", "k256")


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in QUESTIONS:
        sys.exit(f"usage: packages.py {' | '.join(QUESTIONS)}")
    answer = list(QUESTIONS[sys.argv[1]](metadata()))
    if not answer:
        sys.exit(f"packages.py: no {sys.argv[1]} in the workspace")
    print("\n".join(answer))


def metadata() -> dict:
    return json.loads(
        subprocess.run(
            ["cargo", "metadata", "--no-deps", "--format-version=1"],
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    )


def clippy(metadata):
    """Yields arguments for clippy: everything at once with all features; then, separately and with the fewest
    features, each published package with its tests, and each example."""
    yield "--workspace --all-targets --all-features"
    for package in metadata["packages"]:
        alone = f"-p {package['name']}"
        few = " --no-default-features --features k256" if has_backend(package) else ""
        if package["publish"] != []:
            yield f"{alone} --all-targets{few}"
        elif "/examples/" in package["manifest_path"]:
            yield alone + few


def features(metadata):
    """Yields arguments for cargo-hack: each published package, always with a backend."""
    for package in published(metadata):
        backend = " --features k256" if has_backend(package) else ""
        yield f"-p {package['name']}{backend}"


def libraries(metadata):
    return [
        package
        for package in published(metadata)
        if any("lib" in target["kind"] for target in package["targets"])
    ]


def published(metadata):
    # `publish = false` is an empty list of registries; without the setting, it is null.
    return [package for package in metadata["packages"] if package["publish"] != []]


def version(metadata):
    """Returns the version that all published packages share and require of each other."""
    packages = published(metadata)
    versions = {package["version"] for package in packages}
    names = {package["name"] for package in packages}
    for package in packages:
        for dependency in package["dependencies"]:
            # A requirement of `*` is a dev-dependency by path, which is not part of the archive.
            if dependency["name"] in names and dependency["req"] != "*":
                versions.add(dependency["req"].removeprefix("^"))
    if len(versions) != 1:
        sys.exit(f"packages.py: several versions: {', '.join(sorted(versions))}")
    return versions


def has_backend(package) -> bool:
    return all(backend in package["features"] for backend in BACKENDS)


QUESTIONS = {
    "clippy": clippy,
    "features": features,
    "libraries": lambda metadata: [f"-p {package['name']}" for package in libraries(metadata)],
    "published": lambda metadata: [f"-p {package['name']}" for package in published(metadata)],
    "repository": lambda metadata: [published(metadata)[0]["repository"] or "unknown"],
    "target-dir": lambda metadata: [metadata["target_directory"]],
    "version": version,
    "with-backend": lambda metadata: [
        package["name"] for package in published(metadata) if has_backend(package)
    ],
}

if __name__ == "__main__":
    main()
