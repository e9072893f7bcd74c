"""One video, whatever its address looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.model.videos import Video

TRAM = "dQw4w9WgXcQ"
PLAYER = f"https://www.youtube-nocookie.com/embed/{TRAM}"


@pytest.mark.parametrize(
    "address",
    [
        f"https://www.youtube.com/watch?v={TRAM}",
        f"https://www.youtube.com/watch?feature=share&v={TRAM}&si=x",
        f"http://m.youtube.com/watch?v={TRAM}",
        f"https://music.youtube.com/watch?v={TRAM}",
        f"https://youtu.be/{TRAM}?si=abc",
        f"https://www.youtube.com/embed/{TRAM}?autoplay=1&rel=0&mute=1",
        f"https://www.youtube.com/embed/{TRAM}/",
        f"https://www.youtube-nocookie.com/embed/{TRAM}",
        f"http://www.youtube.com/v/{TRAM}&hl=en_US&fs=1",
        f"https://www.youtube.com/shorts/{TRAM}",
        f"https://www.youtube.com/live/{TRAM}?feature=share",
        f"HTTPS://WWW.YOUTUBE.COM/embed/{TRAM}",
    ],
)
def test_every_form_of_a_youtube_address_is_the_same_player(address):
    video = Video.from_url(address)
    assert video
    assert video.player_url == PLAYER
    assert video.page_url == f"https://www.youtube.com/watch?v={TRAM}"


@pytest.mark.parametrize(
    ("address", "player", "page"),
    [
        (
            "https://vimeo.com/76979871",
            "https://player.vimeo.com/video/76979871?dnt=1",
            "https://vimeo.com/76979871",
        ),
        (
            "https://player.vimeo.com/video/76979871?autoplay=1&title=0",
            "https://player.vimeo.com/video/76979871?dnt=1",
            "https://vimeo.com/76979871",
        ),
        (
            "https://vimeo.com/channels/staffpicks/76979871",
            "https://player.vimeo.com/video/76979871?dnt=1",
            "https://vimeo.com/76979871",
        ),
        (
            "https://vimeo.com/76979871/8272103f6e",
            "https://player.vimeo.com/video/76979871?h=8272103f6e&dnt=1",
            "https://vimeo.com/76979871/8272103f6e",
        ),
        (
            "https://player.vimeo.com/video/76979871?h=8272103f6e#t=1m30s",
            "https://player.vimeo.com/video/76979871?h=8272103f6e&dnt=1#t=90s",
            "https://vimeo.com/76979871/8272103f6e",
        ),
        (
            "https://www.youtube.com/embed/videoseries?list=PLabc",
            "https://www.youtube-nocookie.com/embed/videoseries?list=PLabc",
            "https://www.youtube.com/playlist?list=PLabc",
        ),
        (
            f"https://youtu.be/{TRAM}?t=1h2m3s&list=PLabc",
            f"{PLAYER}?start=3723&list=PLabc",
            f"https://www.youtube.com/watch?v={TRAM}&list=PLabc&t=3723s",
        ),
    ],
)
def test_what_a_viewer_needs_is_kept(address, player, page):
    video = Video.from_url(address)
    assert video
    assert (video.player_url, video.page_url) == (player, page)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://www.youtube.com/",
        "https://www.youtube.com/watch",
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/embed/longer-than-eleven",
        f"https://youtube.com.evil.example/embed/{TRAM}",
        f"https://evil.example/?youtube.com/embed/{TRAM}",
        f"javascript:youtube.com/embed/{TRAM}",
        "https://vimeo.com/about",
        "https://vimeo.com/12",
        "http://[half",
    ],
)
def test_nothing_else_is_a_video(address):
    assert Video.from_url(address) is None


def test_a_short_is_upright():
    assert Video.from_url(f"https://www.youtube.com/shorts/{TRAM}") == Video(
        host="youtube", id=TRAM, upright=True
    )


@given(
    st.sampled_from(
        ["https://youtu.be/", "https://www.youtube.com/embed/", "https://player.vimeo.com/video/"]
    ),
    st.sampled_from([TRAM, "76979871", "videoseries"]),
    st.text(max_size=30),
)
def test_a_players_address_means_itself(host, name, rest):
    video = Video.from_url(f"{host}{name}{rest}")
    if video:
        again = Video.from_url(video.player_url)
        assert again
        assert again.player_url == video.player_url
        assert not set(video.player_url) & set(" <>\"'\\\n")
