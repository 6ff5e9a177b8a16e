"""Make the users of the test in Airflow's FAB tables: name and role of each as JSON on stdin."""

import json
import sys

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

PASSWORD = "only-for-tests"  # as in tests/conftest.py

with get_application_builder() as builder:
    for name, role in json.load(sys.stdin).items():
        rights = builder.sm.find_role(role)
        assert builder.sm.add_user(name, name, name, f"{name}@example.org", rights, PASSWORD)
