import pytest

from tests.feedback.reported import Newsroom


@pytest.fixture
def newsroom(store, publication):
    return Newsroom(store, publication(bounces={"address": "bounce@news.example.org"}))
