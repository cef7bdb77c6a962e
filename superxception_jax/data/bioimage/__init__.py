"""The Padova Q-band set: 119 karyotypes, 5,474 chromosomes; read from the user's own copy."""
