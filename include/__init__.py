"""Bellwether: analyses of stocks as jobs that people can trust."""

__version__ = "0.1.0"
