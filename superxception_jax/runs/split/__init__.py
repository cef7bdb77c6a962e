"""Which images train and which are tested, and what the networks before have seen of them."""
