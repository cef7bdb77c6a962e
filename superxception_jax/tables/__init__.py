"""Tables of many runs: planned, run one after the other, summarised and drawn."""
