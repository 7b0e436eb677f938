"""Records: frozen values that cost nothing to define."""

from __future__ import annotations

import pytest

from cycle_exec.record import Record


class Point(Record):
    x: int
    y: int = 0


class Point3(Point):
    z: int = 7


class Keyed(Record):
    _redacted = ("key",)

    name: str
    key: str


def test_equal_fields_make_equal_values():
    """Two records are equal when class and all fields are."""
    assert Point(x=1) == Point(x=1, y=0)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Point3(x=1)
    assert hash(Point(x=1)) == hash(Point(x=1, y=0))


def test_a_subclass_has_the_fields_of_its_parent():
    """Fields and defaults are inherited."""
    assert (Point3(x=1).x, Point3(x=1).y, Point3(x=1).z) == (1, 0, 7)


@pytest.mark.parametrize("values", [{}, {"y": 1}, {"x": 1, "q": 2}])
def test_missing_and_unknown_fields_are_type_errors(values):
    """A record is complete or not made at all."""
    with pytest.raises(TypeError, match="Point"):
        Point(**values)


def test_a_record_is_frozen():
    """No field can be set, changed or removed."""
    point = Point(x=1)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del point.x
    assert point.x == 1


def test_replace_makes_another_value():
    """replace changes the named fields of a copy."""
    assert Point(x=1, y=2).replace(y=3) == Point(x=1, y=3)


def test_redacted_fields_never_show():
    """The repr names sealed fields and hides what they hold."""
    assert repr(Keyed(name="n", key="hush")) == "Keyed(key=<redacted>, name='n')"
