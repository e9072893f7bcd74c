"""What was made once is remembered while there is room."""

from syndicate.publish.build.memory import RenderCache


def filled(room, **sizes):
    memory = RenderCache[str, str](room)
    for key, size in sizes.items():
        memory.keep(key, key.upper(), size)
    return memory


def test_what_was_not_asked_for_the_longest_goes_first():
    memory = filled(10, a=4, b=4, c=4)
    assert memory.recall(["a"]) == ["A"]
    assert [key for key in "abc" if key in memory] == ["a", "c"]


def test_a_recall_is_answered_whole_even_where_there_is_no_room():
    memory = filled(1, a=4, b=4)
    assert memory.recall(["a", "b"]) == ["A", "B"]
    assert "a" not in memory
    assert "b" not in memory


def test_what_could_not_be_made_is_known_and_left_out():
    memory = RenderCache[str, str](10)
    memory.keep("a", None, 0)
    assert "a" in memory
    assert memory.recall(["a", "never seen"]) == []


def test_what_is_kept_again_or_forgotten_takes_no_room_twice():
    memory = filled(10, a=9)
    memory.keep("a", "again", 9)
    memory.forget("unknown")
    assert memory.recall(["a"]) == ["again"]
    assert "a" in memory
    memory.forget("a")
    memory.keep("b", "B", 10)
    assert memory.recall(["b"]) == ["B"]
    assert "b" in memory
    memory.clear()
    memory.keep("c", "C", 10)
    assert memory.recall(["c"]) == ["C"]
    assert "c" in memory
