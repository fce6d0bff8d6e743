#!/usr/bin/env python3
"""Writes the seed corpus of every target, from the vectors and from known responses of Magic's API."""

import base64
import json
from pathlib import Path

ROOT = Path(__file__).parent

# Values at the edges of the curve's field and group.
NUMBERS = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000001",
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",  # n − 1
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",  # n
    "000000000000000000000000000000014551231950b75fc4402da1722fc9baed",  # p − n − 1
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",  # p
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]

# Responses that the Admin API and the infrastructure in front of it are known to send.
BODIES = [
    '{"client_id":"id","app_scope":"GLOBAL"}',
    '{"data":{"client_id":"id"},"error_code":"","message":"","status":"ok"}',
    '{"issuer":"did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf","public_address":"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf","email":"someone@example.com","oauth_provider":null,"phone_number":null,"username":null,"wallets":[{"network":"MAINNET","public_address":"x","wallet_type":"SOLANA"}]}',
    '{"data":[{"issuer":"did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"}],"status":"ok"}',
    '{"data":{},"error_code":"MISSING_REQUIRED_FIELDS","message":"someone@example.com","status":"failed"}',
    '{"detail":[{"type":"missing","loc":["body","issuer"],"msg":"Field required","input":{}}]}',
    '{"error":{"code":"FORBIDDEN","message":"not for sk_live_0123456789ABCDEF"}}',
    '{"error_code":"X","message":"y"}',
    "<html>502 Bad Gateway</html>",
    "",
]


def main() -> None:
    vectors = json.loads((ROOT / "../tests/vectors/did-tokens.json").read_text(encoding="utf-8"))
    for number, vector in enumerate(vectors):
        for target, part, seed in of_token(vector["token"]):
            write(target, f"vector-{number}-{part}", seed)
    for i, r in enumerate(NUMBERS):
        for j, s in enumerate(NUMBERS):
            write("backends", f"boundary-{i}-{j}", bytes.fromhex(r + s) + b"\x01subject")
    # Each response to every call, with several statuses.
    for number, body in enumerate(BODIES):
        for call in range(10):
            for mark, status in [(0, 0), (0x80, 0), (0x80, 200), (0x80, 229), (0x80, 302)]:
                head = bytes([call | mark]) + status.to_bytes(2, "little") + b"\0"
                write("api_answers", f"answer-{number}-{call}-{mark}-{status}", head + body.encode())


def of_token(token: str):
    """Yields a token and its contents, as far as they can be decoded."""
    text = token.encode()
    yield "decode", "token", b"\0" + text
    yield "header", "token", b"Bearer " + text
    try:
        # Tolerate the defects in base64 of some vectors.
        standard = text.replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        outer = base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True)
    except ValueError:
        return
    yield "decode", "json", b"\x01" + outer
    try:
        proof, claim = json.loads(outer)
        claim = claim.encode()
    except (AttributeError, TypeError, ValueError):
        return
    yield "decode", "claim", b"\x05" + claim
    yield "verify", "claim", b"\0" + claim
    yield "verify", "attachment", b"\x01" + claim
    try:
        signature = bytes.fromhex(proof.removeprefix("0x"))
    except (AttributeError, ValueError):
        return
    if len(signature) == 65:
        yield "backends", "proof", signature[:64] + bytes([signature[64] == 28]) + b"subject"


def write(target: str, name: str, seed: bytes) -> None:
    folder = ROOT / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(seed)


if __name__ == "__main__":
    main()
