"""Networks: Linen modules that know neither data nor training."""
