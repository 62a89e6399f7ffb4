"""Files that are more than text: a change to them runs something later, so that a person should look twice."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from orchestra_lsp.trust.paths import glob_body, matchable

_CARE: Final = {
    "machines of your CI run what it says": (
        *(
            ".github/workflows/**",
            ".github/actions/**",
            ".gitlab-ci.yml",
            ".gitlab/ci/**",
            ".circleci/**",
            "**/jenkinsfile*",
            ".travis.yml",
        ),
        *(
            "azure-pipelines*.yml",
            ".azure-pipelines/**",
            "bitbucket-pipelines.yml",
            ".buildkite/**",
            ".drone.yml",
            ".woodpecker*",
            ".ci/**",
        ),
        *("appveyor.yml", ".appveyor.yml", ".teamcity/**", "cloudbuild*.y*ml", ".forgejo/**", ".gitea/**"),
    ),
    "it runs when you commit or push": (
        *(".husky/**", ".githooks/**", "**/githooks/**", "**/git-hooks/**", ".pre-commit-config.yaml", ".pre-commit-hooks.yaml"),
        *("lefthook*.y*ml", ".lefthook*.y*ml", ".overcommit.yml", ".lintstagedrc*", "lint-staged.config.*"),
    ),
    "git reads it for what it does with your files": ("**/.gitattributes", "**/.gitmodules", "**/.gitconfig", "**/.mailmap"),
    "your editor runs or trusts what it says": (
        *(
            "**/.vscode/**",
            "**/.idea/**",
            "**/.zed/**",
            "**/.fleet/**",
            "**/.vim/**",
            "**/.nvim/**",
            "**/.nvim.lua",
            "**/.nvimrc",
            "**/.exrc",
        ),
        *("**/.vimrc", "**/.dir-locals.el", "**/*.code-workspace", "**/.devcontainer/**", "**/.devcontainer.json", "**/*.sublime-project"),
        *("**/orchestra.toml", "**/.project", "**/.settings/**"),
    ),
    "coding agents follow or run what it says": (
        "**/.claude/**",
        "**/.cursor/**",
        "**/.roo/**",
        "**/.factory/**",
        "**/.mcp.json",
        "**/.codex/**",
    ),
}


def care(path: str) -> str:
    """Why a change of this file, by its path below the workspace with "/", wants the person's own word; "" for others."""
    plain = matchable(path.casefold())
    return next((reason for reason, rule in _rules() if rule.search(plain)), "")


@cache
def _rules() -> tuple[tuple[str, Any], ...]:
    import re2

    return tuple((reason, re2.compile(f"(?s)^(?:{'|'.join(map(glob_body, globs))})$")) for reason, globs in _CARE.items())
