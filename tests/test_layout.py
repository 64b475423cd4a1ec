"""The shape of the house: imports run one way, our packages are the ones that answer to their names."""

import ast
import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("graphsvc", "extractors", "embeddings", "gql", "cypher")
MAY_IMPORT = {
    "extractors": set(),
    "embeddings": set(),
    "cypher": set(),
    "graphsvc": {"extractors", "embeddings", "cypher"},
    "gql": {"graphsvc"},
}
SANCTIONED = {("graphsvc/__main__.py", "gql")}  # `serve` starts the GraphQL application
FORBIDDEN_NAMES = ("util", "misc", "helper", "manager", "common")


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield (node.module or "").split(".")[0]


def test_imports_run_one_way() -> None:
    wrong = []
    for path in modules():
        name = path.relative_to(ROOT).as_posix()
        owner = name.split("/")[0]
        for imported in set(imports(path)) & set(PACKAGES) - {owner}:
            if imported not in MAY_IMPORT[owner] and (name, imported) not in SANCTIONED:
                wrong.append(f"{name} imports {imported}")
    assert not wrong


def test_tables_of_implementations_point_at_something() -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                package, _, rest = node.value.partition(".")
                if package in PACKAGES and ":" in rest and " " not in rest:
                    module, _, attribute = node.value.partition(":")
                    assert hasattr(importlib.import_module(module), attribute), f"{path}: {node.value}"


def test_our_names_are_ours() -> None:
    for name in (*PACKAGES, "tests"):
        module = importlib.import_module(name)
        assert module.__file__ is not None
        assert Path(module.__file__).is_relative_to(ROOT), f"{name} comes from {module.__file__}"
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert not [d for d in dependencies if d.split("=")[0].split(">")[0].strip() == "gql"]


def test_modules_are_nouns_and_have_a_preamble() -> None:
    for path in modules():
        assert not any(word in path.stem for word in FORBIDDEN_NAMES), path
        if path.stat().st_size:
            assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{path} says nothing about itself"


@pytest.mark.parametrize("suffix", [".cypher", ".sql"])
def test_queries_stand_in_files_and_say_what_they_are_for(suffix: str) -> None:
    comment = {".cypher": "// purpose:", ".sql": "-- purpose:"}[suffix]
    files = [path for package in PACKAGES for path in (ROOT / package).rglob(f"*{suffix}")]
    assert files
    for path in files:
        assert path.read_text("utf-8").startswith(comment), path
