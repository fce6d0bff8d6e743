"""Prints the official Python SDK's verdict on each token. Reads one JSON object per line from stdin,

  {"token": "...", "client_id": "..." | null, "now": 1700000000, "attachment": "..." | null}

one line a token on stdout, in order, as it goes: {"verdict": "ok" | "<exception class>"}.
The SDK knows no attachments, so that member is ignored.
"""

import json
import sys
import types

import magic_admin
import magic_admin.utils.time
from magic_admin.resources import Token


def verdict(token, client_id, now):
    magic_admin.client_id = client_id
    magic_admin.utils.time.time = types.SimpleNamespace(time=lambda: now)
    try:
        Token.validate(token)
    except Exception as error:
        return type(error).__name__
    return "ok"


for line in sys.stdin.buffer:
    asked = json.loads(line)
    said = verdict(asked["token"], asked["client_id"], asked["now"])
    print(json.dumps({"verdict": said}), flush=True)
