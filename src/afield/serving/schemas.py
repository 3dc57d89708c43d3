"""JSON Schemas of what the service takes and gives, made from its types and made exact where the types are not."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from afield.serving.ingestion import LONGEST_ID

Schema = dict[str, object]

REF = "#/components/schemas/{name}"
_DAYS = (
    "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"
)
LOCAL: Schema = {
    "type": "string",
    "pattern": f"^[1-9][0-9]{{3}}-{_DAYS}$",
    "description": "A moment on the clock of the place, ISO 8601 without a zone.",
}
"""What a naive time looks like; RFC 3339's `date-time` would ask for a zone."""
ERROR: Schema = {
    "title": "Error",
    "type": "object",
    "properties": {"error": {"type": "string", "description": "What is wrong, where, and what to do."}},
    "required": ["error"],
}

_ID: Schema = {"minLength": 1, "maxLength": LONGEST_ID}
_PROBABILITY: Schema = {"exclusiveMinimum": 0, "maximum": 1}
_EXACT: Mapping[str, Mapping[str, Schema]] = {
    "Fact": {"id": _ID},
    "Outcome": {"id": _ID, "key": _ID},
    "Event": {"id": _ID, "inclusion": _PROBABILITY, "assignment": _PROBABILITY},
    "TelemetryBatch": {"schema": {"maximum": 1}},
}
"""What handlers refuse beyond what the types do, by struct and field."""


def schemas(types: Iterable[type]) -> tuple[list[Schema], dict[str, Schema]]:
    """The schemas of `types`, in order, and those of the structs that they refer to."""
    found, components = msgspec.json.schema_components(list(types), schema_hook=_hook, ref_template=REF)
    for name, fields in _EXACT.items():
        properties = components.get(name, {}).get("properties", {})
        for field, exact in fields.items():
            if field in properties:
                properties[field].update(exact)
    return [_tidied(one) for one in found], {name: _tidied(one) for name, one in components.items()}


def near(schema: Schema, now: datetime | None) -> Schema:
    """The schema with every moment in the month of `now`, or in one of the two before; unchanged where it is None."""
    if now is None:
        return schema
    months = [(now.year * 12 + now.month - 1 - back) for back in (2, 1, 0)]
    years = "|".join(f"{month // 12:04}-{month % 12 + 1:02}" for month in months)
    pattern = f"^({years})-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
    told = "A moment on the clock of the place, ISO 8601 without a zone, near the moment at which the service stands."
    return _tidied(_replaced(schema, LOCAL["pattern"], {"pattern": pattern, "description": told}))


def of_facts(kinds: Mapping[str, type[msgspec.Struct]], fact: Schema) -> tuple[Schema, dict[str, Schema]]:
    """The schema of a fact of any declared kind, made from that of a fact, and those of the kinds' fields."""
    if not kinds:
        return fact, {}
    fields, components = schemas(kinds.values())
    properties = fact["properties"]
    if not isinstance(properties, dict):
        raise TypeError("the schema of a fact has no properties")
    variants = [
        {
            **fact,
            "properties": {**properties, "kind": {"const": kind}, "fields": one},
            "required": _required(fact, one, components),
        }
        for kind, one in zip(kinds, fields, strict=True)
    ]
    return {"title": "Fact", "anyOf": variants}, components


def _required(fact: Schema, fields: Schema, components: Mapping[str, Schema]) -> list[str]:
    """What a fact must have: its fields too, where one of them must be there."""
    required = fact["required"]
    names = list(required) if isinstance(required, list) else []
    own = components.get(str(fields.get("$ref", "")).rpartition("/")[2], fields)
    return [*names, "fields"] if own.get("required") else names


def _hook(kind: type) -> Schema:
    """Any JSON, where a type says no more."""
    if kind is object:
        return {}
    raise NotImplementedError(kind)


def _replaced(node: object, pattern: object, change: Schema) -> object:
    """The node with what has this pattern changed."""
    if isinstance(node, list):
        return [_replaced(each, pattern, change) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("pattern") == pattern:
        return {**node, **change}
    return {name: _replaced(value, pattern, change) for name, value in node.items()}


def _tidied(schema: object) -> Schema:
    """The schema with naive times, and without defaults that are no JSON a reader needs."""
    tidied = _walked(schema)
    if not isinstance(tidied, dict):
        raise TypeError("a schema is an object")
    return tidied


def _walked(node: object) -> object:
    if isinstance(node, list):
        return [_walked(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "date-time" and "pattern" not in node:
        rest = {name: value for name, value in node.items() if name not in ("format", "type")}
        return {**LOCAL, **rest}
    return {name: _walked(value) for name, value in node.items()}
