"""Executing pages: papermill, made to tell the truth."""

import papermill  # noqa: F401  first, because it loads our engine's entry point while it is imported itself
