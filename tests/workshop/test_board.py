"""The progress board, from `coach check` in a seat to the instructor's screen."""

from __future__ import annotations

import csv
import io
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from outside import docker
from playwright.sync_api import Browser, BrowserContext, Page, expect
from room import BOARD, NAME, URL, WORD, Seat, Workshop, until

PICTURES = os.environ.get("TEST_PICTURES")  # a folder for screenshots, if somebody wants to look
SLOW = 240_000  # ms: a seat that opens on a busy machine


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES, f"{name}.png"))


def sign_in(page: Page, code: str, name: str = "", word: str = "", then: str = "") -> None:
    page.goto(f"{URL}/hub/login?next={then}")
    page.get_by_label("수업 코드").fill(code)
    page.get_by_label("이름").fill(name)
    page.get_by_label("나만 아는 낱말").fill(word)
    page.get_by_role("button", name="들어가기").click()


def open_board(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto(BOARD)
    expect(page.get_by_role("columnheader", name="05-1")).to_be_visible(timeout=30_000)
    return page


def no_violations(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.fixture(scope="module")
def instructor(workshop: Workshop, browser: Browser) -> BrowserContext:
    context = browser.new_context(locale="ko-KR")
    page = context.new_page()
    sign_in(page, workshop.instructor_code)
    page.wait_for_url(BOARD)
    page.close()
    return context


def test_three_learners_work_and_the_instructor_sees_it(
    workshop: Workshop, instructor: BrowserContext, browser: Browser
) -> None:
    board = open_board(instructor)
    names = ["가나다", "라마바", "사아자"]
    pages = [browser.new_context(locale="ko-KR").new_page() for _ in names]
    for page, name in zip(pages, names, strict=True):
        sign_in(page, workshop.code, name, WORD)
        page.wait_for_url("**/hub/spawn-pending/**")
        expect(page.get_by_role("heading", name="실습실을 열고 있다")).to_be_visible()
    no_violations(pages[0])
    picture(pages[0], "spawn")
    for page in pages:
        page.wait_for_url("**/user/*/lab**", timeout=SLOW)
    # JupyterLab speaks Korean and shows the course's first page, as in a lab of one's own.
    expect(pages[0].locator("body")).to_contain_text("시작.md", timeout=120_000)
    expect(pages[0].locator(".jp-DirListing-content")).to_contain_text("notebooks", timeout=60_000)
    picture(pages[0], "seat")
    seats = [Seat(page.url.split("/user/")[1].split("/")[0]) for page in pages]

    assert not seats[0].check("05-1")
    assert not seats[0].check("05-1")
    seats[0].solve_05_1()
    assert seats[0].check("05-1")
    assert not seats[1].check("05-1")
    assert not seats[1].check("01-1")
    # The third does nothing.

    def cell(name: str, exercise: str) -> Any:
        return board.get_by_role("button", name=f"{name} {exercise}:")

    expect(cell("가나다", "05-1")).to_have_text("✔", timeout=30_000)
    expect(cell("라마바", "05-1")).to_have_text("✘1 0분", timeout=30_000)
    expect(cell("라마바", "01-1")).to_have_text("✘1 0분")
    expect(cell("사아자", "05-1")).to_have_text("·")
    expect(cell("가나다", "05-1")).to_have_accessible_name(
        re.compile(r"^가나다 05-1: 통과 \(3번째에, .+\)$")
    )

    cell("라마바", "01-1").focus()
    board.keyboard.press("Enter")
    expect(board.locator("#detail")).to_contain_text("ex-01-1 컨테이너가 없다.")
    board.get_by_label("수업").select_option("01")
    expect(cell("라마바", "05-1")).to_have_count(0)
    expect(cell("라마바", "01-1")).to_have_count(1)
    for page in pages:
        page.context.close()


def test_the_board_asks_nobody_but_the_hub(instructor: BrowserContext, hana: Seat) -> None:
    asked: list[str] = []
    page = instructor.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(BOARD)
    expect(page.locator("#grid td").first).to_be_visible()
    assert asked
    assert all(url.startswith(URL) for url in asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_board_is_accessible_and_fits(
    instructor: BrowserContext, hana: Seat, scheme: str, width: int
) -> None:
    hana.check("01-1")
    page = instructor.new_page()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(BOARD)
    expect(page.get_by_role("button", name="김하나 01-1:")).to_contain_text("✘", timeout=30_000)
    page.get_by_role("button", name="김하나 01-1:").click()
    no_violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"board-{scheme}-{width}")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_hubs_pages_are_accessible_and_fit_a_phone(
    browser: Browser, workshop: Workshop, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="ko-KR",
    )
    page = context.new_page()

    def look(name: str, heading: str) -> None:
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        no_violations(page)
        assert page.evaluate("document.documentElement.lang") == "ko"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        picture(page, f"{name}-{scheme}-390")

    page.goto(f"{URL}/hub/login")
    look("sign-in", "도커 해부학 워크숍")
    sign_in(page, "틀린 코드", "휴대전화", WORD)
    expect(page.get_by_role("alert")).to_contain_text("수업 코드가 맞지 않는다")
    look("sign-in-refused", "도커 해부학 워크숍")
    sign_in(page, workshop.code, "휴대전화", WORD, then="/hub/home")
    look("home", "내 실습실")
    page.goto(f"{URL}/hub/nowhere")
    look("not-found", "그런 주소가 없다")
    page.goto(page.url.replace("/hub/nowhere", "/user/" + page.evaluate("jhdata.user") + "/lab"))
    look("not-running", "실습실이 멈춰 있다")
    context.close()


def test_a_learner_sees_only_the_own_row(
    workshop: Workshop, hana: Seat, duri: Seat, browser: Browser
) -> None:
    duri.check("01-2")
    hana.check("01-1")
    context = browser.new_context(locale="ko-KR", viewport={"width": 390, "height": 800})
    page = context.new_page()
    sign_in(page, workshop.code, "김하나", WORD)
    page.wait_for_url("**/user/**", timeout=SLOW)
    page.goto(BOARD)
    expect(page.get_by_role("button", name="김하나 01-1:")).to_contain_text("✘", timeout=30_000)
    no_violations(page)
    picture(page, "board-learner-390")
    data = page.request.get(f"{BOARD}data").json()
    assert [row["id"] for row in data["learners"]] == [hana.number]
    assert data["instructor"] is False
    assert "이두리" not in page.request.get(f"{BOARD}progress.csv").text()
    context.close()


def test_who_has_not_signed_in_sees_nothing(workshop: Workshop) -> None:
    assert requests.get(f"{BOARD}data", timeout=30).status_code == 403
    assert "/hub/login" in requests.get(BOARD, timeout=30).url


# ---- what comes in -------------------------------------------------------------------------------

LOG = "0" * 31


def result(place: int, **more: Any) -> dict[str, Any]:
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return {"place": place, "id": "02-1", "passed": False, "at": at, "message": "아직", **more}


def post(token: str, log: str, *results: Any, **more: Any) -> requests.Response:
    return requests.post(
        f"{BOARD}results",
        json={"log": log, "results": list(results), **more},
        headers={"Authorization": f"token {token}"} if token else {},
        timeout=30,
    )


def rows(instructor: BrowserContext) -> dict[str, Any]:
    data = instructor.request.get(f"{BOARD}data").json()
    return {row["id"]: row["cells"] for row in data["learners"]}


@pytest.fixture
def token(duri: Seat) -> str:
    return duri.run("echo $JUPYTERHUB_API_TOKEN")


def test_a_result_sent_twice_is_kept_once(
    instructor: BrowserContext, duri: Seat, token: str
) -> None:
    for _ in range(2):
        assert post(token, f"{LOG}1", result(0), result(70)).ok
    assert rows(instructor)[duri.number]["02-1"]["tries"] == 2


def test_nobody_reports_for_another(
    instructor: BrowserContext, hana: Seat, duri: Seat, token: str
) -> None:
    """Whatever the body says, a result is the token's owner's."""
    forged = result(0, id="02-2", learner=hana.number, user=hana.number)
    assert post(token, f"{LOG}2", forged, learner=hana.number, user=hana.number).ok
    assert "02-2" in rows(instructor)[duri.number]
    assert "02-2" not in rows(instructor)[hana.number]


def test_results_without_a_seats_token_are_refused(workshop: Workshop) -> None:
    session = workshop.learner("이두리")
    session.get(BOARD, timeout=30)  # has the board's cookie now
    body = {"log": f"{LOG}3", "results": [result(0)]}
    assert session.post(f"{BOARD}results", json=body, timeout=30).status_code == 403
    assert post("", f"{LOG}3", result(0)).status_code == 403
    assert post("f" * 32, f"{LOG}3", result(0)).status_code == 403


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        7,
        {},
        {"place": -1},
        {"place": 2**60},
        {"place": True},
        {"id": "../../etc"},
        {"id": 5},
        {"passed": "yes"},
        {"at": "yesterday"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"message": {"a": 1}},
    ],
)
def test_nonsense_does_not_hold_up_what_comes_after_it(
    instructor: BrowserContext, duri: Seat, token: str, nonsense: Any
) -> None:
    bad = {**result(1), **nonsense} if isinstance(nonsense, dict) and nonsense else nonsense
    name = f"{abs(hash(str(nonsense))):032x}"[-32:]
    before = rows(instructor)[duri.number].get("02-3", {"tries": 0})["tries"]
    assert post(token, name, bad, result(9, id="02-3")).ok
    assert rows(instructor)[duri.number]["02-3"]["tries"] == before + 1


def test_who_is_stuck_is_told_with_the_time(
    instructor: BrowserContext, hana: Seat, duri: Seat, token: str
) -> None:
    """From the first try that failed, however many came after it; passing ends it."""
    ago = [time.strftime("%FT%T+00:00", time.gmtime(time.time() - 60 * m)) for m in (75, 25, 1)]
    post(token, f"{LOG}6", *[result(i, id="06-1", at=at) for i, at in enumerate(ago)])
    post(token, f"{LOG}6", result(8, id="06-2", at=ago[1]))
    post(token, f"{LOG}6", result(9, id="06-3", at=ago[1]), result(10, id="06-3", passed=True))
    page = open_board(instructor)
    expect(page.get_by_role("button", name="이두리 06-1:")).to_have_text("⚠✘3 1시간 15분")
    expect(page.get_by_role("button", name="이두리 06-2:")).to_have_text("⚠✘1 25분")
    expect(page.get_by_role("button", name="이두리 06-3:")).to_have_text("✔")
    expect(page.locator("#summary")).to_contain_text("10분 넘게 막힘 2")
    page.get_by_label("순서").select_option("stuck")
    expect(page.locator("tbody th").first).to_have_text("이두리")
    picture(page, "board-stuck")
    page.close()


def test_markup_in_a_message_stays_text(instructor: BrowserContext, duri: Seat, token: str) -> None:
    post(token, f"{LOG}4", result(0, id="03-1", message="<img src=x onerror=document.title=1>"))
    page = open_board(instructor)
    button = page.get_by_role("button", name="이두리 03-1:")
    expect(button).to_contain_text("✘", timeout=30_000)
    button.click()
    expect(page.locator("#detail")).to_contain_text("<img src=x")
    assert page.locator("#detail img").count() == 0
    page.close()


def test_the_csv_opens_in_a_spreadsheet_as_text(
    instructor: BrowserContext, duri: Seat, token: str
) -> None:
    post(token, f"{LOG}5", result(0, id="03-2", message='=HYPERLINK("http://x","y")'))
    raw = instructor.request.get(f"{BOARD}progress.csv").body()
    assert raw.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    found = next(row for row in table if row[:3] == [duri.number, "이두리", "03-2"])
    assert found[4] == "아니요"
    assert found[-1] == '\'=HYPERLINK("http://x","y")'
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_restarted_hub_loses_nothing(
    workshop: Workshop, instructor: BrowserContext, hana: Seat
) -> None:
    """Results given while the hub and its board are away arrive when they are back."""
    started = docker("inspect", "-f", "{{.State.StartedAt}}", hana.container)
    docker("stop", "-t", "20", NAME)
    assert not hana.check("04-1")
    assert not hana.check("04-1")
    time.sleep(5)  # so that the seat has tried in vain
    assert "진도판이 받지 않았다" in hana.run("cat /var/log/lab/report.log")
    docker("start", NAME)
    cells = until(lambda: rows(instructor)[hana.number].get("04-1"), 120)
    until(lambda: rows(instructor)[hana.number]["04-1"]["tries"] == 2)
    assert cells["passed"] is None
    # The seat went on all the time, and the hub leads to it again.
    assert docker("inspect", "-f", "{{.State.StartedAt}}", hana.container) == started
    session = workshop.learner("김하나")
    page = until(lambda: session.get(f"{URL}/user/{hana.number}/lab", timeout=30).text)
    assert "JupyterLab" in page


def test_without_a_hub_nothing_is_sent() -> None:
    """The lab of one's own: the service that reports has ended, and there is no process of it."""
    name = f"{NAME}-alone"
    image = docker("inspect", "-f", "{{.Config.Image}}", f"{NAME}-s01")
    docker("run", "-d", "--name", name, "--cap-add", "SYS_ADMIN", image)
    try:
        status = until(
            lambda: docker("exec", name, "s6-svstat", "-o", "up,wantedup", "/run/service/report")
        )
        until(
            lambda: docker("exec", name, "s6-svstat", "-o", "up", "/run/service/report") == "false"
        )
        assert status
        time.sleep(3)
        assert docker("exec", name, "s6-svstat", "-o", "up", "/run/service/report") == "false"
        assert docker("exec", name, "sh", "-c", "ls /learn/.docker-anatomy/reported || true") == ""
    finally:
        docker("rm", "-f", "-v", name)
