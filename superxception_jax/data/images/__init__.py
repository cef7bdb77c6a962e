"""Image files as grey arrays, whatever their format, colours or bit depth."""
