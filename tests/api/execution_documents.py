"""Random documents and worlds for the toy schema, as Hypothesis strategies."""

from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from tests.api import execution_toy as toy

SCHEMA = toy.schema._schema
ODDITIES = [
    toy.Fails(),
    toy.Wrong(),
    toy.Later(),
    toy.Later(toy.Fails()),
    toy.Later(toy.Wrong(), 2),
    None,
    3,
    "odd",
    2**40,
    [None],
]

ARGUMENTS = {
    "introduced": ["", "(to: $text)", '(to: "me", times: $number)', "(times: null)"],
    "authors": ["", "(first: 1)", "(first: $number)"],
    "filtered": ["", '(filter: {words: [$text, "x"], nested: {limit: $limit}})', "(filter: $filter)", "(words: $text)"],
    "echo": ['(text: "a")', "(text: $text, number: $limit)", "(text: $text, mood: WILD)", "(text: $text, mood: $mood)"],
}
DIRECTIVES = [
    "",
    "",
    "",
    "",
    " @include(if: $yes)",
    " @skip(if: $yes)",
    " @include(if: $no)",
    " @skip(if: $no)",
    " @skip(if: false)",
]
VARIABLES = {
    "text": "String!",
    "number": "Int",
    "limit": "Int! = 5",
    "filter": "Filter",
    "mood": "Mood = CALM",
    "yes": "Boolean!",
    "no": "Boolean = false",
}


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A query document, usually valid."""
    fragments: list[str] = []
    number = 0

    def selection(type_: Any, depth: int) -> str:
        nonlocal number
        parts: list[str] = []
        for _ in range(draw(st.integers(1, 4 if depth else 2))):
            kind = draw(st.integers(0, 9))
            if kind <= 6 or depth > 5:
                parts.append(field(type_, depth))
            else:
                on = (
                    type_
                    if isinstance(type_, GraphQLObjectType)
                    else draw(st.sampled_from(SCHEMA.get_possible_types(type_)))
                )
                directive = draw(st.sampled_from(DIRECTIVES))
                if kind == 7:
                    number += 1
                    name = f"F{number}"
                    fragments.append(f"fragment {name} on {on.name} {selection(on, depth + 1)}")
                    parts += [f"...{name}{directive}"] * draw(st.integers(1, 2))
                else:
                    parts.append(f"... on {on.name}{directive} {selection(on, depth + 1)}")
        return "{ " + " ".join(parts) + " }"

    def field(type_: Any, depth: int) -> str:
        nonlocal number
        fields = {} if isinstance(type_, GraphQLUnionType) else type_.fields
        names = [name for name, each in fields.items() if depth < 5 or is_leaf_type(get_named_type(each.type))]
        if type_ is not SCHEMA.query_type:
            names.append("__typename")
        name = draw(st.sampled_from(names))
        alias = ""
        if name in ARGUMENTS or draw(st.booleans()):
            number += 1
            alias = f"a{number}: "
        text = alias + name
        if name in ARGUMENTS:
            text += draw(st.sampled_from(ARGUMENTS[name]))
        text += draw(st.sampled_from(DIRECTIVES))
        if name != "__typename":
            below = get_named_type(fields[name].type)
            if isinstance(below, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
                text += " " + selection(below, depth + 1)
        return text

    root = selection(SCHEMA.query_type, 0)
    body = "\n".join([root, *fragments])
    variables = ", ".join(f"${name}: {type_}" for name, type_ in VARIABLES.items() if f"${name}" in body)
    return f"query Q({variables}) {body}" if variables else f"query Q {body}"


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["Ada", "", "ü☃"]),
    "nickname": st.sampled_from([None, "nick"]),
    "age": st.sampled_from([None, 0, 41]),
    "height": st.sampled_from([None, 1.75, 2, float("inf"), float("nan")]),
    "mood": st.sampled_from([toy.Mood.CALM, toy.Mood.WILD, "calm"]),
    "moods": st.lists(st.sampled_from([toy.Mood.CALM, None, toy.Later(toy.Mood.WILD), toy.Fails()]), max_size=3),
    "tags": st.lists(st.sampled_from(["a", "b", 3, toy.Later("c"), toy.Later("d", 2)]), max_size=4),
    "grid": st.lists(st.none() | st.lists(st.sampled_from([1, None, toy.Later(2), 2**40]), max_size=3), max_size=3),
    "extra": st.sampled_from([None, {"a": [1]}, [1, "x"], 7]),
}


@st.composite
def things(draw: st.DrawFn, depth: int = 0) -> Any:
    """An author or a book, with an oddity here and there."""
    return draw(authors(depth) if draw(st.booleans()) else books(depth))


@st.composite
def authors(draw: st.DrawFn, depth: int = 0) -> toy.Author:
    changes = {name: draw(VALUES[name]) for name in draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=4))}
    if depth < 3 and draw(st.booleans()):
        changes["friends"] = draw(st.lists(st.none() | later(authors(depth + 1)), max_size=3))
        changes["books"] = draw(st.lists(later(books(depth + 1)), max_size=3))
    if depth < 3 and draw(st.booleans()):
        changes["best"] = draw(later(authors(depth + 1)))
        changes["must"] = draw(later(authors(depth + 1)))
    names = [name for name, each in toy.Author.__dataclass_fields__.items() if each.init and name != "id"]
    for name in draw(st.sets(st.sampled_from(names), max_size=2)) if draw(st.integers(0, 3)) == 0 else ():
        changes[name] = draw(st.sampled_from(ODDITIES))
    return toy.author(draw(st.integers(1, 9)), **changes)


@st.composite
def books(draw: st.DrawFn, depth: int = 0) -> toy.Book:
    changes: dict[str, Any] = {"mood": draw(st.sampled_from([None, toy.Mood.WILD, toy.Later(toy.Mood.CALM)]))}
    pages = st.builds(
        toy.Page, number=st.sampled_from([1, 2, None, toy.Later(3)]), text=st.sampled_from([None, "text", 5])
    )
    changes["pages"] = draw(st.lists(later(pages), max_size=3))
    if depth < 3 and draw(st.booleans()):
        changes["author"] = draw(later(authors(depth + 1)))
        changes["related"] = draw(st.lists(later(things(depth + 1)), max_size=3))
    return toy.book(draw(st.integers(1, 9)), **changes)


def later(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value itself, or to be awaited, or an oddity."""
    return st.one_of(values, values, values.map(lambda value: toy.Later(value, 1)), st.sampled_from(ODDITIES))


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "author": draw(later(authors())),
        "authors": draw(later(st.lists(later(authors()), max_size=4))),
        "things": draw(later(st.lists(later(things()), max_size=4))),
    }
