"""Pack code and data into an OPA bundle, and rebuild it when its files change."""
