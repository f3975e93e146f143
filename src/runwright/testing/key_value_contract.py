"""KeyValueContract: what every store of key-values must do, as tests. No test waits: one with a time in the past has expired.

class TestMyStore(KeyValueContract):
    @pytest.fixture
    def key_values(self):
        with closing(MyStore(...)) as store:
            yield store
"""

from __future__ import annotations

import math
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from runwright.errors import KeyTaken
from runwright.key_values import KeyValue

if TYPE_CHECKING:
    from runwright.key_values import KeyValues

LONG_AGO = 1
FAR_AWAY = (1 << 62) - 1

VALUES: list[Any] = ["text", "", 7, -(2**53), 1.5, True, None, [], {"a": [{"b": None}]}, "snow \u2603", "x" * 300_000]
"""Values that come back as they were."""

UNSAYABLE: list[tuple[Any, Any]] = [(math.nan, None), ((1, 2), [1, 2]), ({1: 2}, {"1": 2}), ("lone \ud800", "lone ?")]
"""Values that JSON cannot say, and what comes back in their place."""


def of(key: str, value: Any = 1, *, namespace: str = "company.team", **more: Any) -> KeyValue:
    """Return a value to keep; whoever keeps it decides about its times and its version."""
    return KeyValue(namespace, key, value, "JSON", 0, 0, **more)


class KeyValueContract:
    """Subclass it as `Test...`, and give the fixture `key_values`."""

    def test_nothing_is_under_a_new_key(self, key_values: KeyValues) -> None:
        """Which is no error."""
        assert key_values.find_value("company.team", "key") is None
        assert key_values.list_values("company.team") == []
        assert not key_values.delete_value("company.team", "key")

    @pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
    def test_a_value_comes_back_as_it_was(self, key_values: KeyValues, value: Any) -> None:
        """Any plain data."""
        kept = key_values.keep_value(of("key", value))
        assert value == kept.value
        assert kept == key_values.find_value("company.team", "key")
        assert [kept] == key_values.list_values("company.team")

    @pytest.mark.parametrize(("value", "expected"), UNSAYABLE, ids=lambda value: ascii(value)[:20])
    def test_what_json_cannot_say_is_replaced(self, key_values: KeyValues, value: Any, expected: Any) -> None:
        """What is returned is what will be found."""
        assert expected == key_values.keep_value(of("key", value)).value
        assert expected == key_values.find_value("company.team", "key").value  # type: ignore[union-attr]  it is there

    def test_the_first_version_is_1(self, key_values: KeyValues) -> None:
        """Its times are those of the store, whatever the caller says."""
        kept = key_values.keep_value(of("key", version=9, description="a word"))
        assert (1, "JSON", "a word", None) == (kept.version, kept.type, kept.description, kept.expires)
        assert kept.created == kept.updated > 0

    def test_a_later_value_takes_the_place(self, key_values: KeyValues) -> None:
        """It has the next version, and was created when the first one was."""
        first = key_values.keep_value(of("key", "old", description="a word"))
        second = key_values.keep_value(of("key", "new", expires=FAR_AWAY))
        assert ("new", 2, first.created, None) == (second.value, second.version, second.created, second.description)
        assert second.updated >= first.updated
        assert second == key_values.find_value("company.team", "key")

    def test_a_key_that_is_taken_stays_so_unless_it_may_be_overwritten(self, key_values: KeyValues) -> None:
        """The error names it."""
        first = key_values.keep_value(of("key"), overwrite=False)
        with pytest.raises(KeyTaken, match=r"'key' of the namespace 'company.team'"):
            key_values.keep_value(of("key", 2), overwrite=False)
        assert first == key_values.find_value("company.team", "key")

    def test_what_has_expired_is_not_there(self, key_values: KeyValues) -> None:
        """To nobody."""
        key_values.keep_value(of("key", expires=LONG_AGO))
        later = key_values.keep_value(of("later", expires=FAR_AWAY))
        assert key_values.find_value("company.team", "key") is None
        assert [later] == key_values.list_values("company.team")
        assert not key_values.delete_value("company.team", "key")

    def test_the_key_of_an_expired_value_is_free(self, key_values: KeyValues) -> None:
        """Versions begin again."""
        key_values.keep_value(of("key"))
        key_values.keep_value(of("key", expires=LONG_AGO))
        assert key_values.keep_value(of("key", 2), overwrite=False).version == 1

    def test_a_value_without_a_time_outlives_one_that_had_it(self, key_values: KeyValues) -> None:
        """The last write says when it ends."""
        key_values.keep_value(of("key", expires=FAR_AWAY))
        assert key_values.keep_value(of("key")).expires is None

    def test_a_deleted_value_is_gone(self, key_values: KeyValues) -> None:
        """Versions begin again."""
        key_values.keep_value(of("key"))
        key_values.keep_value(of("key"))
        assert key_values.delete_value("company.team", "key")
        assert key_values.find_value("company.team", "key") is None
        assert key_values.keep_value(of("key")).version == 1

    def test_namespaces_do_not_see_each_other(self, key_values: KeyValues) -> None:
        """Not those above, and not those below."""
        key_values.keep_value(of("key", "team"))
        key_values.keep_value(of("key", "company", namespace="company"))
        assert [value.value for value in key_values.list_values("company")] == ["company"]
        assert key_values.delete_value("company", "key")
        assert key_values.find_value("company.team", "key").value == "team"  # type: ignore[union-attr]  it is there

    def test_a_list_is_in_the_order_of_its_keys(self, key_values: KeyValues) -> None:
        """By code point."""
        for key in ("b", "a", "B", "a.1", "_"):
            key_values.keep_value(of(key))
        assert ["B", "_", "a", "a.1", "b"] == [value.key for value in key_values.list_values("company.team")]

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [("a", ["a", "a%b", "aa"]), ("a%", ["a%b"]), ("A", []), ("aaa", []), ("", ["a", "a%b", "aa", "b"])],
    )
    def test_a_prefix_is_taken_literally(self, key_values: KeyValues, prefix: str, expected: list[str]) -> None:
        """It is no pattern."""
        for key in ("a", "aa", "a%b", "b"):
            key_values.keep_value(of(key))
        assert expected == [value.key for value in key_values.list_values("company.team", prefix)]

    @pytest.mark.parametrize("key", ["'; DROP TABLE key_value; --", "\u202e", "a\nb", "%", "../../etc", "k" * 1_000])
    def test_a_key_may_be_any_text(self, key_values: KeyValues, key: str) -> None:
        """Who lets people choose keys checks them."""
        kept = key_values.keep_value(of(key, namespace=key))
        assert (key, key) == (kept.namespace, kept.key)
        assert kept == key_values.find_value(key, key)
        assert key_values.delete_value(key, key)

    def test_what_a_reader_changes_stays_with_it(self, key_values: KeyValues) -> None:
        """A value is given away as a copy."""
        given = {"list": [1]}
        key_values.keep_value(of("key", given)).value["list"].append(2)
        given["list"].append(3)
        key_values.find_value("company.team", "key").value["list"].append(4)  # type: ignore[union-attr]  it is there
        assert key_values.find_value("company.team", "key").value == {"list": [1]}  # type: ignore[union-attr]  it is there

    def test_of_several_writers_without_overwriting_one_wins(self, key_values: KeyValues) -> None:
        """The others are told."""
        outcomes: list[str] = []

        def keep(name: str) -> None:
            try:
                key_values.keep_value(of("key", name), overwrite=False)
            except KeyTaken:
                outcomes.append("taken")
            else:
                outcomes.append(name)

        threads = [Thread(target=keep, args=(f"writer {number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = [outcome for outcome in outcomes if outcome != "taken"]
        assert outcomes.count("taken") == 7
        assert winner == key_values.find_value("company.team", "key").value  # type: ignore[union-attr]  it is there

    def test_no_write_is_lost_among_several_writers(self, key_values: KeyValues) -> None:
        """Versions count every one."""
        threads = [
            Thread(target=lambda: [key_values.keep_value(of("key", number)) for number in range(10)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert key_values.find_value("company.team", "key").version == 40  # type: ignore[union-attr]  it is there
