"""Drives the official Python SDK against the Admin API at $ENDPOINT with the key $SECRET_KEY:

  python admin.py [--issuer I] [--address A] [--token T] [--wallet TYPE] [--email E [--provider P]]

Runs every call that the given arguments allow, in a fixed order, and prints one line for each:
{"step": "...", "result": ...} or {"step": "...", "error": "<exception class>", "message": "..."}.
"""

import argparse
import json
import os

import magic_admin
import magic_admin.http_client
import magic_admin.magic
from magic_admin import Magic
from magic_admin.resources import WalletType
from magic_admin.resources.base import ResourceComponent


def main():
    endpoint, secret_key = os.environ["ENDPOINT"], os.environ["SECRET_KEY"]
    parser = argparse.ArgumentParser()
    for name in ("issuer", "address", "token", "wallet", "email", "provider"):
        parser.add_argument(f"--{name}")
    given = parser.parse_args()
    point_at(endpoint.rstrip("/"))

    def client_info():
        Magic(secret_key)
        return {"client_id": magic_admin.client_id}

    # The constructor fetches the client ID and fails with it, but the following steps still need an instance.
    known = step("client_info", client_info)
    magic = Magic(secret_key, client_id=known["client_id"] if known else "not known")
    user = magic.User

    def by(name, subject, call, *more):
        if subject is not None:
            step(name, lambda: call(subject, *more))

    by("token_validate", given.token, magic.Token.validate)
    by("metadata_by_issuer", given.issuer, user.get_metadata_by_issuer)
    by("metadata_by_public_address", given.address, user.get_metadata_by_public_address)
    by("metadata_by_token", given.token, user.get_metadata_by_token)
    if given.wallet is not None:
        wallet = WalletType(given.wallet)
        by("metadata_by_issuer_and_wallet", given.issuer, user.get_metadata_by_issuer_and_wallet, wallet)
        by(
            "metadata_by_public_address_and_wallet",
            given.address,
            user.get_metadata_by_public_address_and_wallet,
            wallet,
        )
        by("metadata_by_token_and_wallet", given.token, user.get_metadata_by_token_and_wallet, wallet)
    by("metadata_by_email", given.email, user.get_metadata_by_email, given.provider)
    by("metadata_by_public_addresses", given.address, lambda it: user.get_metadata_by_public_addresses([it]))
    by("logout_by_issuer", given.issuer, user.logout_by_issuer)
    by("logout_by_public_address", given.address, user.logout_by_public_address)
    by("logout_by_token", given.token, user.logout_by_token)
    by("remove_mfa_by_public_address", given.address, user.remove_mfa_by_public_address)


def point_at(endpoint):
    """Sends the SDK to another host.

    On import, the SDK copies its `base_url` globals into class attributes, so those must be changed. It reads
    `http_client.base_url` later, to determine the host for which connections are retried.
    """
    ResourceComponent._base_url = endpoint
    Magic.v1_client_info = endpoint + "/v1/admin/client"
    magic_admin.http_client.base_url = endpoint


def step(name, call):
    """Prints the result of the call and returns it, or None if it failed."""
    try:
        result = call()
    except Exception as error:
        outcome = {"error": type(error).__name__, "message": str(error)}
        result = None
    else:
        result = getattr(result, "data", result)
        outcome = {"result": result}
    print(json.dumps({"step": name, **outcome}), flush=True)
    return result


main()
