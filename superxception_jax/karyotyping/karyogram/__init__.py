"""The karyogram of a cell as a picture."""
