#!/usr/bin/env python3
"""Checks the rules of ARCHITECTURE.md: the dependencies between crates and between the rooms of `magic-admin`, no
circular dependencies between the files of a crate, and names that only certain files may use.

    python3 .ci/arrows.py              check the repository
    python3 .ci/arrows.py --self-test  check the checker
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# Room of `magic-admin` → rooms that it may use. `lib.rs` is the table of contents and may use all of them.
ROOMS = {
    "metrics": set(),
    "types": set(),
    "token": {"types"},
    "verified": {"token", "types"},
    "policy": {"types", "verified"},
    "cache": {"metrics", "token", "verified"},
    "revocation": {"metrics", "types", "verified"},
    "single_use": {"types", "verified"},
    "verify": {"cache", "metrics", "policy", "revocation", "single_use", "types", "verified"},
    "transport": {"metrics"},
    "client": {"metrics", "transport", "types"},
    "memo": set(),
    "gating": {"memo", "metrics", "transport", "types", "verified"},
    "magic": {
        "client", "gating", "memo", "metrics", "revocation", "single_use", "types", "verified", "verify",
    },
    # Contains only re-exports.
    "admin": {"client", "transport"},
    "dangerous": {"token", "verify"},
}

# Crate → our crates that it may use. Unpublished crates may use all of them.
CRATES = {
    "magic-admin": set(),
    "magic-admin-axum": {"magic-admin"},
    "magic-admin-testkit": {"magic-admin"},
    "magic-admin-redis": {"magic-admin"},
    "magic-admin-cli": {"magic-admin", "magic-admin-testkit"},
}
# Additional crates for tests, except those of `magic-admin`.
TESTS_OF_CRATES = {"magic-admin-testkit", "test-chain"}

# Names that only these files may use: (description, folder searched, pattern, files).
OWNED_NAMES = [
    (
        "a curve library",
        "crates/magic-admin/src",
        r"\b(?:secp256k1|k256)\s*::",
        {"crates/magic-admin/src/token/curve.rs"},
    ),
    (
        "the constructor of a proof",
        "crates/magic-admin/src",
        r"\bVerifiedToken\s*::\s*new\b",
        {"crates/magic-admin/src/verify/verifier.rs"},
    ),
    (
        "a status code",
        "crates/magic-admin-axum/src",
        r"\bStatusCode\s*::",
        {"crates/magic-admin-axum/src/rejection/table.rs"},
    ),
    (
        "the system's clock",
        "crates",
        r"\bSystemTime\s*::\s*now\b",
        # The first one judges tokens; the second one is for a `Retry-After` date without a `Date`.
        {"crates/magic-admin/src/types/clock.rs", "crates/magic-admin/src/transport/mod.rs"},
    ),
]


def main() -> None:
    self_test()
    if sys.argv[1:] == ["--self-test"]:
        return
    errors = [*check_crates(), *check_rooms(), *check_dangerous(), *check_owned_names()]
    for crate in sorted(Path(".").glob("crates/*")):
        errors += check_circles(crate / "src")
    if errors:
        sys.exit("\n".join(f"error: {error}" for error in errors))


def check_crates():
    metadata = json.loads(
        subprocess.run(
            ["cargo", "metadata", "--no-deps", "--format-version=1"],
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
    )
    ours = {package["name"] for package in metadata["packages"]}
    for package in metadata["packages"]:
        name = package["name"]
        if package["publish"] == []:
            continue
        if name not in CRATES:
            yield f"{name} is published and has no arrows: draw them in .ci/arrows.py"
            continue
        for dependency in package["dependencies"]:
            allowed = set(CRATES[name])
            if dependency["kind"] == "dev" and name != "magic-admin":
                allowed |= TESTS_OF_CRATES
            if dependency["name"] in ours - allowed:
                kind = dependency["kind"] or "normal"
                yield f"{name} must not depend on {dependency['name']} ({kind} dependency)"


def check_rooms():
    root = Path("crates/magic-admin/src")
    for source, targets in Files(root).uses.items():
        room = room_of(root, source)
        if room is None:
            continue
        if room not in ROOMS:
            yield f"{source}: the room `{room}` has no arrows: draw them in .ci/arrows.py"
            continue
        for other in sorted({room_of(root, target) for target in targets} - {room, None}):
            if other not in ROOMS[room]:
                yield f"{source}: {room} must not use {other}"


def room_of(root: Path, path: Path) -> str | None:
    first = path.relative_to(root).parts[0].removesuffix(".rs")
    return None if first == "lib" else first


def check_circles(root: Path):
    for circle in circles(Files(root).uses):
        names = " -> ".join(str(path.relative_to(root)) for path in [*circle, circle[0]])
        yield f"{root}: files use each other in a circle: {names}"


def check_dangerous():
    path = Path("crates/magic-admin/src/dangerous.rs")
    code = code_of(path)
    if re.search(r"\b(?:fn|struct|enum|trait|impl|mod)\b", code):
        yield f"{path}: holds more than re-exports"
    exported = {tree[-1] for _, tree in use_paths(code)}
    for _, tree in use_paths(code_of(path.with_name("lib.rs"))):
        if tree[-1] in exported:
            yield f"{path.with_name('lib.rs')}: `{tree[-1]}` skips a check: only `dangerous` may export it"


def check_owned_names():
    for what, folder, pattern, owners in OWNED_NAMES:
        used = {str(path) for path in sources(Path(folder)) if re.search(pattern, code_of(path))}
        for path in sorted(used - owners):
            yield f"{path}: only {' and '.join(sorted(owners))} may name {what}"
        for path in sorted(owners - used):
            yield f"{path} does not name {what} any more: mend .ci/arrows.py"


class Files:
    """Returns the files that each file of a crate uses. A re-export counts as a use of the file that
    defines the item; the re-exporting `mod.rs` and `lib.rs` do not count as users."""

    def __init__(self, root: Path):
        self.modules = {module_of(root, path): path for path in sources(root)}
        code = {module: code_of(path) for module, path in self.modules.items()}
        self.exports = {
            (module, tree[-1]): tree
            for module, text in code.items()
            for exported, tree in use_paths(text)
            if exported
        }
        self.uses = {
            path: {
                target
                for tree in self.paths(module, code[module])
                if (target := self.file_of(tree)) not in (None, path)
            }
            for module, path in self.modules.items()
        }

    def paths(self, module, code):
        for exported, tree in use_paths(code):
            if not exported:
                yield self.absolute(module, tree)
        for match in re.finditer(r"(?<![\w:])(?:crate|super)(?:::\w+)+", without_uses(code)):
            yield self.absolute(module, tuple(match.group().split("::")))

    def absolute(self, module, tree):
        if tree[0] == "crate":
            return tree[1:]
        while tree and tree[0] in ("self", "super"):
            module = module if tree[0] == "self" else module[:-1]
            tree = tree[1:]
            if module + tree[:1] in self.modules or not tree or tree[0] != "super":
                return module + tree
        # A bare name is a child module or another crate.
        return module + tree if module + tree[:1] in self.modules else None

    def file_of(self, tree, depth=8):
        if tree is None or depth == 0:
            return None
        module = next(
            (tree[:end] for end in range(len(tree), -1, -1) if tree[:end] in self.modules), ()
        )
        name = tree[len(module)] if len(module) < len(tree) else None
        exported = self.exports.get((module, name))
        if exported:
            return self.file_of(self.absolute(module, exported), depth - 1)
        return self.modules.get(module)


def circles(uses):
    """Returns the strongly connected components with more than one file (Tarjan's algorithm)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(uses.get(node, ())):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            at = stack.index(node)
            component = stack[at:]
            del stack[at:]
            if len(component) > 1:
                found.append(component)

    for node in sorted(uses):
        if node not in index:
            visit(node)
    return found


def sources(folder: Path):
    return [path for path in sorted(folder.rglob("*.rs")) if "target" not in path.parts]


def module_of(root: Path, path: Path) -> tuple[str, ...]:
    """`token/claims.rs` → (token, claims); `token/mod.rs` → (token,); `lib.rs` → ()."""
    parts = path.relative_to(root).with_suffix("").parts
    return parts[:-1] if parts[-1] in ("mod", "lib", "main") else parts


def code_of(path: Path) -> str:
    return without_tests(NOT_CODE.sub(" ", path.read_text(encoding="utf-8")))


NOT_CODE = re.compile(
    r"""
      //[^\n]*
    | /\*.*?\*/
    | \b[bc]?r(\#*)".*?"\1
    | [bc]?"(?:\\.|[^"\\])*"
    | b?'(?:\\(?:x..|u\{[^}]*\}|.)|[^'\\])'
    """,
    re.VERBOSE | re.DOTALL,
)


def without_tests(code: str) -> str:
    """Removes inline `#[cfg(test)]` modules. Only the configuration `test` is recognised."""
    while match := TEST_MODULE.search(code):
        code = code[: match.start()] + code[closing_brace(code, match.end() - 1) :]
    return code


TEST_MODULE = re.compile(
    r"#\[cfg\((?:test|all\(test\b[^\]]*\))\)\]\s*(?:#\[[^\]]*\]\s*)*mod\s+\w+\s*\{"
)


def closing_brace(code: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(code)):
        depth += {"{": 1, "}": -1}.get(code[position], 0)
        if depth == 0:
            return position + 1
    return len(code)


USE = re.compile(r"\b(pub(?:\([^)]*\))?\s+)?use\s+([^;]*);")


def use_paths(code: str):
    """Yields every path of every `use`, and whether it is a re-export: `use a::{b, c::D}` → a::b, a::c::D."""
    for match in USE.finditer(code):
        for tree in leaves(re.sub(r"\s+", " ", match.group(2).strip())):
            yield bool(match.group(1)), tree


def leaves(tree: str):
    head, brace, rest = tree.partition("{")
    prefix = tuple(part.strip() for part in head.split("::") if part.strip())
    if not brace:
        yield (*prefix[:-1], prefix[-1].split(" as ")[0])
        return
    depth, start, body = 0, 0, rest.rstrip()[:-1]
    for position, character in enumerate(body + ","):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            part = body[start:position].strip()
            start = position + 1
            if part == "self":
                yield prefix
            elif part:
                yield from (prefix + leaf for leaf in leaves(part))


def without_uses(code: str) -> str:
    return USE.sub("", code)


def self_test() -> None:
    def uses(files):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, code in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(code, encoding="utf-8")
            found = Files(root).uses
            names = lambda paths: sorted(str(path.relative_to(root)) for path in paths)
            return {names([path])[0]: names(targets) for path, targets in found.items()}, [
                names(circle) for circle in circles(found)
            ]

    tree = {
        "lib.rs": "mod a; mod b; pub use a::A;",
        "a/mod.rs": "mod one; mod two; pub use one::A; pub(crate) use two::Two;",
        "a/one.rs": "use super::Two; pub struct A(crate::b::B);",
        "a/two.rs": "// use crate::b::B;\nconst S: &str = \"crate::b\"; pub struct Two;",
        "b.rs": "use std::fmt; pub struct B; #[cfg(test)] mod tests { use crate::A; }",
    }
    edges, found = uses(tree)
    assert edges["a/one.rs"] == ["a/two.rs", "b.rs"] and edges["b.rs"] == [], edges
    assert edges["lib.rs"] == edges["a/mod.rs"] == edges["a/two.rs"] == [] and not found, edges
    # A deliberate circle, through re-exports and other files.
    edges, found = uses({**tree, "b.rs": "use crate::a::Two as T; pub struct B;", "a/two.rs": "use crate::A;"})
    assert found == [["a/one.rs", "a/two.rs", "b.rs"]], (edges, found)
    assert [*leaves("crate::{a::B, c::{self, D as E}}")] == [
        ("crate", "a", "B"),
        ("crate", "c"),
        ("crate", "c", "D"),
    ]
    assert "K" not in without_tests('#[cfg(all(test, feature = ""))]\nmod tests { K }')
    assert "K" in without_tests("#[cfg(not(test))]\nmod tests { K }")


if __name__ == "__main__":
    main()
