"""Tests in real Chromium."""

import pytest

pytest.register_assert_rewrite("tests.browser.offline")  # so that its assertions say what they saw
