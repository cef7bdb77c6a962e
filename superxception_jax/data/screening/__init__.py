"""Images that are not one chromosome of their cell, or that are in a data set twice."""
