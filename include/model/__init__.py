"""The values that travel between the rooms: frozen dataclasses, enums, and the errors with their codes."""
