#!/usr/bin/env python3
"""Checks who may know whom: between the crates, between the rooms of the core, and the few names
that belong to one file. Test modules count: a test in a room sees no more than the room.

    python3 .ci/arrows.py              check the repository
    python3 .ci/arrows.py --self-test  check the checker
"""

import json
import re
import subprocess
import sys
from pathlib import Path

# Room → rooms that it may use. `lib.rs` is the table of contents and sees all of them.
ROOMS = {
    "types": set(),
    "token": {"types"},
    "verify": {"token", "types"},
    "transport": set(),
    "client": {"transport", "types"},
    "magic": {"client", "types", "verify"},
    "dangerous": {"token", "verify"},
}

# Crate → crates of ours that it may use. Everything that is not published may use all of them.
CRATES = {
    "magic-admin": set(),
    "magic-admin-axum": {"magic-admin"},
    "magic-admin-testkit": {"magic-admin"},
    "magic-admin-redis": {"magic-admin"},
    "magic-admin-cli": {"magic-admin", "magic-admin-testkit"},
}
# Besides these, in tests; never in the core's.
TESTS_OF_CRATES = {"magic-admin-testkit"}

# Names that only these files may use: (what it is, folder searched, pattern, files).
OWNED_NAMES = [
    (
        "a curve library",
        "crates/magic-admin/src",
        re.compile(r"\b(?:secp256k1|k256)\s*::"),
        {"crates/magic-admin/src/token/curve.rs"},
    ),
    (
        "a status code",
        "crates/magic-admin-axum/src",
        re.compile(r"\bStatusCode\s*::"),
        {"crates/magic-admin-axum/src/rejection.rs"},
    ),
    (
        "the system's clock",
        "crates",
        re.compile(r"\bSystemTime\s*::\s*now\b"),
        # Tokens are judged by the first; the second is for a `Retry-After` date without a `Date`.
        {
            "crates/magic-admin/src/verify/clock.rs",
            "crates/magic-admin/src/transport/mod.rs",
        },
    ),
]


def main() -> None:
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    self_test()
    errors = [*check_crates(), *check_rooms(), *check_dangerous(), *check_owned_names()]
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
    exported = rooms_of_exports(strip(read(root / "lib.rs")))
    for path in sources(root):
        module = module_path(path.relative_to(root))
        if not module:
            continue
        room = module[0]
        if room not in ROOMS:
            yield f"{path}: the room `{room}` has no arrows: draw them in .ci/arrows.py"
            continue
        for line, name in uses(strip(read(path)), module):
            target = exported.get(name, name)
            if target == "*":
                yield f"{path}:{line}: names the whole crate: name the rooms"
            elif target not in ROOMS:
                yield f"{path}:{line}: `crate::{name}` is in no room"
            elif target != room and target not in ROOMS[room]:
                yield f"{path}:{line}: {room} must not use {target} (`crate::{name}`)"


def check_dangerous():
    root = Path("crates/magic-admin/src")
    dangerous = strip(read(root / "dangerous.rs"))
    if re.search(r"\b(?:fn|struct|enum|trait|impl|mod)\b", dangerous):
        yield f"{root}/dangerous.rs: holds more than re-exports"
    names = {name for tree in re.findall(r"\buse\b([^;]*);", dangerous) for name in leaves(tree)}
    if not names:
        yield f"{root}/dangerous.rs: re-exports nothing"
    for name in sorted(names & set(rooms_of_exports(strip(read(root / "lib.rs"))))):
        yield f"{root}/lib.rs: `{name}` skips a check: only `dangerous` may export it"


def check_owned_names():
    for what, folder, pattern, owners in OWNED_NAMES:
        used = set()
        for path in sources(Path(folder)):
            for match in pattern.finditer(without_tests(strip(read(path)))):
                used.add(str(path))
                if str(path) not in owners:
                    line = line_of(read(path), match.start())
                    yield f"{path}:{line}: only {' and '.join(sorted(owners))} may name {what}"
        for owner in sorted(owners - used):
            yield f"{owner} does not name {what} any more: mend .ci/arrows.py"


def sources(folder: Path):
    return [path for path in sorted(folder.rglob("*.rs")) if "target" not in path.parts]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def module_path(path: Path) -> list[str]:
    """`token/claims.rs` → [token, claims]; `lib.rs` → []."""
    parts = list(path.with_suffix("").parts)
    return parts[:-1] if parts[-1] in ("mod", "lib") else parts


def strip(code: str) -> str:
    """Blanks comments and literals, keeping every line where it is."""

    def blank(match: re.Match) -> str:
        return re.sub(r"[^\n]", " ", match.group())

    return NOT_CODE.sub(blank, code)


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


def without_tests(stripped: str) -> str:
    """Blanks inline `#[cfg(test)]` modules; `test` is the only configuration looked for."""
    out, start = stripped, 0
    while match := TEST_MODULE.search(out, start):
        end = closing_brace(out, match.end() - 1)
        blanked = re.sub(r"[^\n]", " ", out[match.start() : end])
        out, start = out[: match.start()] + blanked + out[end:], end
    return out


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


def uses(stripped: str, module: list[str]):
    """Every name at the crate's root that the code names, with its line."""
    for match in PATH_START.finditer(stripped):
        rest = stripped[match.end() :]
        if match.group(1) != "crate":
            nesting = len(inline_modules(stripped, match.start()))
            if match.group(1).count("super") < len(module) + nesting:
                continue
        for name in heads(rest):
            yield line_of(stripped, match.start()), name


# `$crate::` of a macro too.
PATH_START = re.compile(r"(?<![\w:])(crate|super(?:\s*::\s*super)*)\s*::\s*")


def inline_modules(stripped: str, position: int) -> list[str]:
    found = []
    for match in re.finditer(r"\bmod\s+(\w+)\s*\{", stripped):
        if match.end() <= position < closing_brace(stripped, match.end() - 1):
            found.append(match.group(1))
    return found


def heads(tree: str) -> list[str]:
    """First names of a use tree: `{a::{b, c}, d as e}` → a, d."""
    if not tree.startswith("{"):
        match = re.match(r"(?:r#)?(\w+|\*)", tree)
        return [match.group(1)] if match else []
    return [name for part in split_group(tree) for name in heads(part)]


def leaves(tree: str) -> list[str]:
    """Last names of a use tree, as they are called afterwards."""
    tree = tree.strip()
    if "{" in tree:
        return [name for part in split_group(tree[tree.index("{") :]) for name in leaves(part)]
    return re.findall(r"(\w+|\*)\s*$", tree)


def split_group(tree: str) -> list[str]:
    body = tree[1 : closing_brace(tree, 0) - 1]
    parts, depth, start = [], 0, 0
    for position, character in enumerate(body + ","):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(body[start:position].strip())
            start = position + 1
    return [part for part in parts if part]


def rooms_of_exports(lib: str) -> dict[str, str]:
    """`pub use token::{DidToken}` → {DidToken: token}."""
    exported = {}
    for tree in re.findall(r"\bpub(?:\([^)]*\))?\s+use\s+([^;]*);", lib):
        tree = re.sub(r"^(?:crate|self)\s*::\s*", "", tree)
        exported.update((name, heads(tree)[0]) for name in leaves(tree))
    return exported


def line_of(code: str, position: int) -> int:
    return code.count("\n", 0, position) + 1


def self_test() -> None:
    def names(code, *module):
        return sorted({name for _, name in uses(strip(code), list(module))})

    assert names("use crate::{types::{A, B}, verify};", "token") == ["types", "verify"]
    assert names("fn f() -> crate::verify::V {}", "token", "x") == ["verify"]
    assert names("// crate::a\n/* crate::b */ let s = \"crate::c\"; 'x'; r#\"crate::d\"#", "t") == []
    assert names("use super::{DecodeError, curve};", "token", "proof") == []
    assert names("use super::verify::V;", "token") == ["verify"]
    assert names("use super::super::verify::V;", "token", "proof") == ["verify"]
    assert names("mod tests { use super::*; use super::super::x; }", "token", "proof") == []
    assert names("mod tests { use super::super::super::verify; }", "token", "proof") == ["verify"]
    assert names("pub(crate) fn f(c: &'static str, d: char) { g('\\'', crate::client::X) }", "t") == ["client"]
    assert leaves("crate::{a::B, c::{D, E as F}}") == ["B", "D", "F"]
    assert rooms_of_exports("pub use token::{A, b::C}; pub use types::D;") == {
        "A": "token",
        "C": "token",
        "D": "types",
    }
    hidden = without_tests("a\n#[cfg(test)]\nmod tests { fn f() { StatusCode::OK } }\nb")
    assert "StatusCode" not in hidden and hidden.count("\n") == 3
    assert "K" not in without_tests('#[cfg(all(test, feature = ""))]\nmod tests { K }')
    assert "K" in without_tests("#[cfg(not(test))]\nmod tests { K }")


if __name__ == "__main__":
    main()
