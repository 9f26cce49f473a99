"""Executing pages: papermill, made to tell the truth."""
