"""An attended go-live in JupyterLab: its prepared pages, the server that shows them, and the way back to it."""
