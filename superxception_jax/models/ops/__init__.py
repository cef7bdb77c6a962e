"""Operations: the plain form of each, a form that is fast on the CPU, and the choice between them."""
