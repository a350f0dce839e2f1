"""Start, supervise and stop an OPA, as a process or as a container."""
