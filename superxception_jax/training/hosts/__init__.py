"""Several processes that train one network: joining, signs of life, and their devices."""
