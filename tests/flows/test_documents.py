"""The commands printed in the documents do what stands beside them."""

import re
import subprocess
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.timeout(500)
ROOT = Path(__file__).parents[2]
CODES = "curl() { command curl -sS -o /dev/null -w '%{http_code}\\n' \"$@\"; }\n"


def codes(page: str, town: str, folder: Path) -> list[str]:
    """What the commands of a page are answered, leaving out those with an identifier the reader has to fill in."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    script = "".join(block for language, block in blocks if not language and "make up" not in block)
    script = re.sub(r"^.*<id>.*\n", "", script, flags=re.MULTILINE)
    script = CODES + script.replace("http://localhost:8080", town)
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_another_system_can_call_as_the_readme_says(town: str, tmp_path: Path, page: str) -> None:
    *worker, anybody = codes(page, town, tmp_path)
    assert worker == ["200", "200", "201"]
    assert anybody in {"404", "429"}, "the receipt of the example belongs to nobody"


def test_the_walk_of_ten_minutes_can_be_walked(town: str, tmp_path: Path) -> None:
    worker, clerk, department = ["200", "200", "200", "200", "404"], ["200", "200", "201"], ["200", "200", "201", "200"]
    assert codes("docs/demo.md", town, tmp_path) == worker + clerk + department


def test_everybody_the_walk_names_can_sign_in_and_every_page_it_opens_is_there(town: str) -> None:
    text = (ROOT / "docs/demo.md").read_text("utf-8")
    known = set(re.findall(r"`((?:worker|window|head|street|mediator|guide|admin)\.\w+)`", text))
    known |= set(re.findall(r"`(district|fire|civil|housing|arbiter)`", text))
    assert len(known) > 10
    for login in sorted(known):
        with httpx.Client(base_url=town, headers={"X-Grid-Request": "1"}, timeout=30) as browser:
            given = {"login": login, "password": f"qingshan-{login}"}
            assert browser.post("/api/gateway/v1/session", json=given).status_code == 200, login
    pages = set(re.findall(r"`(/(?:field|console|progress|sign-in|district)[^`]*)`", text))
    assert {"/field", "/console", "/progress", "/sign-in"} <= pages
    with httpx.Client(base_url=town, follow_redirects=True, timeout=30) as anybody:
        # 503: nobody built the web here; the page says how.
        assert {anybody.get(page).status_code for page in pages} <= {200, 503}
