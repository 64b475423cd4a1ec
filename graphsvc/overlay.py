"""What small entries of the log change: the products that they touch as they are then, with all that is known of each.

A product that changes keeps what texts say of it, a text that comes or goes leaves all else as it was; so what is laid
over is what a rebuild would give, and costs the same in a large catalogue as in a small one. Knows entries and rows;
what answers are made of them is the business of `search`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from graphsvc.facts import FACTS, TEXT_CLAIMS, merged_facts, outvoted, standing, weighed
from graphsvc.history import DOCUMENTS, PRODUCTS, batch_of, log_rows
from graphsvc.log import Entry
from graphsvc.search.catalogue import Catalogue
from graphsvc.search.data import CatalogueData
from graphsvc.warehouse.schemas import CLAIMS
from graphsvc.warehouse.schemas import PRODUCTS as PRODUCT_COLUMNS

KINDS = (PRODUCTS, DOCUMENTS)  # of entries that touch products
Row = Mapping[str, Any]
TextsOf = Callable[[Sequence[str]], Sequence[Row]]  # the claims of texts about products that the catalogue lacks
PopularityOf = Callable[[Sequence[str]], pa.Table]


@dataclass(slots=True)
class _Touched:
    """A product as the entries so far leave it. `row` is None for one that is not there, or gone.

    `own` are the weighed facts of its own claims as the catalogue has them, or None where `claims` has the claims of a
    new row.
    """

    row: Row | None = None
    own: Sequence[Row] | None = None
    claims: list[Row] = field(default_factory=list)
    texts: list[Row] = field(default_factory=list)


def changes(
    entries: Sequence[Entry], catalogue: Catalogue, popularity: PopularityOf, texts_of: TextsOf
) -> tuple[CatalogueData, list[str]]:
    """The products that entries touch, as they leave them, and the ids of those that they retire."""
    held = [(entry, entry.json()) for entry in entries]
    touched = _before(held, catalogue, texts_of)
    for entry, payload in held:
        (_change if entry.kind == PRODUCTS else _speak)(touched, entry, payload)
    stay = {name: one for name, one in touched.items() if one.row is not None}
    rows = pa.Table.from_pylist([dict(one.row or {}) for one in stay.values()], schema=PRODUCT_COLUMNS)
    facts, own, texts = _knowledge(stay)
    gone = [name for name in touched if name not in stay]
    return CatalogueData(entries[-1].offset, rows, facts, popularity(list(stay)), {}, own, texts), gone


def spoken_of(texts: Iterable[Entry], catalogue: Catalogue) -> tuple[pa.Table, pa.Table]:
    """The products that texts, entries of DOCUMENTS, are about, as the catalogue has them, and their facts."""
    names = {row["product_id"] for entry in texts for row in _named(entry, entry.json())}
    known = [one for one in map(catalogue.known, sorted(names)) if one is not None]
    facts = [fact for one in known for fact in one.facts]
    return _rows([one.row for one in known], PRODUCT_COLUMNS), _rows(facts, FACTS)


def _before(held: Sequence[tuple[Entry, Any]], catalogue: Catalogue, texts_of: TextsOf) -> dict[str, _Touched]:
    """Every product that is named, as the catalogue has it."""
    names = {row["product_id"]: entry.kind for entry, payload in held for row in _named(entry, payload)}
    known = {name: catalogue.known(name) for name in names}
    touched = {
        name: _Touched() if one is None else _Touched(one.row, one.own, [], list(one.texts))
        for name, one in known.items()
    }
    lacking = [name for name, one in known.items() if one is None]
    for claim in texts_of(lacking) if lacking else ():
        touched[str(claim["subject"])].texts.append(claim)
    return touched


def _named(entry: Entry, payload: Any) -> Sequence[Row]:
    rows: Sequence[Row] = payload["products" if entry.kind == PRODUCTS else "documents"]
    return rows


def _change(touched: Mapping[str, _Touched], entry: Entry, payload: Any) -> None:
    """New rows of products take the place of the old ones, and their claims that of the old rows' claims."""
    for row in log_rows("products", [(entry, payload["products"])]).to_pylist():
        one = touched[row["product_id"]]
        one.row, one.own, one.claims = None if row["retired"] else row, None, []
    for claim in log_rows("claims", [(entry, payload.get("claims", ()))]).to_pylist():
        touched[claim["subject"]].claims.append(claim)


def _speak(touched: Mapping[str, _Touched], entry: Entry, payload: Any) -> None:
    """What a text says takes the place of what was said under its id; a product that is not there stays away."""
    for row in payload["documents"]:
        one = touched[row["product_id"]]
        one.texts = [claim for claim in one.texts if claim["document"] != row["document_id"]]
    for claim in payload.get("claims", ()):
        touched[claim["subject"]].texts.append({**claim, "batch": batch_of(entry), "told": entry.offset})


def _knowledge(touched: Mapping[str, _Touched]) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The facts that stand, every weighed fact of own claims where texts speak or a fact is outvoted, and the claims of
    texts.
    """
    new = [claim for one in touched.values() if one.own is None for claim in one.claims]
    own: list[Row] = [*weighed(_rows(new, CLAIMS)).select(FACTS.names).to_pylist()]
    own += [fact for one in touched.values() for fact in one.own or ()]
    texts = [claim for one in touched.values() for claim in one.texts]
    every = merged_facts(own, texts)
    apart = {claim["subject"] for claim in texts} | outvoted(every)
    kept = [fact for fact in own if fact["product_id"] in apart]
    return standing(every), _rows(kept, FACTS), _rows(texts, TEXT_CLAIMS)


def _rows(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
