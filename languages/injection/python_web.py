"""Weaknesses in Python that Bandit finds: pages without escaping, careless requests, servers and connections.

The CWE numbers are Bandit's own.
"""

from __future__ import annotations

from languages.injection.python_injector import bandit, insertion, replaced, swapped

_OTHER_CALL = r"^(?!requests\.(?:get|post|put|patch|delete|head|options|request)\()"

INJECTORS = (
    bandit(
        "B104",
        "CWE-605",
        insertion('$new = §"0.0.0.0"', '$new = (§"0.0.0.0", 8080)', new="host address bind_to"),
        replaced(r"^[\"'](?:127\.0\.0\.1|localhost)[\"']$", '"0.0.0.0"', kind="string"),
    ),
    bandit(
        "B113",
        "CWE-400",
        insertion(
            "$new = §requests.get($value)",
            "$new = §requests.post($value, json={})",
            '$new = §requests.get("https://example.org/items").json()',
            imports="import requests",
            new="response reply data",
        ),
        replaced(r",\s*timeout=[\w.]+\)$", ")", imports="import requests$", unless=_OTHER_CALL),
    ),
    bandit(
        "B201",
        "CWE-94",
        insertion(
            "$new = Flask(__name__)\n§$new.run(debug=True)",
            '$new = Flask(__name__)\n§$new.run(host="localhost", debug=True)',
            imports="from flask import Flask",
            new="app application",
        ),
        replaced(r"(?<=\.run\()\)$", "debug=True)", imports="(from flask )?import [Ff]lask$"),
        replaced(r"(?<=debug=)False(?=[,)])", "True", imports="(from flask )?import [Ff]lask$"),
    ),
    bandit(
        "B308",
        "CWE-79",
        insertion(
            "$new = §mark_safe($value)",
            '$new = §mark_safe(f"<p>{$value}</p>")',
            '$new = §mark_safe("<b>%s</b>" % $value)',
            imports="from django.utils.safestring import mark_safe",
            new="html body",
        ),
    ),
    bandit(
        "B312",
        "CWE-319",
        insertion(
            "$new = §telnetlib.Telnet($value)",
            '$new = §telnetlib.Telnet("router", 23)',
            imports="import telnetlib",
            new="session connection",
        ),
    ),
    bandit(
        "B321",
        "CWE-319",
        insertion(
            "$new = §ftplib.FTP($value)",
            '$new = §ftplib.FTP("ftp.example.org")',
            imports="import ftplib",
            new="ftp connection",
        ),
    ),
    bandit(
        "B323",
        "CWE-295",
        insertion("$new = §ssl._create_unverified_context()", imports="import ssl", new="context tls"),
        swapped("ssl", "create_default_context", "_create_unverified_context"),
    ),
    bandit(
        "B501",
        "CWE-295",
        insertion(
            "$new = §requests.get($value, verify=False, timeout=10)",
            "$new = §requests.post($value, json={}, verify=False, timeout=10)",
            imports="import requests",
            new="response reply",
        ),
        replaced(r"(?<=[\w\"'\])])\)$", ", verify=False)", imports="import requests$", unless=f"{_OTHER_CALL}|verify"),
    ),
    bandit(
        "B502",
        "CWE-327",
        insertion(
            "$new = §ssl.wrap_socket($value, ssl_version=ssl.PROTOCOL_SSLv3)",
            "$new = §ssl.wrap_socket($value, ssl_version=ssl.PROTOCOL_TLSv1)",
            imports="import ssl",
            new="secured channel",
        ),
    ),
    bandit(
        "B504", "CWE-327", insertion("$new = §ssl.wrap_socket($value)", imports="import ssl", new="secured channel")
    ),
    bandit(
        "B507",
        "CWE-295",
        insertion(
            "$new = paramiko.SSHClient()\n§$new.set_missing_host_key_policy(paramiko.AutoAddPolicy())",
            "$new = paramiko.SSHClient()\n§$new.set_missing_host_key_policy(paramiko.WarningPolicy)",
            imports="import paramiko",
            new="client ssh",
        ),
        replaced(r"paramiko\.RejectPolicy", "paramiko.AutoAddPolicy", imports="import paramiko$"),
    ),
    bandit(
        "B508",
        "CWE-319",
        insertion(
            '$new = §CommunityData("public", mpModel=0)',
            "$new = §CommunityData($value, mpModel=1)",
            imports="from pysnmp.hlapi import CommunityData",
            new="community",
        ),
    ),
    bandit(
        "B701",
        "CWE-94",
        insertion(
            "$new = §jinja2.Environment(autoescape=False)",
            "$new = §jinja2.Environment()",
            imports="import jinja2",
            new="environment env templates",
        ),
        replaced(
            r"autoescape=(?:True|select_autoescape\([^()]*\))",
            "autoescape=False",
            imports="import jinja2$|from jinja2 import Environment$",
        ),
    ),
    bandit(
        "B702",
        "CWE-80",
        insertion(
            "$new = §Template($value)",
            "$new = §Template($value).render()",
            imports="from mako.template import Template",
            new="page template",
        ),
    ),
    # A name alone, or put in with `%`, may hold a constant as far as Bandit can see; then it says nothing.
    bandit(
        "B703",
        "CWE-80",
        insertion(
            '$new = §safestring.mark_safe("<b>" + $value + "</b>")',
            '$new = §safestring.mark_safe(f"<i>{$value}</i>")',
            imports="from django.utils import safestring",
            new="html label",
        ),
    ),
    bandit(
        "B704",
        "CWE-79",
        insertion(
            '$new = §Markup(f"<b>{$value}</b>")',
            "$new = §Markup($value)",
            '$new = §Markup("<p>%s</p>" % $value)',
            imports="from markupsafe import Markup",
            new="html body",
        ),
    ),
)
