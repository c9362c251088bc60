"""The marks of the page, in pictures: status as a shape, and a result as a bar above or below a line."""

from __future__ import annotations

from artifact_warehouse.drawing.svg import Shape, shape

UP, DOWN = 9, 11


def glyph(status_class: str | None, x: float, y: float) -> Shape:
    """Ten pixels around a point: a circle, a triangle, a diamond, a hollow circle, or a dash."""
    if status_class == "success":
        return shape("circle", cls="g-ok", cx=x, cy=y, r=4)
    if status_class == "warn":
        return shape("path", cls="g-warn", d=f"M{x:.1f} {y - 4.5:.1f}l4.8 9h-9.6Z")
    if status_class == "failure":
        return shape("path", cls="g-fail", d=f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5Z")
    if status_class == "skipped":
        return shape("circle", cls="g-skip", cx=x, cy=y, r=3.5)
    return shape("path", cls="g-none", d=f"M{x - 3.5:.1f} {y:.1f}h7")


def result_bar(status_class: str | None, x: float, width: float, middle: float) -> list[Shape]:
    """A result: up is passed, up with a cap is warned, down is failed, a box is skipped, a thin line none of these."""
    if status_class in ("success", "warn"):
        passed = shape("rect", cls="m-ok", x=x, y=middle - UP, width=width, height=UP)
        cap = shape("rect", cls="m-warn", x=x, y=middle - UP - 4, width=width, height=3)
        return [passed, cap] if status_class == "warn" else [passed]
    if status_class == "failure":
        return [shape("rect", cls="m-fail", x=x, y=middle + 1, width=width, height=DOWN)]
    if status_class == "skipped":
        return [shape("rect", cls="m-skip", x=x + 0.5, y=middle - 2, width=max(1, width - 1), height=4)]
    return [shape("rect", cls="m-none", x=x, y=middle - 0.5, width=width, height=1)]
