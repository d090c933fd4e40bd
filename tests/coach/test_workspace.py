"""The learner's folder: nothing that a learner wrote is ever lost."""

from pathlib import Path

import pytest

from coach.workspace import UnknownFileError, deliver, restore


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    folder = tmp_path / "originals"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "exercises").mkdir()
    (folder / "notebooks/05_layers.ipynb").write_text("first edition")
    (folder / "exercises/05_layers.ipynb").write_text("exercise")
    (folder / "시작.md").write_text("start")
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


def test_a_new_volume_gets_every_original(originals: Path, work: Path) -> None:
    assert deliver(originals, work) == []
    assert (work / "notebooks/05_layers.ipynb").read_text() == "first edition"
    assert (work / "시작.md").read_text() == "start"


def test_an_untouched_lesson_is_updated(originals: Path, work: Path) -> None:
    deliver(originals, work)
    (originals / "notebooks/05_layers.ipynb").write_text("second edition")
    assert deliver(originals, work) == []
    assert (work / "notebooks/05_layers.ipynb").read_text() == "second edition"


def test_an_edited_lesson_is_never_overwritten(originals: Path, work: Path) -> None:
    deliver(originals, work)
    (work / "notebooks/05_layers.ipynb").write_text("mine")
    (originals / "notebooks/05_layers.ipynb").write_text("second edition")
    assert deliver(originals, work) == ["notebooks/05_layers.ipynb"]
    assert deliver(originals, work) == ["notebooks/05_layers.ipynb"]
    assert (work / "notebooks/05_layers.ipynb").read_text() == "mine"


def test_a_deleted_lesson_comes_back_only_when_it_is_new(originals: Path, work: Path) -> None:
    deliver(originals, work)
    (work / "notebooks/05_layers.ipynb").unlink()
    deliver(originals, work)
    assert not (work / "notebooks/05_layers.ipynb").exists()
    (originals / "notebooks/05_layers.ipynb").write_text("second edition")
    deliver(originals, work)
    assert (work / "notebooks/05_layers.ipynb").read_text() == "second edition"


def test_files_of_the_learner_stay(originals: Path, work: Path) -> None:
    deliver(originals, work)
    (work / "notebooks/memo.ipynb").write_text("memo")
    deliver(originals, work)
    assert (work / "notebooks/memo.ipynb").read_text() == "memo"


def test_a_lost_record_counts_every_difference_as_an_edit(originals: Path, work: Path) -> None:
    deliver(originals, work)
    (work / "notebooks/05_layers.ipynb").write_text("mine")
    (work / ".docker-anatomy/delivered.json").write_text("{broken")
    assert deliver(originals, work) == ["notebooks/05_layers.ipynb"]


def test_restore_gives_the_original_back_and_keeps_the_edited_file(
    originals: Path, work: Path
) -> None:
    deliver(originals, work)
    (work / "notebooks/05_layers.ipynb").write_text("mine")
    target, kept = restore("05_layers", originals, work)
    assert target.read_text() == "first edition"
    assert kept is not None
    assert kept.read_text() == "mine"
    (originals / "notebooks/05_layers.ipynb").write_text("second edition")
    assert deliver(originals, work) == []  # it counts as untouched again


def test_restore_of_an_untouched_file_keeps_nothing(originals: Path, work: Path) -> None:
    deliver(originals, work)
    before = (work / "시작.md").stat()
    assert restore("시작.md", originals, work)[1] is None
    # Nor is it written: where `make edit` mounts the originals themselves, it is one of them.
    assert (work / "시작.md").stat().st_ino == before.st_ino


@pytest.mark.parametrize("name", ["nothing", "../originals/시작.md", "/etc/passwd", ""])
def test_restore_names_what_there_is_when_asked_for_something_else(
    name: str, originals: Path, work: Path
) -> None:
    deliver(originals, work)
    with pytest.raises(UnknownFileError, match=r"notebooks/05_layers\.ipynb"):
        restore(name, originals, work)
