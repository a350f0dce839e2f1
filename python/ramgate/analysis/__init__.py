"""Check and compare accounts, search them for access, and answer questions about all requests."""
