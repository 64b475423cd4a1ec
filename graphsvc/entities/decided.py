"""What the shop's decisions about nodes do to a claim, as it is read: it is renamed, refused, or left as it is.

Knows claims and decisions as they stand; does not know who decided, nor when.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from extractors.types import Claim
from graphsvc.ontology import NODE_ID, attribute_name
from graphsvc.warehouse.standardise import standard_value

OWN = ("fields", "category", "measures")  # extractors that say what the shop itself says of a product
REFUSED = "the shop rejected the node"  # how the reason of a refusal begins


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions that stand. `aliases` lead from a node to the one that it was merged into, which `names` has the
    name of; `refused` are nodes that texts may not lead to."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    def settled(self, claim: Claim) -> Claim:
        """A claim whose value is called by the shop's own word, as a field's value is ("学生" suits "students")."""
        word = standard_value(attribute_name(claim.qualifier), claim.object) if claim.qualifier else claim.object
        if self.aliases:
            into = self.aliases.get(NODE_ID[claim.predicate](claim.qualifier, word))
            word = self.names[into] if into is not None else word
        return claim if word == claim.object else replace(claim, object=word)

    def refusal(self, claim: Claim) -> str | None:
        """Why a claim may not stand, None where it may. `claim` is settled."""
        if not self.refused or (claim.extractor in OWN and not claim.document):
            return None
        node = NODE_ID[claim.predicate](claim.qualifier, claim.object)
        return f"{REFUSED} {node}" if node in self.refused else None
