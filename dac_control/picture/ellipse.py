"""An ellipse, and the one that points of a rim lie on in one step.

The step is the direct least-squares fit of R. Halir and J. Flusser, "Numerically stable direct
least squares fitting of ellipses", Proc. WSCG'98, 125 (1998). It minimises an algebraic distance,
which draws short arcs inwards: `ellipse_fit` goes on from it with distances in pixels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ellipse", "direct_ellipse"]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Ellipse:
    """Centre and shape, without the angle that a circle does not have.

    The semi-axes are ``exp(log_radius +- stretch)`` with ``stretch = hypot(p, q)``, the larger one
    at the angle ``atan2(q, p) / 2`` from the columns' axis towards growing rows.
    """

    x: float
    y: float
    log_radius: float
    p: float
    q: float

    @property
    def radius(self) -> float:
        """Radius of the circle of the same area."""
        return float(np.exp(self.log_radius))

    @property
    def axes(self) -> tuple[float, float]:
        """Larger and smaller semi-axis."""
        stretch = float(np.hypot(self.p, self.q))
        return self.radius * float(np.exp(stretch)), self.radius * float(np.exp(-stretch))

    @property
    def angle(self) -> float:
        """Direction of the larger axis in radians, from -pi/2 to pi/2."""
        return 0.5 * float(np.arctan2(self.q, self.p))

    @property
    def ellipticity(self) -> float:
        """1 - b/a."""
        major, minor = self.axes
        return 1.0 - minor / major

    def level(self, x: NDArray[Any], y: NDArray[Any]) -> Vector:
        """0 in the centre, 1 on the ellipse, growing in proportion along each ray."""
        u, v = self._unit(x, y)
        return np.hypot(u, v)

    def ray(self, angles: Vector) -> Vector:
        """Distance from the centre to the ellipse in the given directions."""
        return 1.0 / self.level(self.x + np.cos(angles), self.y + np.sin(angles))

    def extent(self) -> tuple[float, float]:
        """Half-widths of the ellipse along columns and rows."""
        major, minor = self.axes
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return float(np.hypot(major * cos, minor * sin)), float(np.hypot(major * sin, minor * cos))

    def _unit(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[Vector, Vector]:
        major, minor = self.axes
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        dx, dy = x - self.x, y - self.y
        return (cos * dx + sin * dy) / major, (cos * dy - sin * dx) / minor


def direct_ellipse(x: Vector, y: Vector) -> Ellipse | None:
    """Fit an ellipse in one step; None where the points lie on none. Shapes (n,)."""
    if x.size < 6:
        return None
    x0, y0 = float(x.mean()), float(y.mean())
    size = float(np.sqrt(np.mean((x - x0) ** 2 + (y - y0) ** 2))) or 1.0
    u, v = (x - x0) / size, (y - y0) / size
    quadratic = np.column_stack((u * u, u * v, v * v))
    linear = np.column_stack((u, v, np.ones_like(u)))
    try:
        link = -np.linalg.solve(linear.T @ linear, linear.T @ quadratic)
        reduced = quadratic.T @ quadratic + quadratic.T @ linear @ link
        matrix = np.array([reduced[2] / 2.0, -reduced[1], reduced[0] / 2.0])
        _, vectors = np.linalg.eig(matrix)
    except np.linalg.LinAlgError:
        return None
    vectors = np.real(vectors)
    kind = 4.0 * vectors[0] * vectors[2] - vectors[1] ** 2
    if not np.any(kind > 0):
        return None
    a = vectors[:, int(np.argmax(kind))]
    conic = np.asarray(np.concatenate((a, link @ a)), float)
    return _from_conic(conic, x0, y0, size)


def _from_conic(conic: Vector, x0: float, y0: float, size: float) -> Ellipse | None:
    """Turn ``a u2 + b uv + c v2 + d u + e v + f = 0`` into centre and axes."""
    a, b, c, d, e, f = conic
    matrix = np.array([[a, b / 2.0], [b / 2.0, c]])
    try:
        centre = np.linalg.solve(matrix, [-d / 2.0, -e / 2.0])
    except np.linalg.LinAlgError:
        return None
    level = f + 0.5 * (d * centre[0] + e * centre[1])
    eigenvalues, eigenvectors = np.linalg.eigh(-matrix / level) if level else (np.zeros(2), matrix)
    if not np.all(eigenvalues > 0):
        return None
    minor, major = 1.0 / np.sqrt(eigenvalues[::-1])  # the smaller eigenvalue is the longer axis
    direction = eigenvectors[:, 0]
    angle = float(np.arctan2(direction[1], direction[0]))
    stretch = 0.5 * float(np.log(major / minor))
    return Ellipse(
        x0 + size * float(centre[0]),
        y0 + size * float(centre[1]),
        float(np.log(size * np.sqrt(major * minor))),
        stretch * float(np.cos(2.0 * angle)),
        stretch * float(np.sin(2.0 * angle)),
    )
