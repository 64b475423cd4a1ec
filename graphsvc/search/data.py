"""What a catalogue is made from, at one place in the write log. Knows columns; does not know where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from graphsvc.facts import FACTS, TEXT_CLAIMS
from graphsvc.warehouse.schemas import PRODUCTS, TEXT, WHOLE

NUMBER: pa.DataType = pa.float64()
POPULARITY = pa.schema([("product_id", TEXT), ("popularity", NUMBER), ("rating", NUMBER), ("reviews", WHOLE)])


@dataclass(frozen=True, slots=True)
class CatalogueData:
    """Products as they stand at `offset`, with their facts.

    `products` has the columns of PRODUCTS, one row a product, none retired; `facts` those of FACTS; `popularity` at
    least product_id and popularity, and those of POPULARITY that are known. `places` maps a batch to its offset in the
    log and says which products are newest; a batch "l<offset>" needs no entry. `texts` are the claims of texts about
    the products; `own` has every weighed fact of the other claims of those products that texts speak of, or of which a
    fact is outvoted.
    """

    offset: int
    products: pa.Table
    facts: pa.Table = field(default_factory=FACTS.empty_table)
    popularity: pa.Table = field(default_factory=POPULARITY.empty_table)
    places: Mapping[str, int] = field(default_factory=dict)
    own: pa.Table = field(default_factory=FACTS.empty_table)
    texts: pa.Table = field(default_factory=TEXT_CLAIMS.empty_table)


def no_products(offset: int) -> CatalogueData:
    """A catalogue with nothing in it, or a change that only retires."""
    return CatalogueData(offset, PRODUCTS.empty_table())
