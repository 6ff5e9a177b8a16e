"""Where prices come from: sources, exchanges and their sessions, universes, symbols."""
