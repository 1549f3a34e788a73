"""Contacts marked by keyboard in a real browser, and what reaches Python of them."""

from __future__ import annotations

import pytest

from ascension_core.errors import InvalidDataset
from ascension_core.report.widgets.labeller import ContactLabeller

DOCUMENT = {"fps": 25.0, "size": [240, 320], "labelled_frames": [0, 59], "contacts": [], "hidden": [], "climb": None}


@pytest.fixture
def saved():
    return []


@pytest.fixture
def labeller(clip, saved):
    def save(document):
        if not document["contacts"]:
            raise InvalidDataset("nothing is marked")
        saved.append(document)
        return f"{len(document['contacts'])} saved"

    return ContactLabeller(clip, DOCUMENT, save)


def click(shown, x, y):
    """At pixels of the clip."""
    box = shown.page.locator(".ascension-picture canvas").bounding_box()
    shown.page.mouse.click(box["x"] + x / 240 * box["width"], box["y"] + y / 320 * box["height"])


def test_contacts_are_marked_placed_named_and_saved(show, labeller, saved):
    shown = show(labeller)
    shown.press("1")
    click(shown, 60, 80)
    shown.go_to(5)
    shown.press("4")
    click(shown, 120, 300)
    shown.press("w")
    shown.go_to(10)
    shown.press("1")
    shown.until("window.model.get('document').contacts.length === 2 && window.model.get('document').contacts[0].end_s !== null")
    hand, foot = labeller.document["contacts"]
    assert (hand["limb"], hand["hold"], hand["start_s"], hand["end_s"]) == ("left_hand", "h1", 0, 0.4)
    assert (hand["xy_start"], hand["start_open"], hand["end_open"]) == ([60, 80], True, False)
    assert (foot["limb"], foot["hold"], foot["start_s"], foot["end_s"]) == ("right_foot", "smear", 0.2, None)
    assert foot["xy_start"] == [120, 300]
    assert shown.page.locator(".ascension-list tr").count() == 3
    shown.press("s")
    shown.until("document.querySelector('.ascension-said').textContent === '2 saved'")
    assert saved == [labeller.document]
    assert shown.said == []


def test_what_was_done_is_undone_step_by_step(show, labeller):
    shown = show(labeller)
    shown.press("3", "g", "Delete", "u")
    shown.until("window.model.get('document').contacts.length === 1")
    assert [one["hold"] for one in labeller.document["contacts"]] == ["ground"]
    shown.press("Control+z", "u", "u", "u")
    shown.until("window.model.get('document').contacts.length === 0")
    assert labeller.document["contacts"] == []


def test_hidden_stretches_and_the_climb_have_their_keys(show, labeller):
    shown = show(labeller)
    shown.go_to(2)
    shown.press("Shift+Digit2", "c")
    shown.go_to(8)
    shown.press("Shift+Digit2", "c")
    shown.until("window.model.get('document').climb?.[1] === 0.32")
    assert labeller.document["hidden"] == [{"limb": "right_hand", "start_s": 0.08, "end_s": 0.32}]
    assert labeller.document["climb"] == [0.08, 0.32]
    assert shown.colours(".ascension-lanes") > 100


def test_names_are_typed_without_marking_anything(show, labeller):
    shown = show(labeller)
    shown.press("1")
    field = shown.page.get_by_label("hold")
    field.fill("v1 2")
    field.press("Enter")
    shown.until("window.model.get('document').contacts[0].hold === 'v1 2'")
    assert len(labeller.document["contacts"]) == 1


def test_what_speaks_against_saving_is_said(show, labeller, saved):
    shown = show(labeller)
    shown.page.get_by_role("button", name="save").click()
    shown.until("document.querySelector('.ascension-said').textContent === 'not saved: nothing is marked'")
    assert saved == []
