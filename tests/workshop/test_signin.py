"""Who gets in, and to which seat."""

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from outside import docker
from room import NAME, URL, WORD, Workshop


def seat_of(page: str) -> str:
    found = re.search(r'user: "(\w+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("code", ["", "틀린 코드", "aaaa-aaaa"])
def test_a_wrong_class_code_is_refused(workshop: Workshop, code: str) -> None:
    session, answer = workshop.session(code=code, username="모르는 사람", word=WORD)
    assert answer.status_code == 403
    assert "수업 코드가 맞지 않는다" in answer.text
    assert "/hub/login" in session.get(f"{URL}/hub/home", timeout=30).url


def test_the_code_may_be_typed_in_another_way(workshop: Workshop) -> None:
    _, answer = workshop.session(
        code=workshop.code.upper().replace("-", " "), username="대문자", word=WORD
    )
    assert answer.ok


def test_a_korean_name_gets_a_numbered_seat_and_is_shown_as_it_is(workshop: Workshop) -> None:
    _, answer = workshop.session(code=workshop.code, username="  박  세나 ", word=WORD)
    assert re.fullmatch(r"s\d\d+", seat_of(answer.text))
    assert "박 세나" in answer.text


def test_the_same_name_with_another_word_does_not_get_into_the_seat(workshop: Workshop) -> None:
    workshop.learner("최같은")
    _, answer = workshop.session(code=workshop.code, username="최같은", word="다른 낱말")
    assert answer.status_code == 403
    assert "이 이름으로 앉은 사람이 있고" in answer.text


def test_name_and_word_lead_back_to_the_seat_from_another_browser(workshop: Workshop) -> None:
    _, first = workshop.session(code=workshop.code, username="정다시", word=WORD)
    _, again = workshop.session(code=workshop.code, username="정다시", word=WORD)
    assert seat_of(first.text) == seat_of(again.text)


def test_names_that_look_alike_are_one_name(workshop: Workshop) -> None:
    """Composed and decomposed Hangul, as macOS may send it, and full-width letters."""
    _, first = workshop.session(code=workshop.code, username="한글 Kim", word=WORD)
    decomposed = unicodedata.normalize("NFD", "한글 \uff2bim")
    _, again = workshop.session(code=workshop.code, username=decomposed, word="다른 낱말")
    assert first.ok
    assert again.status_code == 403


def test_many_new_names_at_once_get_a_seat_each(workshop: Workshop) -> None:
    names = [f"동시 {number}" for number in range(6)]
    with ThreadPoolExecutor() as pool:
        pages = list(
            pool.map(
                lambda name: workshop.session(code=workshop.code, username=name, word=WORD)[1].text,
                names,
            )
        )
    assert len({seat_of(page) for page in pages}) == len(names)


def test_a_name_is_text_and_never_markup(workshop: Workshop) -> None:
    _, answer = workshop.session(code=workshop.code, username="<b onclick=x>굵게</b>", word=WORD)
    assert answer.ok
    assert "<b onclick" not in answer.text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"username": "", "word": WORD}, "이름을"),
        ({"username": "가" * 31, "word": WORD}, "이름을"),
        ({"username": "거꾸로\u202e", "word": WORD}, "이름을"),
        ({"username": "낱말없음", "word": "abc"}, "낱말을"),
        ({"username": "너무김", "word": "가" * 5000}, "너무 길다"),
    ],
)
def test_what_cannot_be_taken_is_explained(
    workshop: Workshop, fields: dict[str, str], message: str
) -> None:
    _, answer = workshop.session(code=workshop.code, **fields)
    assert answer.status_code == 403
    assert message in answer.text


def test_guessing_a_word_ends_after_ten_tries(workshop: Workshop) -> None:
    workshop.learner("참을성")
    for _ in range(10):
        workshop.session(code=workshop.code, username="참을성", word="틀린 낱말")
    _, answer = workshop.session(code=workshop.code, username="참을성", word=WORD)
    assert answer.status_code == 429
    assert "너무 여러 번 틀렸다" in answer.text


def test_a_forgotten_word_is_chosen_anew_and_the_seat_stays(workshop: Workshop) -> None:
    _, first = workshop.session(code=workshop.code, username="잊은이", word="처음 낱말")
    assert "낱말을 새로 정한다" in docker("exec", NAME, "workshop", "forget", "잊은이")
    _, again = workshop.session(code=workshop.code, username="잊은이", word="새로운 낱말")
    assert seat_of(again.text) == seat_of(first.text)
    _, old = workshop.session(code=workshop.code, username="잊은이", word="처음 낱말")
    assert old.status_code == 403


def test_the_instructor_is_known_by_the_code_alone(workshop: Workshop) -> None:
    page = workshop.instructor().get(f"{URL}/hub/home", timeout=30).text
    assert seat_of(page) == "instructor"
    assert "자리 관리" in page


def test_a_learner_is_no_instructor(workshop: Workshop) -> None:
    session = workshop.learner("instructor")
    assert seat_of(session.get(f"{URL}/hub/home", timeout=30).text) != "instructor"
    assert session.get(f"{URL}/hub/admin", timeout=30).status_code == 403


def test_guessing_the_class_code_is_slowed_down(workshop: Workshop) -> None:
    """The counter itself: used up, it would keep this machine's other tests out."""
    script = (
        "from signin import Patience\n"
        "from tornado.web import HTTPError\n"
        "patience = Patience(failures=20, seconds=60)\n"
        "for _ in range(20):\n"
        "    patience.check('here'); patience.failed('here')\n"
        "patience.check('elsewhere')\n"
        "try:\n"
        "    patience.check('here')\n"
        "except HTTPError as error:\n"
        "    print(error.status_code)\n"
    )
    assert docker("exec", NAME, "python", "-c", script) == "429"


def test_codes_and_roster_are_for_the_hub_alone(workshop: Workshop) -> None:
    modes = docker(
        "exec", NAME, "stat", "-c", "%a", "codes.json", "roster.json", "hub.sqlite", "cookie_secret"
    )
    assert set(modes.split()) <= {"600", "644"}
    assert modes.split()[:2] == ["600", "600"]
    assert WORD not in docker("exec", NAME, "cat", "roster.json")


def test_a_code_of_hyphens_opens_to_nobody(workshop: Workshop) -> None:
    script = "from signin import same_code as same; print(same('', '------'), same('ab-C', 'A bc'))"
    assert docker("exec", NAME, "python", "-c", script) == "False True"
