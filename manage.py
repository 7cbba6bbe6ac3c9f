#!/usr/bin/env python3
"""Django's command line for OpsLedger; holds the embedded PostgreSQL while a command runs."""

import os
import sys
from contextlib import nullcontext

from django.core.management import execute_from_command_line

from config import embedded

WITHOUT_DATABASE = {"help", "--help", "version", "--version"}
WITHOUT_DATABASE |= {"collectstatic", "makemessages", "compilemessages"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    needs_database = len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_DATABASE
    try:
        with embedded.lease() if needs_database else nullcontext():
            execute_from_command_line(sys.argv)
    except embedded.EmbeddedError as reason:
        sys.exit(f"{reason}")


if __name__ == "__main__":
    main()
