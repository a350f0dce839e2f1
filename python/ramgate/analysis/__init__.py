"""Check files; answer questions about accounts: look up roles, diagnose a feature, draw a graph."""
