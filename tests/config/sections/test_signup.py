"""The fields of the sign-up form: each has a name of its own."""

import pytest

from tests.config.loading.configurations import PUBLICATION, mistakes


@pytest.mark.parametrize("name", ["email", "name", "newsletter", "newsletters"])
def test_a_signup_field_that_the_form_has_anyway_is_refused(tmp_path, name):
    text = f'{PUBLICATION}[[signup.fields]]\nname = "city"\n[[signup.fields]]\nname = "{name}"\n'
    [mistake] = mistakes(tmp_path, text)
    line = len(text.splitlines())
    assert f"config.toml:{line}: signup.fields" in mistake
    assert "the form asks for it anyway; remove this field, or give it another name" in mistake


def test_two_signup_fields_of_one_name_are_refused(tmp_path):
    field = '[[signup.fields]]\nname = "city"\n'
    [mistake] = mistakes(tmp_path, PUBLICATION + field + field)
    assert "there are two fields of that name" in mistake
