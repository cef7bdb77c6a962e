"""Studies of trained networks: what damaged, incomplete and foreign cells do to them."""
