"""Operations, each in a plain form and a form that is fast on the CPU, and their choice."""
