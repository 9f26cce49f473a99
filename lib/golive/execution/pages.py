"""Execute one page and say truly what came of it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from jupyter_client.manager import KernelManager
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import LocalHandler, papermill_io

from golive.core.errors import NameUnknown
from golive.execution.engine import GoliveEngine, is_complete


@dataclass(frozen=True)
class PageResult:
    """What came of a page: `error` is the failing cell's error in a line or two, "" when none failed."""

    complete: bool
    why: str
    executed: int
    cells: int
    error: str
    seconds: float
    sha256: str


class AtomicHandler(LocalHandler):  # type: ignore[misc]
    """Writes notebooks whole or not at all."""

    def write(self, buf: str, path: str) -> None:
        """Write through a temporary file beside the target."""
        target = Path(path)
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".page-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(buf)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(target)


def prepare() -> None:
    """Register the engine and the atomic writer with papermill."""
    papermill_engines.register("golive", GoliveEngine)
    papermill_io.register("/", AtomicHandler())


def execute_page(
    template: str, output: Path, parameters: Mapping[str, str], *, km: KernelManager | None = None
) -> PageResult:
    """Execute a template's text into `output`: with the kernel of `km`, which is not shut, else with one of its own.

    Raises:
        NameUnknown: If a parameter is none of the template's; nothing has run.
        KeyboardInterrupt, SystemExit: If a signal came; the file tells the truth by then.
    """
    prepare()
    begun = time.monotonic()
    source = output.with_name(f".template-{output.name}")
    source.write_text(template, encoding="utf-8")
    error = ""
    try:
        refuse_unknown(source, parameters)
        papermill.execute_notebook(
            str(source.resolve()),
            str(output.resolve()),
            parameters=dict(parameters),
            engine_name="golive",
            progress_bar=False,
            autosave_cell_every=5,
            **({"km": km} if km is not None else {}),
        )
    except PapermillExecutionError as failed:
        error = f"{failed.ename}: {failed.evalue}"
    except (KeyboardInterrupt, SystemExit, NameUnknown):
        raise
    except Exception as failed:  # a dead kernel or a time-out; the file says it too
        error = f"{type(failed).__name__}: {failed}"
    finally:
        source.unlink(missing_ok=True)
    if not output.exists():
        output.write_text(template, encoding="utf-8")
    text = output.read_text(encoding="utf-8")
    nb = nbformat.reads(text, as_version=4)
    complete, why = is_complete(nb)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    executed = sum(cell.execution_count is not None for cell in code)
    digest = hashlib.sha256(text.encode()).hexdigest()
    seconds = time.monotonic() - begun
    return PageResult(complete and not error, why, executed, len(code), error, seconds, digest)


def refuse_unknown(template: Path, parameters: Mapping[str, str]) -> None:
    """Raise NameUnknown for a parameter that the template's parameters cell does not have."""
    known = papermill.inspect_notebook(str(template))
    for name in parameters:
        if name not in known:
            raise NameUnknown("parameter", name, known)


def template_sha256(template: str) -> str:
    """Give the hash by which the record names a template."""
    return hashlib.sha256(json.dumps(json.loads(template), sort_keys=True).encode()).hexdigest()
