"""The Padova Q-band set: 119 karyotypes, 5,474 chromosomes; loaded from the user's own copy."""
