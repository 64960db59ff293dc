"""The API's reference as Markdown, from the OpenAPI description of the running server. It knows nothing of HTML."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<", "maxLength": "length ≤"}


def reference(openapi: Mapping[str, Any]) -> str:
    """Every operation with what it takes, field by field."""
    schemas: Mapping[str, Schema] = openapi.get("components", {}).get("schemas", {})
    return "\n".join(
        line
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        for line in _operation(method, path, operation, schemas)
    )


def describe_type(schema: Schema) -> str:
    """A JSON schema in a few words: `list of ChatMessage`, `number ≥ 0 ≤ 2`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(describe_type(member) for member in schema["anyOf"] if member.get("type") != "null")
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {describe_type(schema.get('items', {}))}"
    # Bounds that only keep a number within a machine word tell a reader nothing.
    limits = [f"{sign} {schema[key]:g}" for key, sign in _LIMITS.items() if abs(schema.get(key, math.inf)) < 2**31]
    return " ".join([str(schema.get("type", "any")), *limits])


def _operation(method: str, path: str, operation: Schema, schemas: Mapping[str, Schema]) -> Iterator[str]:
    yield f"\n## {method.upper()} `{path}`\n"
    yield f"**{operation.get('summary', '')}.** {operation.get('description', '')}\n"
    body: Schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if body:
        yield from _fields(schemas[describe_type(body)])


def _fields(schema: Schema) -> Iterator[str]:
    required = schema.get("required", ())
    yield "| field | type | |\n|---|---|---|"
    for name, detail in schema.get("properties", {}).items():
        yield f"| `{name}` | {describe_type(detail)} | {'required' if name in required else ''} |"
