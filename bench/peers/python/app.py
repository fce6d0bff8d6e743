"""Serves GET /me behind the official SDK: CLIENT_ID=... gunicorn app:app."""

import os

import magic_admin
from flask import Flask, abort, request
from magic_admin.error import MagicError
from magic_admin.resources import Token
from magic_admin.utils.http import parse_authorization_header_value

magic_admin.client_id = os.environ["CLIENT_ID"]
app = Flask(__name__)


@app.get("/me")
def me():
    token = parse_authorization_header_value(request.headers["Authorization"])
    try:
        Token.validate(token)
    except MagicError:
        abort(401)
    return "ok"
