"""JSON Schemas of what the service takes and gives, made from its types and made exact where the types are not."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec import inspect

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
    "Contest": {"about": _ID},
    "Event": {"id": _ID, "inclusion": _PROBABILITY, "assignment": _PROBABILITY},
    "TelemetryBatch": {"schema": {"maximum": 1}},
}
"""What handlers refuse beyond what the types do, by struct and field."""


def schemas(types: Iterable[type]) -> tuple[list[Schema], dict[str, Schema]]:
    """The schemas of `types`, in order, and those of the structs that they refer to."""
    types = list(types)
    found, components = msgspec.json.schema_components(types, schema_hook=_hook, ref_template=REF)
    for struct in _structs(inspect.multi_type_info(types), {}).values():
        properties = components.get(struct.cls.__name__, {}).get("properties", {})
        for field in struct.fields:
            if field.encode_name in properties and _is_moment(field.type):
                properties[field.encode_name] = _naive(properties[field.encode_name])
    for name, fields in _EXACT.items():
        properties = components.get(name, {}).get("properties", {})
        for named, exact in fields.items():
            if named in properties:
                properties[named].update(exact)
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
        return {"description": "Any JSON."}
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
    """The schema with tuples of one type as arrays, which more tools understand."""
    tidied = _walked(schema)
    if not isinstance(tidied, dict):
        raise TypeError("a schema is an object")
    return tidied


def _walked(node: object) -> object:
    if isinstance(node, list):
        return [_walked(each) for each in node]
    if not isinstance(node, dict):
        return node
    first = node.get("prefixItems")
    if isinstance(first, list) and all(one == first[0] for one in first):
        node = {**{name: value for name, value in node.items() if name != "prefixItems"}, "items": first[0]}
    return {name: _walked(value) for name, value in node.items()}


def _structs(types: Iterable[inspect.Type], found: dict[type, inspect.StructType]) -> dict[type, inspect.StructType]:
    """The structs among types and in their fields, to any depth."""
    for one in types:
        if isinstance(one, inspect.StructType) and one.cls not in found:
            found[one.cls] = one
            _structs((field.type for field in one.fields), found)
        elif isinstance(one, inspect.UnionType):
            _structs(one.types, found)
        elif isinstance(one, inspect.CollectionType):
            _structs((one.item_type,), found)
        elif isinstance(one, inspect.TupleType):
            _structs(one.item_types, found)
        elif isinstance(one, inspect.DictType):
            _structs((one.value_type,), found)
    return found


def _is_moment(kind: inspect.Type) -> bool:
    """Whether a field holds a moment, or null."""
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return all(isinstance(one, inspect.DateTimeType | inspect.NoneType) for one in kinds)


def _naive(schema: Schema) -> Schema:
    """The schema of a moment, or of one or null."""
    variants = schema.get("anyOf")
    if isinstance(variants, list):
        return {**schema, "anyOf": [LOCAL if one.get("type") == "string" else one for one in variants]}
    return {**{name: value for name, value in schema.items() if name != "format"}, **LOCAL}
