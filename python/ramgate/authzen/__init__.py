"""Read the mapping of AuthZEN's subjects, resources and actions to RAM's."""
