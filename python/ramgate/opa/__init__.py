"""Find an OPA executable, or download or build one."""
