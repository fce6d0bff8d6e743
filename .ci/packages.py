#!/usr/bin/env python3
"""What the gate needs to know of the workspace, one answer a line, from `cargo metadata`."""

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
    """Arguments for clippy: everything at once with all features, then alone, with the fewest features, what users
    build alone: each published package with its tests, and each example."""
    yield "--workspace --all-targets --all-features"
    for package in metadata["packages"]:
        alone = f"-p {package['name']}"
        few = " --no-default-features --features k256" if has_backend(package) else ""
        if package["publish"] != []:
            yield f"{alone} --all-targets{few}"
        elif "/examples/" in package["manifest_path"]:
            yield alone + few


def features(metadata):
    """Arguments for cargo-hack: each published package, a backend always on."""
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
    # `publish = false` is an empty list of registries, no setting is null.
    return [package for package in metadata["packages"] if package["publish"] != []]


def version(metadata):
    """The version that all published packages share, and by which they require each other."""
    packages = published(metadata)
    versions = {package["version"] for package in packages}
    names = {package["name"] for package in packages}
    for package in packages:
        for dependency in package["dependencies"]:
            # A requirement of `*` is left out of the archive: a dev-dependency by path.
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
