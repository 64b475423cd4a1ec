"""Adversarial steps: a second pass where the embeddings are moved uphill, so that near inputs give the same answer.

The fast gradient method (Miyato et al. 2017, "Adversarial training methods for semi-supervised text classification").
It moves what the embedding layer gives, not its weights: that works when the words are frozen, too. Knows a module and
its output; does not know training.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from graphsvc.errors import InputError

ADVERSARIES = ("", "fgm")


class Attack:
    """First `watching`, then `moving`, around a forward and backward pass each. `count` is how often it moved."""

    def __init__(self, strength: float) -> None:
        self._strength = strength
        self._gradient: Tensor | None = None
        self.count = 0

    @contextmanager
    def watching(self, embeddings: nn.Module) -> Iterator[None]:
        """Keep the gradient of what the embeddings give."""
        hook = embeddings.register_forward_hook(self._watch)
        try:
            yield
        finally:
            hook.remove()

    @contextmanager
    def moving(self, embeddings: nn.Module) -> Iterator[None]:
        """Move what the embeddings give by `strength` along the kept gradient, text by text."""
        gradient, self._gradient = self._gradient, None
        if gradient is None:
            raise RuntimeError("no gradient reached the embeddings, so nothing would be attacked")
        step = self._strength * gradient / (gradient.norm(dim=(1, 2), keepdim=True) + 1e-12)
        hook = embeddings.register_forward_hook(lambda module, inputs, output: output + step.to(output.dtype))
        try:
            yield
        finally:
            hook.remove()
        self.count += 1

    def _watch(self, module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        watched = output if output.requires_grad else output.detach().requires_grad_()
        watched.register_hook(self._keep)  # type: ignore[no-untyped-call]
        return watched

    def _keep(self, gradient: Tensor) -> None:
        self._gradient = gradient.detach()


def attack_of(adversary: str, strength: float) -> Attack | None:
    """The attack of a name, None for none. Raises InputError for an unknown one."""
    if adversary not in ADVERSARIES:
        raise InputError(f"Unknown adversary {adversary!r}.", 'Use fgm, auto, or "" for none.')
    return Attack(strength) if adversary else None
