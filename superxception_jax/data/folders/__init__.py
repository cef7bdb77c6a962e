"""What the folders, file names and tables of a laboratory say about its images."""
