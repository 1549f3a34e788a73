from uuid import uuid4

DOCUMENT = {"age_years": 31, "mass_kg": 59, "years_climbing": 9}


def test_athlete_is_made_read_changed(backend):
    made = backend.post("/athletes", json={"name": "Ida", "document": DOCUMENT})
    ida = made.json()
    assert (made.status_code, made.headers["Location"]) == (201, f"/v1/athletes/{ida['id']}")
    assert (ida["name"], ida["document"]) == ("Ida", DOCUMENT)
    assert backend.get(f"/athletes/{ida['id']}").json() == ida
    changed = backend.put(f"/athletes/{ida['id']}", json={"name": "Ida B", "document": {}}).json()
    assert (changed["name"], changed["document"], changed["created_at"]) == ("Ida B", {}, ida["created_at"])


def test_same_idempotency_key_makes_the_same_athlete(backend):
    key = {"Idempotency-Key": "once"}
    first, again = (backend.post("/athletes", json={"name": "Ida"}, headers=key).json() for _ in range(2))
    assert first == again
    other = backend.post("/athletes", json={"name": "Ada"}, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:ascension:problem:invalid-option")
    assert len(backend.get("/athletes").json()["items"]) == 1


def test_wrong_document_is_refused_with_the_paths_of_its_fields(backend):
    answer = backend.post("/athletes", json={"name": "Ida", "document": DOCUMENT | {"mass_kg": -3}})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ascension:problem:invalid-athlete")
    assert "mass_kg" in answer.json()["detail"]


def test_lists_come_in_pages_that_new_rows_do_not_disturb(backend):
    names = [f"athlete {n}" for n in range(7)]
    for name in names:
        backend.post("/athletes", json={"name": name})
    seen, cursor = [], None
    while True:
        page = backend.get("/athletes", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["name"] for item in page["items"]]
        backend.post("/athletes", json={"name": "late"})
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == names[::-1]


def test_key_of_an_athlete_makes_no_other(connect, ida):
    own = connect("read", "write", athlete=ida)
    assert own.post("/athletes", json={"name": "Ada"}).status_code == 403
    assert [item["id"] for item in own.get("/athletes").json()["items"]] == [ida["id"]]
    assert own.get(f"/athletes/{uuid4()}").status_code == 404
