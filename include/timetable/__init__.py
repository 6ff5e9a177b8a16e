"""Runs of a DAG after the sessions of an exchange. Every task of such a DAG imports it: calendars come late."""
