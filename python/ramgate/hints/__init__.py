"""Complete the hints of an explanation: near names, ARN forms, keys that are not filled in."""
