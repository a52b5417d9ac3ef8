"""An example of every change, for GraphiQL: made from the schema, so that none is missing and none is out of date."""

import json
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_input_field,
)

_VALUES: dict[str, Any] = {
    "Int": 1,
    "BigInt": 1000,
    "Float": 1.0,
    "Boolean": True,
    "Decimal": "5",
    "DateTime": "2030-01-01T00:00:00Z",
    "String": "…",
}


def change_examples(schema: GraphQLSchema) -> str:
    """JSON: `[{name, about, query, variables}]`, in the schema's order."""
    assert schema.mutation_type is not None
    made = [_example(schema, name, field) for name, field in schema.mutation_type.fields.items()]
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _example(schema: GraphQLSchema, name: str, field: GraphQLField) -> dict[str, Any]:
    """What must be given, and all that the answer may be."""
    input_type = field.args["input"].type
    lines = []
    for member in schema.get_possible_types(get_named_type(field.type)):  # type: ignore[arg-type]
        lines.append(
            f"    ... on {member.name} {{ {' '.join(_chosen(each, value) for each, value in member.fields.items())} }}"
        )
    title = name[0].upper() + name[1:]
    query = f"mutation {title}($input: {input_type}) {{\n  {name}(input: $input) {{\n    __typename\n"
    return {
        "name": title,
        "about": field.description,
        "query": query + "\n".join(lines) + "\n  }\n}\n",
        "variables": {"input": _value(input_type, "input")},
    }


def _chosen(name: str, field: GraphQLField) -> str:
    kind: Any = get_named_type(field.type)
    if is_leaf_type(kind):
        return name
    leaves = [
        each for each, inner in kind.fields.items() if is_leaf_type(get_named_type(inner.type)) and not inner.args
    ]
    preferred = [each for each in ("id", "name", "status") if each in leaves]
    return f"{name} {{ {' '.join(preferred or leaves[:3] or ['__typename'])} }}"


def _value(type_: Any, name: str) -> Any:
    kind = get_nullable_type(type_)
    if isinstance(kind, GraphQLList):
        return [_value(kind.of_type, name.removesuffix("s"))]
    if isinstance(kind, GraphQLInputObjectType):
        return {each: _value(field.type, each) for each, field in kind.fields.items() if is_required_input_field(field)}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    assert not isinstance(kind, GraphQLNonNull)
    if kind.name == "ID":
        return f"paste the {name}"
    return _VALUES[kind.name]
