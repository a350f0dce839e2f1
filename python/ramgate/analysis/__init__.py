"""Answer questions about accounts: check files, look up roles, diagnose a feature, draw a graph."""
