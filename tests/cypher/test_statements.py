from pathlib import Path

import pytest

from cypher.errors import StatementError, UnknownQuery
from cypher.statements import ROOT, named, named_queries, read_query, step


def test_every_file_declares_what_it_uses() -> None:
    files = [*(ROOT / "queries").glob("*.cypher"), *(ROOT / "projection").glob("*.cypher")]
    assert len(named_queries()) >= 10
    for path in files:
        query = read_query(path)
        for param in query.params:
            assert f"${param.name}" in query.text, f"{path.name} does not use {param.name}"
        used = {word.split("$")[1] for word in _words(query.text) if "$" in word}
        assert used <= {param.name for param in query.params}, path.name


def _words(text: str) -> list[str]:
    kept = "".join(char if char.isalnum() or char in "$_" else " " for char in text)
    return [word for word in kept.split() if word.startswith("$")]


def test_parameters_are_checked() -> None:
    query = named("top_brands")
    assert query.bind().params == {"category": None, "limit": 20}
    assert query.bind(limit=3).params["limit"] == 3
    with pytest.raises(StatementError, match="limit must be a whole number"):
        query.bind(limit="3")
    with pytest.raises(StatementError, match="limit must be a whole number"):
        query.bind(limit=True)
    with pytest.raises(StatementError, match="no parameter 'brand'"):
        query.bind(brand="x")
    with pytest.raises(StatementError, match="needs the parameter 'product'"):
        named("product_neighbourhood").bind()


def test_typed_parameters_are_read() -> None:
    assert named("top_brands").parse({"limit": "3", "category": "category:home"}) == {
        "limit": 3,
        "category": "category:home",
    }
    with pytest.raises(StatementError, match="whole number"):
        named("top_brands").parse({"limit": "many"})


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(UnknownQuery, match="graph_size"):
        named("everything")


@pytest.mark.parametrize("label", ["Product`) DETACH DELETE (n", "", "a b", "x" * 200, "Produkt-1"])
def test_only_plain_identifiers_become_labels(label: str) -> None:
    with pytest.raises(StatementError, match="cannot be a label"):
        step("node_ids").naming(label=label)


def test_a_file_without_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.cypher"
    path.write_text("RETURN 1")
    with pytest.raises(StatementError, match="lacks a line"):
        read_query(path)
    path.write_text("// purpose: x\n// params: n whole\n// returns: x\nRETURN $n")
    with pytest.raises(StatementError, match="declares 'n whole'"):
        read_query(path)
