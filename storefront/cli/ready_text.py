"""What is open before the shop sells, on a terminal and as JSON: the list of /admin/ready."""

from dataclasses import asdict

from storefront.owner.readiness.point import Point, State

SIGNS = {State.TO_DO: "to do", State.WRONG: "wrong", State.UNKNOWN: "could not ask"}


def ready_lines(points: list[Point]) -> list[str]:
    """Return the open points; one line where there are none."""
    open_points = [point for point in points if point.state is not State.DONE]
    if not open_points:
        return ["Ready      yes: every point of /admin/ready is done"]
    return [
        f"Ready      {len(open_points)} of {len(points)} points of /admin/ready are open:",
        *(f"  {point.title} ({SIGNS[point.state]}): {point.sentence}{_place(point)}" for point in open_points),
    ]


def _place(point: Point) -> str:
    return f" [{point.line or point.where}]" if point.line or point.where else ""


def ready_to_json(points: list[Point]) -> list[dict[str, object]]:
    shown = ("code", "state", "title", "sentence", "where", "line")
    return [{name: value for name, value in asdict(point).items() if name in shown} for point in points]
