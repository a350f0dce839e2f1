"""Read JSON and YAML documents with their line numbers, check their shape, and write files."""
