#!/usr/bin/env python3
"""Django's command line for OpsLedger; holds the embedded PostgreSQL while a command runs."""
import os
import sys

from django.core.management import execute_from_command_line

from config import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with embedded.lease():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
