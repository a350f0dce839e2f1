"""The `ramgate` command: one module per subcommand."""
