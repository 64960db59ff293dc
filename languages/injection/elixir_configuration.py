"""Sobelow's violations in configuration files: a secret that is written down, an endpoint without HTTPS.

The checker looks at files of a certain name alone, so each injector says which (`file`).
"""

from __future__ import annotations

from collections.abc import Iterator

from languages.injection.code_text import MARK, Violation
from languages.injection.elixir_places import ElixirCode, ElixirFinder, read_elixir
from languages.injection.planting import Edit
from languages.outline import elixir_nodes

_PRODUCTION = "config/prod.exs"
#: Keys of secrets, and what a person writes there; letters that mean nothing.
_SECRETS = {
    "secret_key_base": "p3X9vQ7rT1mK5sW8zB2nD6fH4jL0cY3gU7aE1oI5rS9tV2xN6qM8wP4kJ0bZ",
    "password": "Sup3rL0ng!Pass",
    "api_key": "k7Qm2Zr9Xv4Tn8Wb",
    "client_secret": "b41f09d2c8e7",
}
_READS = ("System.get_env", "System.fetch_env!")


def _configuration(check: str, find: ElixirFinder) -> Violation[ElixirCode]:
    return Violation("elixir", "sobelow", check, read_elixir, find, file=_PRODUCTION)


def _written_secrets(code: ElixirCode) -> Iterator[Edit]:
    """A secret in place of one that is read from the environment, or a secret more."""
    for pair in code.of("pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        name = "" if key is None else code.shown(key).strip().removesuffix(":")
        if value is not None and name in _SECRETS and code.dotted(value) in _READS:
            yield code.replaced(pair, f'{name}: "{_SECRETS[name]}"')
    for call in code.calls("config"):
        given = elixir_nodes.arguments(call)
        if len(given) > 1 and given[1].type == "alias" and code.begins_line(call) and code.ends_line(call):
            owner = f"config {code.shown(given[0])}, {code.shown(given[1])}"
            for name, secret in _SECRETS.items():
                yield code.after(call, f'\n{MARK}{owner}, {name}: "{secret}"')


INJECTORS = (_configuration("Config.Secrets", _written_secrets),)
