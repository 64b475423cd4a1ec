"""What the demo asks when both shops are loaded: seven questions, chosen so that the answers can be judged.

Knows GraphQL texts and ids of the sample data; does not ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what it shows, its GraphQL text and its variables."""

    title: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)


SEARCH = """
query Search($text: String!, $filter: FilterInput, $facets: [String!]) {
  search(query: $text, filter: $filter, first: 5, facets: $facets) {
    totalCount
    correctedQuery
    edges { node { id title price currency category } alike reasons { kind text } }
    facets { label values { name count } }
  }
}
"""
PRODUCT = """
query Product($id: ID!) {
  product(id: $id) {
    id title price currency category description rating reviews
    neighbourhood {
      relations(first: 15) { type outgoing claims properties target { label name } }
    }
  }
}
"""
HOUSEHOLD = """
query Household($shopper: String!) {
  recommendations(shopperId: $shopper, first: 5) {
    edges { node { id title price currency category } reasons { kind text count } }
  }
}
"""
TOGETHER = """
query Together($product: ID!) {
  productRecommendations(productId: $product, intent: COMPLEMENTARY, first: 5) {
    edges { node { id title price currency category } reasons { kind text count } }
  }
}
"""

QUESTIONS = (
    Question(
        'An English search with a typo and a filter: "cast iorn frying pan", kitchen things up to 60 in stock',
        SEARCH,
        {
            "text": "cast iorn frying pan",
            "filter": {"categories": ["Home & Kitchen"], "priceMax": 60, "inStock": True},
            "facets": ["brand", "category"],
        },
    ),
    Question(
        "A Chinese search: “学生用的保温杯” (an insulated bottle for a pupil)",
        SEARCH,
        {"text": "学生用的保温杯", "facets": ["brand"]},
    ),
    Question(  # 漱口水 … 孕妇可用: neither its words nor its fields are English
        'At the marketplace, only a fact read in a Chinese sentence answers "pregnant women mouthwash"',
        SEARCH,
        {"text": "pregnant women mouthwash", "filter": {"sources": ["harbour", "lingnan"]}},
    ),
    Question(  # "For mature skin": in no field, and no Chinese product says it
        "And one that only a fact read in an English sentence answers: “熟龄肌颈霜” (neck cream for mature skin)",
        SEARCH,
        {"text": "熟龄肌颈霜"},
    ),
    Question(
        "A product with its neighbourhood in the graph",
        PRODUCT,
        {"id": "harbour:HB-1001"},
    ),
    Question(  # two adults with a small child, 148 baskets, 330 lines of baby things
        "Recommendations for household 2280 of the grocer",
        HOUSEHOLD,
        {"shopper": "2280"},
    ),
    Question(  # shredded cheese, salad, sour cream, minced beef: it is taco night
        "Bought together with taco seasoning (Mexican seasoning mixes, 1.25 oz)",
        TOGETHER,
        {"product": "grocer:985427"},
    ),
)
