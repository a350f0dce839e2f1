"""Check files; answer questions about accounts: who can, a role, a feature that fails, a graph."""
