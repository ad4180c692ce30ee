"""Final activations, which are dropped."""

from __future__ import annotations

from dataclasses import dataclass

from relutope.loading.graph.value_graph import Tensor


@dataclass(frozen=True, eq=False)
class Final:
    """A dropped final activation.

    Attributes
    ----------
    before : Tensor
        What enters it.
    where : str
        What it is, and its place.
    group : int or None
        Over how many elements a softmax runs; None for an activation of single elements.
    """

    before: Tensor
    where: str
    group: int | None = None

    @property
    def note(self) -> str:
        """What was done, and what of the outputs' order is kept where that is not all of it."""
        text = f"dropped the final {self.where}: the outputs are what enters it"
        n_outputs = self.before.ids.size
        if self.group is None or self.group == n_outputs:
            return text
        return (
            f"{text}; it ran over groups of {self.group} of the {n_outputs} outputs, and only the order "
            "within a group is kept"
        )
