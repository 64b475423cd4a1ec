"""The demo's questions are valid in the committed schema and speak of what the sample data holds."""

import csv
from pathlib import Path

import graphql
import pytest

from graphsvc.demo import grocer
from graphsvc.demo.questions import QUESTIONS, Question

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


def test_there_are_five_and_each_asks_something_else() -> None:
    assert len(QUESTIONS) == 5
    assert len({(question.query, str(question.variables)) for question in QUESTIONS}) == 5


def test_their_products_and_their_household_are_there() -> None:
    with (ROOT / "demo" / "harbour.csv").open(encoding="utf-8") as file:
        assert QUESTIONS[2].variables["id"] in {f"harbour:{row[0]}" for row in csv.reader(file)}
    tables = {name: table.to_pandas() for name, table in grocer.load().items()}
    key = int(QUESTIONS[4].variables["product"].removeprefix("grocer:"))
    row = tables["products"].set_index("product_id").loc[key]
    assert (row["product_type"], row["package_size"]) == ("MEXICAN SEASONING MIXES", "1.25 OZ")
    assert (tables["transactions"]["household_id"] == int(QUESTIONS[3].variables["shopper"])).sum() > 1_000
