"""A laboratory's own folder of chromosome images as a data set."""
