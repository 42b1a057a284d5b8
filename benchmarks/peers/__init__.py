"""Other methods for labels of several annotators, on the same data as the estimate."""
