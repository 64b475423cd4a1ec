"""Tiny models, made once for all tests of extractors."""

import pytest

from tests.extractors.tiny_models import RelationFolder, TaggerFolder, encoder_folder


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return encoder_folder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def tiny_tagger(encoder: str, tmp_path_factory: pytest.TempPathFactory) -> TaggerFolder:
    return TaggerFolder(tmp_path_factory.mktemp("tagger"), encoder)


@pytest.fixture(scope="session")
def tiny_relations(encoder: str, tmp_path_factory: pytest.TempPathFactory) -> RelationFolder:
    return RelationFolder(tmp_path_factory.mktemp("relations"), encoder)
