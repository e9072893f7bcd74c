"""Rendered fragments are cached up to a limit in bytes."""

from syndicate.publish.build.render_cache import RenderCache


def filled(max_size, **sizes):
    cache = RenderCache[str, str](max_size)
    for key, size in sizes.items():
        cache.put(key, key.upper(), size)
    return cache


def test_the_least_recently_used_is_evicted_first():
    cache = filled(10, a=4, b=4, c=4)
    assert cache.get_all(["a"]) == ["A"]
    assert [key for key in "abc" if key in cache] == ["a", "c"]


def test_a_read_is_complete_even_where_it_exceeds_the_limit():
    cache = filled(1, a=4, b=4)
    assert cache.get_all(["a", "b"]) == ["A", "B"]
    assert "a" not in cache
    assert "b" not in cache


def test_what_could_not_be_rendered_is_cached_and_left_out():
    cache = RenderCache[str, str](10)
    cache.put("a", None, 0)
    assert "a" in cache
    assert cache.get_all(["a", "unknown"]) == []


def test_what_is_replaced_or_removed_is_not_counted_twice():
    cache = filled(10, a=9)
    cache.put("a", "again", 9)
    cache.remove("unknown")
    assert cache.get_all(["a"]) == ["again"]
    assert "a" in cache
    cache.remove("a")
    cache.put("b", "B", 10)
    assert cache.get_all(["b"]) == ["B"]
    assert "b" in cache
    cache.clear()
    cache.put("c", "C", 10)
    assert cache.get_all(["c"]) == ["C"]
    assert "c" in cache
