"""Hatchling's hook: the built pages and their operations go into the wheel, so that whoever installs it needs no Node.js."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackFrontend(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # a checkout's own build is found where it lies
        frontend = Path(self.root, "frontend")
        pages = frontend / "dist"
        if not (pages / "index.html").is_file():
            raise FileNotFoundError(
                "The pages are not built: use `make wheel`, or run `npm ci && npm run build` in frontend/ first."
            )
        include = build_data["force_include"]
        for file in sorted(pages.rglob("[!.]*")):
            if file.is_file():
                include[str(file)] = f"gateway/web/static/{file.relative_to(pages).as_posix()}"
        include[str(frontend / "operations.json")] = "schema/operations.json"
