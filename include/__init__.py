"""Bellwether: analyses of stocks as jobs that people can trust."""
