"""Requests, claims, and the life of a job."""
