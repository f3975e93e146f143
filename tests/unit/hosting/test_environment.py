from __future__ import annotations

from runwright.hosting.environment import envs_of


def test_variables_with_the_prefix_are_seen_in_small_letters():
    variables = {
        "ENV_CITY": "Paris",
        "ENV_My_Name": "ada",
        "HOME": "/root",
        "SECRET_A": "x",
        "MY_ENV_B": "y",
        "ENV_": "z",
    }

    assert {"city": "Paris", "my_name": "ada"} == envs_of(variables)


def test_they_are_those_of_the_process(monkeypatch):
    monkeypatch.setenv("ENV_CITY", "Paris")

    assert "Paris" == envs_of()["city"]
