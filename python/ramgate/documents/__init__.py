"""Read JSON and YAML documents, keep their line numbers, and check their shape."""
