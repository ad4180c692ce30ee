"""Orders in which the cells of a complex enter, by name.

Random ones: `by_dimension`, `lower_star`, `upper_star`, `cell_max`, `random_queue`. Of a network: `output`,
`absolute_output`, `neuron_order`. Of data: `distance`, `data_count`. A user's own: `from_values`. Where a
function takes a filtration, the name of one that needs no data stands for it.

Examples
--------
>>> import relutope
>>> network = relutope.Network.from_arrays([[[1]], [[1]]])
>>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
>>> relutope.filtrations.output(complex_).levels
array([0., 1.])
"""

from relutope.filtrations.data import data_count, distance
from relutope.filtrations.filtration import Filtration, from_values
from relutope.filtrations.of_network import absolute_output, neuron_order, output
from relutope.filtrations.random import by_dimension, cell_max, lower_star, random_queue, upper_star
from relutope.filtrations.resolve import NAMES, as_filtration

__all__ = [
    "NAMES",
    "Filtration",
    "absolute_output",
    "as_filtration",
    "by_dimension",
    "cell_max",
    "data_count",
    "distance",
    "from_values",
    "lower_star",
    "neuron_order",
    "output",
    "random_queue",
    "upper_star",
]
