"""The command line of the client: one module a command, each with its own arguments."""
