"""Weaknesses in Python that Bandit finds: secrets in the code, weak cryptography, careless networks and files.

The CWE numbers are Bandit's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from languages.injection.planting import Edit
from languages.injection.python_code import PythonCode
from languages.injection.python_injector import bandit, insertion, is_on_one_line, replaced, swapped
from languages.injection.python_signatures import extra_parameter

_SECRETS = ("hunter2", "s3cr3t-Pa55", "changeme", "correct-horse-battery", "admin123", "x8Kp-22fQ-aa91")
_SECRET_NAMES = ("password", "token", "secret", "db_password", "auth_token", "pwd")
_CIPHERS = "from cryptography.hazmat.primitives.ciphers import "
_ASYMMETRIC = "from cryptography.hazmat.primitives.asymmetric import "


def _known_password(code: PythonCode) -> Iterator[Edit]:
    """`password = read_secret()` to `password = "hunter2"`."""
    for number, (node, _) in enumerate(code.found("assignment")):
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        if left is None or right is None or right.type not in ("call", "subscript", "none", "identifier", "attribute"):
            continue
        name = code.slice(left).lower()
        is_secret = any(word in name for word in ("password", "passwd", "secret", "token"))
        if is_secret and left.type == "identifier" and len(node.children) == 3 and is_on_one_line(node):
            yield Edit(*code.span(right), f'"{_SECRETS[number % len(_SECRETS)]}"')


def _each(template: str, *texts: str) -> tuple[str, ...]:
    return tuple(template.replace("$text", text) for text in texts)


INJECTORS = (
    bandit(
        "B103",
        "CWE-732",
        insertion(
            "§os.chmod($value, 0o777)",
            "§os.chmod($value, 0o666)",
            '§os.chmod("settings.ini", 0o777)',
            imports="import os",
        ),
        replaced(r"chmod\(([^(),]+), 0o[0-7]+\)$", r"chmod(\1, 0o777)", imports="import os$"),
    ),
    bandit(
        "B105",
        "CWE-259",
        insertion(*_each('$new = §"$text"', *_SECRETS), new="password db_password secret api_token admin_password"),
        insertion(*_each('if $value == "admin":\n    $new = §"$text"', *_SECRETS), new="password token"),
        _known_password,
    ),
    bandit(
        "B106",
        "CWE-259",
        insertion(
            *_each('$new = §psycopg2.connect(host="db", user="app", password="$text")', *_SECRETS[:3]),
            imports="import psycopg2",
            new="connection database",
        ),
        insertion(
            *_each('$new = §pymysql.connect(user="root", password="$text")', *_SECRETS[3:]),
            imports="import pymysql",
            new="connection database",
        ),
        insertion(
            *_each('$new = §dict(user=$value, password="$text")', *_SECRETS), new="credentials login", builtins="dict"
        ),
    ),
    bandit(
        "B107",
        "CWE-259",
        extra_parameter(*(f'{name}="{text}"' for name in _SECRET_NAMES for text in _SECRETS), of_plain_function=True),
    ),
    bandit(
        "B108",
        "CWE-377",
        insertion(
            '$new = §"/tmp/cache.json"',
            '$new = §"/var/tmp/session.db"',
            '$new = open(§"/tmp/output.txt", "w")',
            '$new = §f"/tmp/{$value}.lock"',
            new="path cache_file target",
        ),
    ),
    bandit(
        "B304",
        "CWE-327",
        insertion("$new = §ARC4.new($value)", imports="from Cryptodome.Cipher import ARC4", new="cipher encryptor"),
        insertion("$new = §DES.new($value, DES.MODE_CBC)", imports="from Cryptodome.Cipher import DES", new="cipher"),
        insertion("$new = §Blowfish.new($value)", imports="from Cryptodome.Cipher import Blowfish", new="cipher"),
        insertion(
            "$new = §algorithms.ARC4($value)",
            "$new = §algorithms.Blowfish($value)",
            imports=f"{_CIPHERS}algorithms",
            new="algorithm cipher",
        ),
    ),
    bandit("B305", "CWE-327", insertion("$new = §modes.ECB()", imports=f"{_CIPHERS}modes", new="mode")),
    bandit(
        "B306",
        "CWE-377",
        insertion(
            "$new = §tempfile.mktemp()",
            '$new = §tempfile.mktemp(suffix=".csv")',
            imports="import tempfile",
            new="path scratch target",
        ),
        swapped("tempfile", "mkdtemp", "mktemp"),
    ),
    bandit(
        "B311",
        "CWE-330",
        insertion(
            "$new = §random.randint(100000, 999999)",
            '$new = §random.choice("abcdef0123456789")',
            "$new = §random.random()",
            "$new = str(§random.getrandbits(64))",
            imports="import random",
            new="code token key nonce",
        ),
    ),
    bandit(
        "B324",
        "CWE-327",
        insertion(
            "$new = §hashlib.md5($value).hexdigest()",
            "$new = §hashlib.sha1($value).hexdigest()",
            "$new = §hashlib.md5($value.encode())",
            '$new = §hashlib.new("md5", $value)',
            imports="import hashlib",
            new="digest checksum hashed",
        ),
        *(swapped("hashlib", better, "md5", "sha1") for better in ("sha256", "sha512", "sha384", "blake2b")),
    ),
    bandit("B402", "CWE-319", insertion("§import ftplib", absent="ftplib")),
    bandit("B403", "CWE-502", insertion("§import pickle", absent="pickle")),
    bandit("B404", "CWE-78", insertion("§import subprocess", absent="subprocess")),
    bandit("B411", "CWE-20", insertion("§import xmlrpc.client", "§from xmlrpc import client", absent="xmlrpc client")),
    bandit(
        "B505",
        "CWE-326",
        insertion(
            "$new = §rsa.generate_private_key(public_exponent=65537, key_size=1024)",
            "$new = §rsa.generate_private_key(65537, 512)",
            imports=f"{_ASYMMETRIC}rsa",
            new="key private_key",
        ),
        insertion("$new = §dsa.generate_private_key(1024)", imports=f"{_ASYMMETRIC}dsa", new="key"),
        replaced(r"(?<=key_size=)(?:2048|3072|4096)\b", "1024", imports=f"{_ASYMMETRIC}rsa$"),
    ),
    bandit(
        "B612",
        "CWE-94",
        insertion(
            "$new = §logging.config.listen(9999)",
            "§logging.config.listen()",
            imports="import logging.config",
            absent="logging",
            new="listener thread",
        ),
    ),
    bandit(
        "B615",
        "CWE-494",
        insertion(
            "$new = §AutoModel.from_pretrained($value)", imports="from transformers import AutoModel", new="model"
        ),
    ),
)
