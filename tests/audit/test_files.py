"""Files are kept once, under a hash that cannot lie, and leave only as downloads."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.actions import keep_file
from audit.models import LARGEST_FILE, StoredFile
from audit.views.files import send_file

PAGE = b"<script>alert(1)</script>"


def test_the_same_bytes_are_kept_once(db):
    first = keep_file(b"plan", media_type="text/plain")
    second = keep_file(SimpleUploadedFile("other.bin", b"plan", "application/x-lie"))
    assert first == second
    assert (first.sha256, first.size) == (hashlib.sha256(b"plan").hexdigest(), 4)
    assert bytes(first.content) == b"plan"
    assert StoredFile.objects.count() == 1


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (b"", "file_empty"),
        (SimpleUploadedFile("a.txt", b""), "file_empty"),
        (b"x" * (LARGEST_FILE + 1), "file_too_large"),
    ],
    ids=["empty", "empty upload", "too large"],
)
def test_a_file_that_cannot_be_kept_is_refused_in_words(db, upload, code):
    with pytest.raises(ValidationError) as refused:
        keep_file(upload)
    assert refused.value.code == code
    assert refused.value.messages[0].endswith(".")
    assert not StoredFile.objects.exists()


def test_twenty_megabytes_are_kept(db):
    assert keep_file(b"\0" * LARGEST_FILE).size == LARGEST_FILE


def test_a_list_of_files_does_not_read_their_bytes(db):
    keep_file(b"plan")
    with CaptureQueriesContext(connection) as queries:
        assert [str(row) for row in StoredFile.objects.all()]
    assert len(queries) == 1
    assert "content" not in queries[0]["sql"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd\r\nSet-Cookie: a=b", "计划 (1).html", "", "a\u202egpj.exe"]
)
def test_it_is_sent_as_a_download_and_never_as_a_page(db, name):
    answer = send_file(keep_file(PAGE, media_type="text/html"), name)
    assert answer.content == PAGE
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    sent_as = answer["Content-Disposition"]
    assert sent_as.startswith("attachment; filename")
    assert not set(sent_as) & set("/\\\r\n\u202e")


INSERT = "INSERT INTO audit_storedfile (sha256, size, media_type, content) VALUES (%s, %s, '', %s)"


@pytest.mark.parametrize(
    ("sha256", "size", "content", "claim"),
    [
        ("0" * 64, 4, b"plan", "audit_storedfile_hash_is_true"),
        (hashlib.sha256(b"plan").hexdigest().upper(), 4, b"plan", "audit_storedfile_hash_is_true"),
        (hashlib.sha256(b"plan").hexdigest(), 5, b"plan", "audit_storedfile_size_is_true"),
        (hashlib.sha256(b"").hexdigest(), 0, b"", "audit_storedfile_size_is_1_to_20_mb"),
    ],
    ids=["another hash", "capitals", "another size", "empty"],
)
def test_raw_sql_cannot_keep_a_file_that_lies(app_sql, sha256, size, content, claim):
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        app_sql.execute(INSERT, [sha256, size, content])
    assert refused.value.diag.constraint_name == claim


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_storedfile SET content = 'other'",
        "UPDATE audit_storedfile SET media_type = 'text/html'",
        "DELETE FROM audit_storedfile",
        "TRUNCATE audit_storedfile CASCADE",
        "ALTER TABLE audit_storedfile DROP CONSTRAINT audit_storedfile_hash_is_true",
        "DROP TRIGGER date_file ON audit_storedfile",
    ],
)
def test_a_kept_file_is_never_changed(app_sql, attack):
    keep_file(b"plan")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_sql.execute(attack)
    assert bytes(StoredFile.objects.get().content) == b"plan"


def test_the_owner_cannot_change_it_by_accident_either(owner_sql):
    keep_file(b"plan")
    with pytest.raises(psycopg.Error):
        owner_sql.execute("UPDATE audit_storedfile SET media_type = 'text/html'")
    with pytest.raises(psycopg.Error):
        owner_sql.execute("DELETE FROM audit_storedfile")


def test_nobody_says_that_a_file_was_kept_earlier(app_sql):
    said = "INSERT INTO audit_storedfile (sha256, size, media_type, content, created_at)"
    said += " VALUES (encode(sha256('plan'), 'hex'), 4, '', 'plan', '2001-01-01') RETURNING created_at"
    assert app_sql.execute(said).fetchone()[0].year > 2001


def test_eight_at_once_keep_one_file(transactional_db):
    def keep(_number):
        try:
            return keep_file(b"the same bytes " * 1000).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(keep, range(8)))) == 1
    assert StoredFile.objects.count() == 1
