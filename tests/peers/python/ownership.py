"""Prints the official Python SDK's verdict on the ownership of NFTs. Reads one JSON object per line from stdin,

  {"token", "client_id", "now", "contract", "contract_type", "token_id": any | null, "rpc_url"}

one line each on stdout, in order: {"verdict": "valid" | "<error_code>" | "error"}.
"""

import json
import sys
import types

import magic_admin
import magic_admin.utils.time
from magic_admin.resources.utils import Utils


def verdict(asked):
    magic_admin.client_id = asked["client_id"]
    magic_admin.utils.time.time = types.SimpleNamespace(time=lambda: asked["now"])
    try:
        answer = Utils().validate_token_ownership(
            asked["token"],
            asked["contract"],
            asked["contract_type"],
            asked["rpc_url"],
            asked["token_id"],
        )
    except Exception:
        return "error"
    return "valid" if answer["valid"] else answer["error_code"]


for line in sys.stdin.buffer:
    print(json.dumps({"verdict": verdict(json.loads(line))}), flush=True)
