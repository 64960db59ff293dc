from __future__ import annotations

from typing import Any

import pytest

from server.reference import describe_type, reference


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/ChatMessage"}, "ChatMessage"),
        ({"anyOf": [{"type": "number", "minimum": 0, "maximum": 2}, {"type": "null"}]}, "number ≥ 0 ≤ 2"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"enum": ["user", "system"]}, "`user` or `system`"),
        ({}, "any"),
    ],
)
def test_types_in_words(schema: dict[str, Any], words: str) -> None:
    assert describe_type(schema) == words


def test_an_operation_with_its_fields() -> None:
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}}
    operation = {"summary": "Do it", "description": "Well.", "requestBody": body}
    fields = {"required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
    text = reference({"paths": {"/do": {"post": operation}}, "components": {"schemas": {"Body": fields}}})
    assert "## POST `/do`" in text
    assert "**Do it.** Well." in text
    assert "| `a` | string | required |" in text
    assert "| `b` | integer |  |" in text
