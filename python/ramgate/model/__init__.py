"""The values that cross the public border: requests, decisions, answers and denials."""
