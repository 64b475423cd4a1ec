from itertools import product

import torch
from torch import Tensor

from extractors.bio import tags_for
from extractors.linear_chain import FORBIDDEN, LinearChain

TAGS = tags_for(["a"])
UNITS = (4, 1, 3)


def made() -> tuple[LinearChain, Tensor, Tensor]:
    """A chain with weights that are not nought, emissions of three texts, and which of their units are."""
    torch.manual_seed(3)
    chain = LinearChain(TAGS)
    for weights in chain.parameters():
        torch.nn.init.normal_(weights)
    emissions = torch.randn(len(UNITS), max(UNITS), len(TAGS), requires_grad=True)
    return chain, emissions, torch.tensor([[at < units for at in range(max(UNITS))] for units in UNITS])


def score(chain: LinearChain, emissions: Tensor, path: tuple[int, ...]) -> Tensor:
    """One path of one text, added up by hand."""
    found = chain.first()[path[0]] + chain.end[path[-1]]
    for at, tag in enumerate(path):
        found = found + emissions[at, tag]
        if at:
            found = found + chain.between()[path[at - 1], tag]
    return found


def enumerated(chain: LinearChain, emissions: Tensor, tags: Tensor, text: int) -> Tensor:
    units = UNITS[text]
    paths = product(range(len(TAGS)), repeat=units)
    every = torch.stack([score(chain, emissions[text], path) for path in paths])
    right = tuple(int(tag) for tag in tags[text, :units])
    return torch.logsumexp(every, 0) - score(chain, emissions[text], right)


def test_loss_and_gradient_are_those_of_all_paths() -> None:
    chain, emissions, mask = made()
    tags = torch.tensor([[1, 2, 0, 1], [0, 0, 0, 0], [0, 1, 2, 0]])
    given = [emissions, *chain.parameters()]
    found = chain(emissions, tags, mask)
    expected = torch.stack([enumerated(chain, emissions, tags, text) for text in range(len(UNITS))])
    torch.testing.assert_close(found, expected)
    for one, other in zip(
        torch.autograd.grad(found.sum(), given), torch.autograd.grad(expected.sum(), given), strict=True
    ):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_what_is_padded_changes_nothing() -> None:
    chain, emissions, mask = made()
    tags = torch.tensor([[1, 2, 0, 1], [0, 0, 0, 0], [0, 1, 2, 0]])
    before = chain(emissions, tags, mask)
    other = torch.where(mask.unsqueeze(2), emissions, torch.tensor(99.0))
    torch.testing.assert_close(chain(other, torch.where(mask, tags, 2), mask), before)


def test_an_inside_needs_its_own_beginning() -> None:
    chain, _, _ = made()
    inside, outside = TAGS.index("I-a"), TAGS.index("O")
    assert chain.first()[inside] < FORBIDDEN / 2
    assert chain.between()[outside, inside] < FORBIDDEN / 2
    assert chain.between()[inside, inside] > FORBIDDEN / 2
    assert chain.first()[outside] > FORBIDDEN / 2
