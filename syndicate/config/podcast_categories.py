"""The categories of Apple Podcasts, which other directories have taken over.

Apple refuses a podcast with any other.
"""

from syndicate.text import closest_match

_CATEGORIES = {
    "Arts": "Books, Design, Fashion & Beauty, Food, Performing Arts, Visual Arts",
    "Business": "Careers, Entrepreneurship, Investing, Management, Marketing, Non-Profit",
    "Comedy": "Comedy Interviews, Improv, Stand-Up",
    "Education": "Courses, How To, Language Learning, Self-Improvement",
    "Fiction": "Comedy Fiction, Drama, Science Fiction",
    "Government": "",
    "History": "",
    "Health & Fitness": (
        "Alternative Health, Fitness, Medicine, Mental Health, Nutrition, Sexuality"
    ),
    "Kids & Family": "Education for Kids, Parenting, Pets & Animals, Stories for Kids",
    "Leisure": (
        "Animation & Manga, Automotive, Aviation, Crafts, Games, Hobbies, Home & Garden, "
        "Video Games"
    ),
    "Music": "Music Commentary, Music History, Music Interviews",
    "News": (
        "Business News, Daily News, Entertainment News, News Commentary, Politics, Sports News, "
        "Tech News"
    ),
    "Religion & Spirituality": (
        "Buddhism, Christianity, Hinduism, Islam, Judaism, Religion, Spirituality"
    ),
    "Science": (
        "Astronomy, Chemistry, Earth Sciences, Life Sciences, Mathematics, Natural Sciences, "
        "Nature, Physics, Social Sciences"
    ),
    "Society & Culture": (
        "Documentary, Personal Journals, Philosophy, Places & Travel, Relationships"
    ),
    "Sports": (
        "Baseball, Basketball, Cricket, Fantasy Sports, Football, Golf, Hockey, Rugby, Running, "
        "Soccer, Swimming, Tennis, Volleyball, Wilderness, Wrestling"
    ),
    "Technology": "",
    "True Crime": "",
    "TV & Film": "After Shows, Film History, Film Interviews, Film Reviews, TV Reviews",
}
_PAIRS = {
    pair
    for name, parts in _CATEGORIES.items()
    for pair in (name, *(f"{name}/{part}" for part in parts.split(", ") if part))
}
_BY_LOWER_CASE = {pair.lower(): pair for pair in sorted(_PAIRS)}


def check_category(category: str) -> None:
    """Raise ValueError for what is no category, with a subcategory of its own after a slash."""
    name, slash, part = (text.strip() for text in category.partition("/"))
    written = f"{name}{slash}{part}"
    if written in _PAIRS:
        return
    of_name = [low for low, pair in _BY_LOWER_CASE.items() if pair.startswith(f"{name}/")]
    match = closest_match(written, of_name if name in _CATEGORIES else _BY_LOWER_CASE)
    if match is not None:
        raise ValueError(f'expected a category of Apple; did you mean "{_BY_LOWER_CASE[match]}"?')
    if name in _CATEGORIES:
        parts = _CATEGORIES[name]
        known = f"the subcategories of {name} are {parts}" if parts else f"{name} has none"
        raise ValueError(f"expected a subcategory of Apple; {known}")
    raise ValueError(f"expected a category of Apple: {', '.join(_CATEGORIES)}")
