from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.errors import InvalidSchedule
from ascension_core.platform.schedules.cron import next_slots, slot_until, slots_after, valid_cron, valid_zone

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll"])
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
CRONS = st.sampled_from(["30 2 * * *", "*/20 * * * *", "15 1-3 * * *", "0 0 * * mon", "59 23 l * *", "30 0 1 */2 *"])


def walls(cron, zone, start, count):
    """Slots as a clock in that zone shows them, with its offset to UTC."""
    found = next_slots(cron, zone, count, datetime.fromisoformat(start))
    return [slot.astimezone(ZoneInfo(zone)).strftime("%d %H:%M%z") for slot in found]


@pytest.mark.parametrize(
    ("cron", "zone", "start", "expected"),
    [
        # In spring, 02:00 to 03:00 is skipped: once, right after the gap.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00Z", ["28 02:30+0100", "29 03:00+0200", "30 02:30+0200"]),
        ("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00Z", ["29 01:30+0100", "29 03:00+0200", "29 03:30+0200"]),
        ("0 3 * * *", "Europe/Berlin", "2026-03-28T00:00Z", ["28 03:00+0100", "29 03:00+0200", "30 03:00+0200"]),
        # In autumn, 02:00 to 03:00 comes twice: the first time counts.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T00:00Z", ["24 02:30+0200", "25 02:30+0200", "26 02:30+0100"]),
        ("0 * * * *", "Europe/Berlin", "2026-10-24T23:00Z", ["25 02:00+0200", "25 03:00+0100", "25 04:00+0100"]),
        # Asked in the middle of the second time.
        ("*/20 * * * *", "Europe/Berlin", "2026-10-25T01:10Z", ["25 03:00+0100", "25 03:20+0100"]),
        # Lord Howe Island moves its clocks by half an hour.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-02T12:00Z", ["03 02:15+1030", "04 02:30+1100", "05 02:15+1100"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-03T12:00Z", ["04 01:45+1100", "05 01:45+1100", "06 01:45+1030"]),
        ("*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:40Z", ["05 01:45+1100", "05 02:00+1030", "05 02:15+1030"]),
    ],
)
def test_slots_come_once_where_clocks_are_moved(cron, zone, start, expected):
    assert walls(cron, zone, start, len(expected)) == expected


@pytest.mark.parametrize("hour", range(4))
@given(zone=ZONES, moment=MOMENTS)
def test_daily_slot_comes_every_day(hour, zone, moment):
    dates = [slot.astimezone(ZoneInfo(zone)).date() for slot in next_slots(f"30 {hour} * * *", zone, 40, moment)]
    assert {later - earlier for earlier, later in pairwise(dates)} == {timedelta(days=1)}


@given(CRONS, ZONES, MOMENTS)
def test_looking_back_finds_the_slots_that_looking_ahead_does(cron, zone, moment):
    slots = next_slots(cron, zone, 12, moment)
    assert [slot_until(cron, zone, slot) for slot in slots] == slots
    assert [slot_until(cron, zone, slot - timedelta(seconds=1)) for slot in slots[1:]] == slots[:-1]


@given(CRONS, ZONES, MOMENTS)
def test_slots_follow_each_other_wherever_one_starts(cron, zone, moment):
    first, *rest = next_slots(cron, zone, 12, moment)
    assert moment < first
    assert list(islice(slots_after(cron, zone, first), len(rest))) == rest


@pytest.mark.parametrize(
    ("cron", "field"),
    [
        ("61 * * * *", "'61' is no minute"),
        ("0 25 * * *", "'25' is no hour"),
        ("0 0 32 * *", "'32' is no day of the month"),
        ("0 0 * 13 *", "'13' is no month"),
        ("0 0 * * mond", "'mond' is no day of the week"),
        ("*/0 * * * *", "is no minute"),
        ("0-999999999 * * * *", "is no minute"),
        ("h * * * *", "is no minute"),
        ("* * * *", "five fields"),
        ("0 0 * * * *", "five fields"),
        ("", "five fields"),
        ("* " * 200, "five fields"),
        ("0 0 30 2 *", "no day fits"),
    ],
)
def test_wrong_expression_is_refused_with_the_field(cron, field):
    with pytest.raises(InvalidSchedule, match=field):
        valid_cron(cron)


@given(st.lists(st.text("0123456789*,-/#lLwhr?@ \t٣", max_size=6), min_size=4, max_size=6).map(" ".join) | st.text())
def test_any_text_is_an_expression_or_refused(text):
    try:
        cron = valid_cron(text)
    except InvalidSchedule:
        return
    assert len(next_slots(cron, "UTC", 3)) == 3


def test_shorthand_is_stored_in_five_fields():
    assert valid_cron(" @Daily ") == "0 0 * * *"
    assert valid_cron("30  6 * *\tmon-fri") == "30 6 * * mon-fri"


def test_zone_is_found_whatever_its_case():
    assert (valid_zone("europe/vienna"), valid_zone("utc")) == ("Europe/Vienna", "UTC")


@pytest.mark.parametrize(
    ("name", "hint"), [("Vienna", "Europe/Vienna"), ("Europe/Viena", "Europe/Vienna"), ("../etc/passwd", "like Europe/Vienna")]
)
def test_unknown_zone_is_refused_with_those_that_are_near(name, hint):
    with pytest.raises(InvalidSchedule, match=hint):
        valid_zone(name)
