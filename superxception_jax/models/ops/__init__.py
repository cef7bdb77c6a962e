"""Operations: a plain form of each, one that is fast on the CPU, and the choice between them."""
