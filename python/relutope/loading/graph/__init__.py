"""Networks of any architecture as a graph of values, each an exact affine form, a ReLU or a maximum."""
