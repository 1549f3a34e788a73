from datetime import UTC, datetime, timedelta

import pytest

from ascension_core.errors import InvalidKey
from ascension_core.platform.keys import Keys


@pytest.fixture
def keys(database):
    return Keys(database)


def athlete(database):
    return database.row("insert into athletes (name) values ('Ida') returning id")["id"]


def test_key_opens_with_its_token_alone(keys):
    key, token = keys.create("phone", ["read", "write"])
    assert keys.find(token) == key
    assert keys.list() == [key]
    other = "A" if token[-2] != "A" else "B"
    wrong = [token[:-2] + other + token[-1], token[:-1], token + "A", token.replace("asc_", ""), "", "asc_" + "é" * 56, "\0"]
    assert [keys.find(text) for text in wrong] == [None] * len(wrong)


def test_secret_is_not_in_the_database(keys, database):
    _, token = keys.create("phone", ["read"])
    stored = database.row("select row_to_json(api_keys)::text as text from api_keys")["text"]
    assert token.split("_", 2)[2] not in stored


def test_revoked_key_opens_nothing(keys):
    key, token = keys.create("phone", ["read"])
    revoked = keys.revoke(key.id)
    assert (keys.find(token), keys.any(), revoked.valid) == (None, False, False)
    assert keys.revoke(key.id).revoked_at == revoked.revoked_at
    with pytest.raises(InvalidKey, match="keys list"):
        keys.revoke("nobody")


def test_expired_key_opens_nothing(keys, database):
    key, token = keys.create("phone", ["read"], expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert keys.find(token) == key
    database.execute("update api_keys set expires_at = now()")
    assert (keys.find(token), keys.any()) == (None, False)


def test_key_of_an_athlete_goes_with_the_athlete(keys, database):
    ida = athlete(database)
    _, token = keys.create("phone", ["read"], athlete_id=ida)
    assert keys.find(token).athlete_id == ida
    database.execute("delete from athletes")
    assert (keys.find(token), keys.list()) == (None, [])


def test_admin_may_do_everything_and_writing_is_not_reading(keys):
    admin, writer = (keys.create("x", [scope])[0] for scope in ("admin", "write"))
    assert [admin.allows(scope) for scope in ("read", "write", "admin")] == [True] * 3
    assert [writer.allows(scope) for scope in ("read", "write", "admin")] == [False, True, False]


@pytest.mark.parametrize(
    ("name", "scopes", "more"),
    [
        ("", ["read"], {}),
        ("a" * 101, ["read"], {}),
        ("a\nb", ["read"], {}),
        ("x", [], {}),
        ("x", ["root"], {}),
        ("x", ["read"], {"expires_at": datetime.now(UTC)}),
        ("x", ["read"], {"expires_at": datetime(2999, 1, 1)}),
        ("x", ["read"], {"athlete_id": "5f0f3a3e-1d6c-4b55-9d2e-3a4f5b6c7d8e"}),
    ],
)
def test_key_that_makes_no_sense_is_not_made(keys, name, scopes, more):
    with pytest.raises(InvalidKey):
        keys.create(name, scopes, **more)
    assert keys.list() == []


def test_no_athlete_is_an_admin(keys, database):
    with pytest.raises(InvalidKey, match="admin"):
        keys.create("x", ["admin"], athlete_id=athlete(database))
