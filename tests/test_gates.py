"""The workflow, the gate and the hooks call existing targets, and the same ones."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GATE = ROOT / ".ci" / "run"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
HOOKS = ROOT / ".pre-commit-config.yaml"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGETS = set(
    re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
)
CALL = re.compile(r"^(?:\w+=\S+ )?make ([a-z ]+?)(?= [A-Z]+=|$)")


def workflow() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    return found


def called(lines: list[str]) -> set[str]:
    """The targets of make that these commands call."""
    return {word for line in lines if (call := CALL.match(line)) for word in call[1].split()}


def workflow_lines() -> list[str]:
    steps = [step for job in workflow().values() for step in job["steps"]]
    return [line.strip() for step in steps for line in step.get("run", "").splitlines()]


def gate_lines() -> list[str]:
    return [line.strip() for line in GATE.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("lines", [workflow_lines(), gate_lines()], ids=["workflow", "gate"])
def test_every_target_that_is_called_exists(lines: list[str]) -> None:
    wanted = called(lines)
    assert {"lint", "types", "contracts", "test", "mutants"} <= wanted
    assert wanted <= TARGETS
    makes = [line for line in lines if re.match(r"(?:\w+=\S+ )?make\b", line)]
    assert all(CALL.match(line) for line in makes), makes


def test_the_workflow_builds_what_is_handed_out() -> None:
    assert {"wheel", "bundle"} <= called(workflow_lines())


def test_the_tests_run_on_every_python_that_is_promised() -> None:
    promised = {
        found[1]
        for one in PROJECT["classifiers"]
        if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one))
    }
    for name in ("linux", "macos", "package"):
        matrix = workflow()[name]["strategy"]["matrix"]
        assert set(matrix["python"]) == promised, name
    linux = workflow()["linux"]
    machines = {one["machine"]: one["runner"] for one in linux["strategy"]["matrix"]["include"]}
    assert machines.keys() == set(linux["strategy"]["matrix"]["machine"]) == {"x86_64", "aarch64"}
    assert machines["aarch64"].endswith("-arm")


def test_the_tests_find_the_service() -> None:
    linux = workflow()["linux"]
    (service,) = linux["services"].values()
    outside = service["ports"][0].split(":")[0]
    assert linux["env"]["AUDITTUI_TEST_ENDPOINT"].endswith(f":{outside}")


def test_files_that_make_names_for_the_fast_tests_exist() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"^FAST := (.+)$", text, re.MULTILINE)
    assert line.split()
    for name in line.split():
        assert (ROOT / name).exists(), name


def test_the_gate_is_a_script_that_bash_reads() -> None:
    assert GATE.stat().st_mode & 0o100
    subprocess.run(["bash", "-n", str(GATE)], check=True)


def test_hooks_run_what_the_project_installs_and_nothing_from_elsewhere() -> None:
    repositories = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))["repos"]
    assert [one["repo"] for one in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    tools = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks}
    assert tools == {"ruff", "mypy", "lint-imports"}
    listed = " ".join(PROJECT["optional-dependencies"]["dev"])
    for package in ("ruff", "mypy", "import-linter"):
        assert package in listed
