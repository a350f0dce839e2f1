"""Build small accounts inside a test."""
