"""The file as YAML: what is refused before anybody looks at what it says."""

import time
from pathlib import Path

import pytest

from bot.config import ConfigError, load
from tests.bot.config.samples import ACTIONS, ASSERTIONS, GOOD, changed, complaints

BOMB = "\n".join(
    [
        "a0: &a0 [x, x, x, x, x, x, x, x, x]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 5)}]" for n in range(1, 10)),
    ]
)


def about_yaml(said: list[str]) -> list[str]:
    """Leave out what is said about unknown and missing keys."""
    return [each for each in said if "is no key" not in each and "is missing" not in each]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["1:1: the file is empty; it needs version, slack, people and targets"]),
        ("# nothing\n", ["1:1: the file is empty; it needs version, slack, people and targets"]),
        ("---\n", ["1:1: the file is empty; it needs version, slack, people and targets"]),
        ("just words", ["1:1: must hold keys and values, key: value"]),
        ("- a", ["1:1: must hold keys and values, key: value"]),
        (
            "a: 1\nb: [",
            ["2:5: this is not YAML: expected the node content, but found '<stream end>'"],
        ),
        ("a: b: c", ["1:5: this is not YAML: mapping values are not allowed here"]),
        ("a: 1\na: 2\n\ta: 3", None),
        ("a: \x07", ["1:4: this is not YAML: the character 0x0007 is not allowed"]),
        (
            'a: "\\UFFFFFFFF"',
            ["1:1: this is not YAML: a character is written in a way that means none"],
        ),
        ("a: 1\n---\nb: 2", ["2:1: a second document starts here; a file holds only one"]),
        ("%YAML 1.1\n---\na: 1", ["2:1: this is read as YAML 1.2; take the %YAML line away"]),
        ("%YAML 1.2\n---\na: 1", []),
        ("a: !!int 1", ["1:4 a: has a tag; take it away, each key knows its type"]),
        ("a: !secret {b: 1}", ["1:4 a: has a tag; take it away, each key knows its type"]),
        ("a: ~", ["1:1 a: has no value; write one or take the key away"]),
        ("a: null", ["1:1 a: has no value; write one or take the key away"]),
        ("a:\nb: 1", ["1:1 a: has no value; write one or take the key away"]),
        ("a: [1, ~]", ["1:8 a[1]: has no value; write one or take the key away"]),
        ("a: 'null'", []),
        ("? [a]\n: 1", ["1:3: has a key that is not simply a text"]),
        ("a: {: 1}", ["1:6 a: has a key that is not simply a text"]),
        ("&a a: 1", ["1:1: has a key that is not simply a text"]),
        ("a: &a 1\n*a : 2", ["2:1: has a key that is not simply a text"]),
        ("a: *b", ["1:4 a: repeats *b, and nothing before it is marked &b"]),
        ("a: &b [*b]", ["1:8 a[0]: repeats *b, which it is itself a part of"]),
        ("a: &b 1\nc: *b", []),
        ("a: " + "[" * 21, ["1:24 a" + "[0]" * 20 + ": is nested deeper than 20 levels"]),
    ],
)
def test_what_yaml_may_say(tmp_path: Path, text: str, said: list[str] | None) -> None:
    """Each way to write something that is not simply keys and values is named at its place."""
    found = about_yaml(complaints(tmp_path, text))

    if said is None:
        said = [
            "2:1 a: is written twice, in line 1 and here; keep one of them",
            "3:1: this is not YAML: found character '\\t' that cannot start any token",
        ]
    assert found == said


def test_duplicate_keys_do_not_end_the_list(tmp_path: Path) -> None:
    """A key that is written twice is one problem among others, wherever it stands."""
    said = complaints(
        tmp_path,
        changed(
            ("project: shop", "project: shop\n        project: shop2"),
            ("environment: production", "environment: production\n    environment: staging"),
            ("version: 1", "version: 3"),
        ),
    )

    assert said == [
        "1:10 version: must be 1, the only version of this format so far",
        "10:5 targets[0].environment: is written twice, in line 9 and here; keep one of them",
        "18:9 targets[0].steps[0].project: is written twice, in line 17 and here; keep one of them",
    ]


def test_aliases_are_counted(tmp_path: Path) -> None:
    """A file may repeat itself fifty times and no more."""
    text = "a: &a 1\nb: [" + ", ".join(["*a"] * 52) + "]"

    assert about_yaml(complaints(tmp_path, text)) == [
        "2:205 b[50]: is one alias too many; a file may use 50",
        "2:209 b[51]: is one alias too many; a file may use 50",
    ]


def test_a_bomb_of_aliases_stays_small(tmp_path: Path) -> None:
    """Aliases of aliases can't grow into millions of values."""
    said = about_yaml(complaints(tmp_path, BOMB))

    assert said[0] == "5:10 a4[0]: repeats 1281 values at once; an alias may stand for 1000"


@pytest.mark.parametrize("text", ["[" * 300_000, "{a: " * 200_000, "- " * 300_000])
def test_deep_nesting_ends_early(tmp_path: Path, text: str) -> None:
    """Endless nesting is refused at once instead of being read to its end."""
    started = time.monotonic()

    said = complaints(tmp_path, text)

    assert any("is nested deeper than 20 levels" in each for each in said)
    assert time.monotonic() - started < 10  # reading it all would take hours


def test_other_encodings(tmp_path: Path) -> None:
    """A file that is not UTF-8 is told the place of the first wrong byte."""
    latin = GOOD.replace("affected: Backend", "affected: Bäckend").encode("latin-1")

    assert complaints(tmp_path, latin) == [
        "10:16: the byte 0xe4 is not UTF-8; save the file as UTF-8"
    ]
    assert complaints(tmp_path, GOOD.encode("utf-16")) == [
        "1:1: the byte 0xff is not UTF-8; save the file as UTF-8"
    ]


def test_a_byte_order_mark_takes_no_column(tmp_path: Path) -> None:
    """The invisible mark at the start of a file moves no place."""
    said = complaints(tmp_path, "\ufeff" + changed(("version: 1", "version: 2")))

    assert [each.partition(" ")[0] for each in said] == ["1:10"]


def test_size(tmp_path: Path) -> None:
    """A file of more than a mebibyte is no configuration."""
    said = complaints(tmp_path, GOOD + "#" * 1024 * 1024)

    assert said == [" the file is larger than 1048576 bytes; that is no configuration"]


def test_no_file(tmp_path: Path) -> None:
    """A missing file, a folder and an unreadable file are told apart."""
    looped = tmp_path / "loop"
    looped.symlink_to(looped)

    for path, said in (
        (tmp_path / "none.yaml", "there is no such file; name it with --config, or start from"),
        (tmp_path, "this is a folder; name the file in it"),
        (looped, "the file can't be read: Too many levels of symbolic links"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(path, actions=ACTIONS, assertions=ASSERTIONS, environ={})
        assert str(caught.value).startswith(f"{path}: {said}")
        assert caught.value.problems[0].line == 0
