"""AMP pages as they are built: nothing that AMP replaces by an element of its own is in them.

AMP's validator, which judges more, is asked in `tests/render/pages`.
"""

import re

from lxml import html
from PIL import Image

from syndicate.model.articles import Person, Sponsor
from tests.publish.newsroom import PICTURE, Newsroom
from tests.render.pages.embed_samples import everything
from tests.render.pages.sample_publication import markup_of

REPLACED = re.compile(
    rb"<(?:img|picture|video|audio|iframe|object|embed|frame|form)\b", re.IGNORECASE
)
"""Elements for which AMP has its own, or none."""
THEME = {"masthead": "logo", "logo": "logo.png", "logo_dark": "dark.png"}
PICTURES = {".nameplate": 2, ".paid": 1, ".faces": 1, ".opening": 1, ".authors": 1, ".body": 1}
"""How many pictures each part of the page has, so that no part is overlooked."""
PLAYERS = {"amp-youtube", "amp-vimeo", "amp-video", "amp-audio", "amp-iframe"}


def test_what_amp_has_its_own_elements_for_is_in_those_in_every_part_of_a_page(
    sqlite_store, publication
):
    newsroom = Newsroom(sqlite_store, publication(theme=THEME))
    draw_author_and_logos(newsroom)
    newsroom.keep_picture()
    newsroom.file(
        "embeds",
        image=PICTURE,
        body=everything(),
        authors=(Person(name="Ada Lind"),),
        sponsor=Sponsor(name="Orsk", logo=PICTURE),
    )
    newsroom.file("figures", body=markup_of(PICTURE) * 2)
    newsroom.build()
    pages = [newsroom.files()[f"articles/{slug}/amp/index.html"] for slug in ("embeds", "figures")]
    assert [REPLACED.findall(page) for page in pages] == [[], []]
    embeds, figures = (html.fromstring(page.decode()) for page in pages)
    parts = {where: figures if where == ".body" else embeds for where in PICTURES}
    assert {where: len(parts[where].cssselect(f"{where} amp-img")) for where in parts} == PICTURES
    assert {element.tag for element in embeds.cssselect(".body *")} >= PLAYERS


def draw_author_and_logos(newsroom):
    root = newsroom.config.root
    (root / "authors").mkdir()
    (root / "authors/ada.md").write_text("---\nname: Ada Lind\nportrait: ada.png\n---\nSails.\n")
    for name in ("authors/ada.png", "logo.png", "dark.png"):
        Image.new("RGB", (600, 600), "#336699").save(root / name)
