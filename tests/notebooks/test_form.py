"""The form of a page is a test."""

import ast

import nbformat
import pytest

from golive.plans import load, notebook

NAMES = [f.notebook for f in load("sandbox", None)[0].phases] + ["90_rollback", "91_incident"]
FORBIDDEN = (ast.FunctionDef, ast.If, ast.For, ast.While, ast.Try, ast.Lambda, ast.ClassDef, ast.With)


@pytest.fixture(params=NAMES)
def cells(request):
    return nbformat.reads(notebook(request.param), as_version=4).cells


def test_a_page_has_at_most_24_cells_and_begins_with_its_title(cells):
    assert len(cells) <= 24
    assert cells[0].cell_type == "markdown" and cells[0].source.startswith("# ")


def test_code_is_one_to_four_lines_without_control_flow(cells):
    for cell in cells:
        if cell.cell_type == "code":
            tree = compile(cell.source, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            assert 1 <= len(cell.source.splitlines()) <= 4
            assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)]
            assert "print(" not in cell.source and "%" not in cell.source.split("#")[0]


def test_every_question_has_prose_of_at_most_70_words_above_its_call(cells):
    for above, cell in zip(cells[1:], cells[2:], strict=False):
        if cell.cell_type == "code":
            assert above.cell_type == "markdown" and above.source.startswith("## ")
    assert all(len(cell.source.split()) <= 70 for cell in cells if cell.cell_type == "markdown")


def test_parameters_come_first_and_hold_names(cells):
    first = next(cell for cell in cells if cell.cell_type == "code")

    assert first.metadata.tags == ["parameters"]
    assert 'plan: str = "sandbox"' in first.source


def test_one_cell_at_most_moves_visitors_forward_and_no_tag_defeats_a_gate(cells):
    tags = [tag for cell in cells for tag in cell.metadata.get("tags", [])]

    assert tags.count("changes-traffic") <= 1
    assert tags.count("rollback") == 1
    assert not {"raises-exception", "skip-execution"} & set(tags)


def test_templates_hold_no_outputs(cells):
    for cell in cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


def test_acts_are_awaited_and_readings_are_not(cells):
    for cell in cells:
        if cell.cell_type == "code" and "go." in cell.source:
            call = cell.source.split("go.")[1].split("(")[0]
            acts = ("checks", "baseline", "shift", "prove", "soak", "phase_checks", "rollback", "prove_rollback")
            assert cell.source.startswith("await ") == (call in acts)
