"""The durable log of effects."""

from pathlib import Path

from bot.workspace.providers.effects import Effect, EffectLog, count_by_use, read_effects

ROLLBACK = Effect(at=20.0, use="vercel.rollback", target="dpl_good", value="why", request="key")


def test_log_remembers_when_it_began_and_what_happened(tmp_path: Path) -> None:
    """A provider that starts again has its first beginning and all its effects."""
    path = tmp_path / "effects"
    EffectLog(path, now=10.0).append(ROLLBACK)

    again = EffectLog(path, now=99.0)

    assert again.began == 10.0
    assert again.effects == read_effects(path) == (ROLLBACK,)


def test_half_a_line_never_happened(tmp_path: Path) -> None:
    """What a kill cut off in mid-write is forgotten, and the next effect is whole."""
    path = tmp_path / "effects"
    EffectLog(path, now=10.0).append(ROLLBACK)
    with path.open("ab") as file:
        file.write(b'{"at": 21.0, "use": "verc')
    seen_by_a_reader = read_effects(path)

    log = EffectLog(path, now=30.0)
    log.append(ROLLBACK)

    assert seen_by_a_reader == (ROLLBACK,)
    assert read_effects(path) == log.effects == (ROLLBACK, ROLLBACK)


def test_effects_are_counted_by_use() -> None:
    """The stories report how often each thing was done."""
    promote = Effect(at=30.0, use="vercel.promote", target="dpl_bad")

    assert count_by_use([ROLLBACK, promote, ROLLBACK]) == {
        "vercel.rollback": 2,
        "vercel.promote": 1,
    }
    assert count_by_use([]) == {}
