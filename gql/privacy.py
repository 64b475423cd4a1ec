"""What of the graph each token may see: what the shop sells is public, what people did with it is not.

Knows the labels of the graph that speak of nobody; whatever else stands there, now or later, takes the secret token.
"""

from dataclasses import replace

from gql.context import Context
from gql.fields import check_access
from gql.tokens import Access
from graphsvc.types import Entity

CATALOGUE = frozenset({"Product", "Variant", "Offer", "Brand", "Manufacturer", "Category", "Value", "Review"})
GUARDED = frozenset({"shopper", "basket", "coupon", "campaign"})  # how ids of other nodes begin


def entity_for(context: Context, entity_id: str) -> Entity | None:
    """A node with what stands around it, without the nodes and edges that the request's token may not see.

    Whether a guarded node is there is not said either: a basket's number is easily guessed. Raises ForbiddenError.
    """
    found = context.service.entity(entity_id)
    if context.access >= Access.SECRET:
        return found
    if found is None or found.label not in CATALOGUE:
        if entity_id.partition(":")[0] in GUARDED:
            check_access(context, Access.SECRET, "A node that tells of shoppers or of the shop's campaigns")
        return None
    return replace(found, relations=tuple(one for one in found.relations if one.label in CATALOGUE))
