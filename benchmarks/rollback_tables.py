"""The tables of rollback, as Markdown."""


def render(known, seed):
    return ""
