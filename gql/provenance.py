"""What GraphQL says of where facts come from: claims, the words that prove them, texts, rows and files.

Each type is a view of a value of `graphsvc.types`. Knows shapes; whoever may ask stands in `gql.queries`.
"""

import strawberry
from strawberry import field

from gql.scalars import Long


@strawberry.type(description="A text about a product, and where it came from.")
class TextSource:
    """A view of `graphsvc.types.TextSource`."""

    id: strawberry.ID = field(description="Its id; `removeText` takes it back.")
    kind: str = field(description="What it is, such as text or review.")
    text: str = field(description="The text as it is kept: masked and without markup.")
    source: str = field(description="The source it came from.")
    file: str = field(description="The file it stood in; api for one that came by itself.")
    line: Long = field(description="The line of that file.")
    row: str | None = field(description="The raw row of an import as JSON; null for a text that came by itself.")


@strawberry.type(description="One claim: what it says, the node it leads to, and the characters that prove it.")
class Claim:
    """A view of `graphsvc.types.StatedClaim`."""

    id: strawberry.ID = field(description="Its id, as reasons and relations cite it.")
    predicate: str = field(description="has_brand, has_attribute, compatible_with, ...")
    name: str = field(description="The attribute's name; empty where the predicate says it all.")
    value: str = field(description="What it says.")
    node: strawberry.ID = field(description="The node of the graph that it leads to.")
    confidence: float = field(description="How sure, from 0 to 1; a text's word counts less than the shop's own.")
    extractor: str = field(description="Who says so, and its version.")
    place: str | None = field(name="field", description="The field or text in which the words stand.")
    start: int | None = field(description="The first character of the words that prove it.")
    end: int | None = field(description="The first character after them.")
    quote: str = field(description="What stands there.")
    number: float | None = field(description="A measured value in its canonical unit.")
    unit: str | None = field(description="That unit.")
    document: TextSource | None = field(description="The text that says so; null: the product's own row.")


@strawberry.type(description="A fact that no claim says: by a declared rule it follows from another.")
class DerivedFact:
    """A view of `graphsvc.types.DerivedFact`."""

    predicate: str = field(description="What follows, such as made_from.")
    name: str = field(description="The attribute's name.")
    value: str = field(description="What it says.")
    node: strawberry.ID = field(description="The node of the graph that it leads to.")
    given: str = field(
        description="The predicate of the fact that it follows from: of the same node, or of values in the title."
    )
    claims: list[strawberry.ID] = field(description="The claims that this other fact rests on.")


@strawberry.type(description="A text that was taken in; it is durable when this is answered.")
class IngestedText:
    """A view of `graphsvc.types.IngestedText`."""

    id: strawberry.ID = field(description="Its id; the same again replaces it, `removeText` takes it back.")
    product_id: strawberry.ID = field(description="The product that it is about.")
    offset: Long = field(description="Its place in the write log; give it as `minOffset` to read your write.")
    claims: list[Claim] = field(description="What it claims.")


@strawberry.type(description="Where what is known of a product comes from.")
class Provenance:
    """A view of `graphsvc.types.Provenance`."""

    product_id: strawberry.ID = field(description="The product.")
    title: str = field(description="Its title.")
    claims: list[Claim] = field(description="The claims of its own row, then those of texts about it.")
    source: str | None = field(description="The source of its row.")
    file: str | None = field(description="The file that the row stood in; api for one that came by itself.")
    line: Long | None = field(description="The line of that file.")
    row: str | None = field(description="The raw row as JSON, where it is kept.")
    derived: list[DerivedFact] = field(description="What follows from its facts; of one claim nothing.")
    outvoted: list[strawberry.ID] = field(
        description="Claims that make no fact: a field of the product speaks already, or a vote says otherwise."
    )
