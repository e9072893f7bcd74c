"""Articles that show what lies elsewhere, filed as a newsroom files them."""

from syndicate.body.markup import write_children
from syndicate.intake.articles.markdown import to_html
from syndicate.intake.markup.sanitise import sanitise

TRAM = "dQw4w9WgXcQ"

EMBEDS = {
    "youtube": f'<iframe src="https://youtu.be/{TRAM}?t=30" title="The tram"></iframe>',
    "short": f'<iframe src="https://www.youtube.com/shorts/{TRAM}"></iframe>',
    "playlist": '<iframe src="https://www.youtube.com/embed/videoseries?list=PLabc"></iframe>',
    "vimeo": '<iframe src="https://player.vimeo.com/video/76979871"></iframe>',
    "unlisted": '<iframe src="https://vimeo.com/76979871/8272103f6e#t=9s"></iframe>',
    "map": '<iframe src="https://www.openstreetmap.org/export/embed.html?bbox=1" height="450" '
    'width="600" title="A map"></iframe>',
    "video": '<video src="https://v.example/a.mp4" width="640" height="360" loop muted autoplay '
    'poster="https://v.example/a.jpg"></video>',
    "sources": '<video><source src="https://v.example/a.webm" type="video/webm">'
    '<source src="https://v.example/a.mp4"><track src="https://v.example/a.vtt" kind="captions" '
    'srclang="en" label="English"></video>',
    "audio": '<figure><audio src="https://v.example/a.mp3" title="Rain"></audio>'
    "<figcaption>Rain on the roof</figcaption></figure>",
    "audio of sources": '<audio><source src="https://v.example/a.ogg" type="audio/ogg"></audio>',
    "http": '<audio src="http://v.example/b.mp3"></audio><iframe src="http://x.example/"></iframe>',
    "post": '<blockquote class="twitter-tweet"><p>Hi</p>— A <a href="https://x.com/a/1">May</a>'
    '</blockquote><script async src="https://platform.twitter.com/widgets.js"></script>',
}


def filed(markup: str) -> str:
    """Return markup as it stands in a store."""
    return write_children(sanitise(to_html(f"Before.\n\n{markup}\n\nAfter."), "a1-", hosts=["*"]))


def everything() -> str:
    """Return a body with one of each."""
    return "".join(filed(markup) for markup in EMBEDS.values())
