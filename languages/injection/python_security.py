"""Weaknesses in Python that Bandit finds: what comes from outside is run, unpacked, parsed or shown.

The CWE numbers are Bandit's own.
"""

from __future__ import annotations

from languages.injection.python_injector import bandit, guarded, insertion, replaced, swapped

_QUERIES = (
    '''$new = §f"SELECT * FROM users WHERE name = '{$value}'"''',
    """$new = §"SELECT id, title FROM items WHERE owner = '%s'" % $value""",
    """$new = §"DELETE FROM sessions WHERE token = '" + $value + "'\"""",
    """$new = §"UPDATE users SET email = '{}' WHERE id = 1".format($value)""",
    '''$new = §f"INSERT INTO log (message) VALUES ('{$value}')"''',
)
#: A statement with one placeholder and one value: its parts, for a call that puts the value into the text itself.
_PARAMETRISED = (
    r"execute\(\s*([\"'])((?:SELECT\s[^\"'?%]*FROM|DELETE FROM|UPDATE|INSERT INTO)\s[^\"'?%{}]*)(?:\?|%s)"
    r"([^\"'?%{}]*)\1,\s*[(\[]([\w.]+),?[)\]]\s*\)$"
)
_SHELL = (
    '$new = §subprocess.run(f"ls -l {$value}", shell=True)',
    '§subprocess.call("grep -r %s ." % $value, shell=True)',
    '$new = §subprocess.check_output("cat " + $value, shell=True)',
    "$new = §subprocess.Popen($value, shell=True)",
)


INJECTORS = (
    bandit(
        "B101",
        "CWE-703",
        insertion(
            "§assert $value is not None",
            "§assert $value",
            'assert $value, "$value must not be empty"',
            "§assert isinstance($value, str)",
        ),
    ),
    bandit(
        "B102",
        "CWE-78",
        insertion(
            "§exec($value)", '§exec(f"print({$value})")', '§exec(compile($value, "<rule>", "exec"))', builtins="exec"
        ),
    ),
    bandit("B110", "CWE-703", guarded("§except Exception:\n    pass", "§except:\n    pass", builtins="Exception")),
    bandit(
        "B112", "CWE-703", guarded("§except Exception:\n    continue", "§except:\n    continue", builtins="Exception")
    ),
    bandit(
        "B202",
        "CWE-22",
        insertion(
            'with tarfile.open($value) as $new:\n    §$new.extractall("extracted")',
            "$new = tarfile.open($value)\n§$new.extractall()",
            imports="import tarfile",
            new="archive bundle",
        ),
        replaced(r",\s*filter=[\"'](?:data|tar)[\"']\)$", ")", imports="import tarfile$"),
    ),
    bandit(
        "B301",
        "CWE-502",
        insertion(
            "$new = §pickle.loads($value)",
            "$new = §pickle.load($value)",
            "$new = §pickle.Unpickler($value).load()",
            imports="import pickle",
            new="data state loaded",
        ),
        insertion("$new = §shelve.open($value)", imports="import shelve", new="store cache"),
        insertion("$new = §dill.loads($value)", imports="import dill", new="data state"),
    ),
    bandit(
        "B302",
        "CWE-502",
        insertion(
            "$new = §marshal.loads($value)", "$new = §marshal.load($value)", imports="import marshal", new="code data"
        ),
    ),
    bandit(
        "B307",
        "CWE-78",
        insertion(
            "$new = §eval($value)",
            '$new = §eval(f"{$value} + 1")',
            "§eval($value, {})",
            builtins="eval",
            new="result value number",
        ),
        replaced(r"^ast\.literal_eval(?=\()", "eval", imports="import ast$"),
    ),
    bandit(
        "B310",
        "CWE-22",
        insertion(
            "$new = §urlopen($value)",
            "$new = §urlopen($value).read()",
            imports="from urllib.request import urlopen",
            new="response page",
        ),
        insertion('§urlretrieve($value, "download.bin")', imports="from urllib.request import urlretrieve"),
    ),
    bandit(
        "B314",
        "CWE-20",
        insertion(
            "$new = §ET.fromstring($value)",
            "$new = §ET.parse($value)",
            "for $new in §ET.iterparse($value):\n    pass",
            imports="import xml.etree.ElementTree as ET",
            new="root tree element",
        ),
    ),
    bandit(
        "B317",
        "CWE-20",
        insertion(
            "§sax.parseString($value, sax.ContentHandler())",
            "$new = §sax.make_parser()",
            imports="from xml import sax",
            new="parser",
        ),
    ),
    bandit(
        "B318",
        "CWE-20",
        insertion(
            "$new = §minidom.parseString($value)",
            "$new = §minidom.parse($value)",
            imports="from xml.dom import minidom",
            new="document dom",
        ),
    ),
    bandit(
        "B319",
        "CWE-20",
        insertion(
            "$new = §pulldom.parseString($value)",
            "$new = §pulldom.parse($value)",
            imports="from xml.dom import pulldom",
            new="events stream",
        ),
    ),
    bandit(
        "B506",
        "CWE-20",
        insertion(
            "$new = §yaml.load($value)",
            "$new = §yaml.load($value, Loader=yaml.Loader)",
            "$new = §yaml.load($value, yaml.UnsafeLoader)",
            imports="import yaml",
            new="config settings data",
        ),
        swapped("yaml", "safe_load", "load"),
    ),
    bandit(
        "B601",
        "CWE-78",
        insertion(
            'client = paramiko.SSHClient()\n§client.exec_command(f"ls {$value}")',
            "client = paramiko.SSHClient()\n$new = §client.exec_command($value)[1]",
            imports="import paramiko",
            absent="client",
            new="output lines",
        ),
    ),
    bandit(
        "B602",
        "CWE-78",
        insertion(*_SHELL, imports="import subprocess", new="output process done"),
        replaced(
            r"(?<=[\w\"'\])])\)$",
            ", §shell=True)",
            imports="import subprocess$",
            unless=r"^(?!subprocess\.(?:run|call|Popen|check_call|check_output)\()|shell|\*|\(\w+=",
        ),
    ),
    bandit(
        "B604",
        "CWE-78",
        insertion(
            "$new = §psutil.Popen($value, shell=True)",
            '$new = §psutil.Popen(f"tail {$value}", shell=True)',
            imports="import psutil",
            new="process child",
        ),
        insertion(
            "$new = §gevent_subprocess.check_output($value, shell=True)",
            imports="from gevent import subprocess as gevent_subprocess",
            new="output",
        ),
    ),
    bandit(
        "B605",
        "CWE-78",
        insertion(
            '§os.system(f"rm -r {$value}")',
            '§os.system("ping -c 1 " + $value)',
            "$new = §os.popen($value).read()",
            '$new = §os.popen("wc -l %s" % $value)',
            imports="import os",
            new="status output",
        ),
        insertion(
            "$new = §subprocess.getoutput($value)",
            '$new = §subprocess.getstatusoutput("id " + $value)[1]',
            imports="import subprocess",
            new="output status",
        ),
    ),
    bandit(
        "B608",
        "CWE-89",
        insertion(*_QUERIES, new="query sql statement"),
        replaced(_PARAMETRISED, r"execute(§f\1\2{\4}\3\1)", r"execute(§\1\2%s\3\1 % \4)"),
    ),
    bandit(
        "B609",
        "CWE-155",
        insertion('§os.system("chown -R www-data *")', '§os.system("tar cf backup.tar *")', imports="import os"),
        insertion(
            '§subprocess.run("chmod 644 *", shell=True)',
            '§subprocess.call("rsync * backup:", shell=True)',
            imports="import subprocess",
        ),
    ),
    bandit(
        "B610",
        "CWE-89",
        insertion(
            """$new = §$value.extra(where=[f"name = '{$value}'"])""",
            """$new = §$value.extra(select={"total": "%s" % $value})""",
            new="rows matches",
        ),
    ),
    bandit(
        "B611",
        "CWE-89",
        insertion(
            '$new = §RawSQL("select %s" % $value, [])',
            '$new = §RawSQL(f"lower({$value})", ())',
            imports="from django.db.models.expressions import RawSQL",
            new="rank expression",
        ),
    ),
    bandit(
        "B614",
        "CWE-502",
        insertion(
            "$new = §torch.load($value)",
            '$new = §torch.load($value, map_location="cpu")',
            imports="import torch",
            new="weights checkpoint state",
        ),
    ),
)
