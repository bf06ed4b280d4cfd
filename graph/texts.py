"""The texts that stand under fields in a class body. Python drops them; they are an API's descriptions."""

import ast
import inspect
import textwrap
from typing import Any


def class_docstring(kind: type[Any]) -> str | None:
    """Return what a class's own docstring says."""
    text = kind.__dict__.get("__doc__")
    return inspect.cleandoc(text) if text else None


def attribute_docstrings(kind: type[Any]) -> dict[str, str]:
    """Return the text under each annotated field of a class's own body."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    if not isinstance(tree, ast.ClassDef):
        return {}
    texts: dict[str, str] = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match text:
                case ast.Expr(value=ast.Constant(value=str(words))):
                    texts[field.target.id] = inspect.cleandoc(words)
                case _:
                    pass
    return texts
