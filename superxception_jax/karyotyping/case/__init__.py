"""Cases: what the cells of a patient say together, as a draft for a cytogeneticist."""
