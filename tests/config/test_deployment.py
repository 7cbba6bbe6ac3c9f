"""`check --deploy`: phones need https."""

import pytest

from config.deployment import check_https


@pytest.mark.parametrize(
    ("https", "url", "found"),
    [
        (False, "http://ops.example.org", ["config.W001"]),
        (False, "https://ops.example.org", ["config.W001"]),
        (True, "http://ops.example.org", ["config.W002"]),
        (True, "http://localhost:8000", ["config.W002"]),
        (True, "https://ops.example.org", []),
    ],
)
def test_plain_http_is_warned_of(settings, https, url, found):
    settings.HTTPS, settings.BASE_URL = https, url
    warnings = check_https(None)
    assert [each.id for each in warnings] == found
    assert all(each.hint for each in warnings)
