"""The guides: what they show and link to is there, and nothing lies around that none of them shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGET = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)\s]+)\)")
MOST_BYTES = 200_000


def anchor(heading: str) -> str:
    """As GitHub makes one from a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", page.read_text(), re.M)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in TARGET.findall(page.read_text()):
        if "://" in target:
            continue
        path, _, part = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not part or part in anchors(linked), target


def test_each_picture_is_shown_and_small() -> None:
    shown = {(page.parent / target).resolve() for page in PAGES for target in PICTURE.findall(page.read_text())}
    pictures = set((ROOT / "docs/images").iterdir())
    assert pictures == shown
    assert [picture.name for picture in pictures if picture.stat().st_size > MOST_BYTES] == []


def test_one_command_takes_each_picture() -> None:
    script = (ROOT / "frontend/e2e/screenshots.ts").read_text()
    taken = re.findall(r'take\(page, "([a-z-]+)"\)', script)
    assert sorted(f"{name}.png" for name in taken) == sorted(each.name for each in (ROOT / "docs/images").iterdir())
