"""The demo's questions are valid in the committed schema and speak of what the sample data holds."""

import csv
from collections.abc import Iterator
from pathlib import Path

import graphql
import pytest

from graphsvc.demo import grocer
from graphsvc.demo.questions import QUESTIONS, Question
from graphsvc.service import Service
from graphsvc.types import SearchRequest
from tests.graphsvc.test_service import settings

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def schema() -> graphql.GraphQLSchema:
    return graphql.build_schema((ROOT / "gql" / "schema.graphql").read_text("utf-8"))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.title[:24])
def test_each_is_valid_with_its_variables(schema: graphql.GraphQLSchema, question: Question) -> None:
    document = graphql.parse(question.query)
    assert graphql.validate(schema, document) == []
    operation = document.definitions[0]
    assert isinstance(operation, graphql.OperationDefinitionNode)
    values = graphql.execution.values.get_variable_values(
        schema, operation.variable_definitions, dict(question.variables)
    )
    assert not isinstance(values, list), values  # a list is what went wrong


def test_there_are_seven_and_each_asks_something_else() -> None:
    assert len(QUESTIONS) == 7
    assert len({(question.query, str(question.variables)) for question in QUESTIONS}) == 7


def test_their_products_and_their_household_are_there() -> None:
    with (ROOT / "demo" / "harbour.csv").open(encoding="utf-8") as file:
        assert QUESTIONS[4].variables["id"] in {f"harbour:{row[0]}" for row in csv.reader(file)}
    tables = {name: table.to_pandas() for name, table in grocer.load().items()}
    key = int(QUESTIONS[6].variables["product"].removeprefix("grocer:"))
    row = tables["products"].set_index("product_id").loc[key]
    assert (row["product_type"], row["package_size"]) == ("MEXICAN SEASONING MIXES", "1.25 OZ")
    assert (tables["transactions"]["household_id"] == int(QUESTIONS[5].variables["shopper"])).sum() > 1_000


@pytest.fixture(scope="module")
def marketplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(settings(tmp_path_factory.mktemp("demo") / "shop")) as service:
        for name in ("harbour", "lingnan"):
            path = str(ROOT / "demo" / f"{name}.csv")
            service.ingest(path, asset="products", name=name, build=name == "lingnan")
        yield service


@pytest.mark.parametrize(
    ("question", "product", "fact"),
    [(2, "lingnan:LN2168", "suits: pregnant women"), (3, "harbour:HB-1237", "suits: mature skin")],
)
def test_two_are_answered_by_a_fact_that_no_field_holds_and_no_text_says_so(
    marketplace: Service, question: int, product: str, fact: str
) -> None:
    text = str(QUESTIONS[question].variables["text"])
    hit = marketplace.search(SearchRequest(text)).hits[0]
    assert hit.product.id == product
    (reason,) = [one for one in hit.reasons if one.kind == "fact"]
    assert reason.text == fact
    assert reason.claims
    assert not [one for one in hit.reasons if one.kind == "word"]
    said = f"{hit.product.title} {hit.product.description}".casefold()
    assert not any(word in said for word in (*text.casefold().split(), text))
    (proof,) = [one for one in marketplace.provenance(reason.claims[0]).claims if one.id == reason.claims[0]]
    assert proof.extractor.split()[0] in ("patterns", "relations")
