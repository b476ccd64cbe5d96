"""One cell of a precision table: what is drawn, what is unknown, what the fit is told."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gauge_precision.bounds import Information, cramer_rao, information
from gauge_precision.detector import Detector, Mask, add_spikes
from gauge_precision.recipes import Recipe, Scenes
from gauge_precision.shapes import Array
from gauge_precision.van_trees import Prior, constant_weights, following_weights

__all__ = ["Batch", "Cell", "Limits", "Sampler"]

Which = NDArray[np.intp]

Sampler = Callable[[np.random.Generator, int], Array]
"""Draws one parameter of many scenes, shape (scenes,)."""

CHUNK = 2000
_PHASES = 64
"""Distinct scenes where only the place on the pixels is random."""
_BOUND_SCENES = 3000
_MANY_NUISANCES = 12
_FEWER_SCENES = 300
_FOLLOWED_SCENES = 600
"""For the weights that follow the scenes."""
_AT_ONCE = 250
_SPIKE_REACH_NM = 1.5


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Drawn spectra with their truth."""

    wavelength_nm: Array
    counts: Array
    """Shape (spectra, pixels)."""
    r1_nm: Array
    """Shape (spectra,)."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of a cell in nm squared."""

    bound: float
    """Cramér-Rao without priors; van Trees with them, the larger of the two below."""
    constant: float
    """Van Trees with constant weights, the usual form."""
    single_scenes: float
    """Mean of the bounds of the single scenes, each with the priors' information."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One line of a table."""

    name: str
    recipe: Recipe
    detector: Detector = field(default_factory=Detector)
    fixed: Mapping[str, float]
    """Parameters of a scene, see `recipes`; R1 is moved by up to a pixel at random."""
    drawn: Mapping[str, Sampler] = field(default_factory=dict)
    """Parameters that differ from spectrum to spectrum."""
    nuisances: tuple[str, ...]
    """Unknown parameters of the generating model beside R1."""
    known: Mapping[str, Prior] = field(default_factory=dict)
    """What the fit knows of them, and they are drawn from; empty for the Cramér-Rao bound."""
    spikes: bool = False
    full_scale: float | None = None
    """Full scale as a share of R1's top."""
    temperature_k: float | None = 296.0
    use_priors: bool = True
    """Whether the fit may use its own."""
    clean: bool = True
    """Whether a flag, other than those of `allowed`, is a false one."""
    allowed: tuple[str, ...] = ()
    """Flags that are true of these spectra."""
    untold: tuple[str, ...] = ()
    """What the fit is not told of the detector."""

    def limits(self, seed: int) -> Limits:
        """Bounds, averaged over scenes drawn with their own seed."""
        scenes, masked = self._scenes_of_bound(np.random.default_rng((seed, self._key, 1)))
        known = self._information(scenes, masked)
        single = float(cramer_rao(known, self.known).mean())
        if not self.known:
            return Limits(bound=single, constant=single, single_scenes=single)
        constant = constant_weights(known, self.known)
        # The dear one on fewer scenes; what is sampled is its ratio to the cheap one, not itself.
        few = {name: values[:_FOLLOWED_SCENES] for name, values in scenes.items()}
        hidden = None if masked is None else masked[:_FOLLOWED_SCENES]
        following = following_weights(
            self.recipe, few, self.detector, self.nuisances, self.known, hidden
        )
        some = Information(names=known.names, matrices=known.matrices[:_FOLLOWED_SCENES])
        following *= single / float(cramer_rao(some, self.known).mean())
        best = max(constant, following)
        return Limits(bound=best, constant=constant, single_scenes=single)

    def batches(self, seed: int, spectra: int) -> Iterator[Batch]:
        """Draw spectra in chunks, two at a time: numpy's generators release the interpreter."""
        sizes = [min(CHUNK, spectra - done) for done in range(0, spectra, CHUNK)]
        with ThreadPoolExecutor(2) as pool:
            for pair in range(0, len(sizes), 2):
                numbers = range(pair, min(pair + 2, len(sizes)))
                yield from pool.map(lambda k: self.batch(seed, k, sizes[k]), numbers)

    def batch(self, seed: int, chunk: int, spectra: int) -> Batch:
        """Draw one chunk; the same for the same seed, chunk and size."""
        random = np.random.default_rng((seed, self._key, 2, chunk))
        scenes, which = self._scenes(random, spectra)
        expected = self.recipe.expected_e(scenes)
        counts, _masked = self._counts(expected[which], scenes["r1_nm"][which], random)
        wavelength = self.recipe.axis.wavelength_nm
        return Batch(wavelength_nm=wavelength, counts=counts, r1_nm=scenes["r1_nm"][which])

    @property
    def saturation_counts(self) -> float | None:
        """Full scale in counts, offset included."""
        if self.full_scale is None:
            return None
        detector = self.detector
        electrons = self.full_scale * self.fixed["height_e"] / detector.averages
        return detector.offset_counts + electrons / detector.gain_e_per_count

    @property
    def _key(self) -> int:
        return zlib.crc32(self.name.encode())

    def _scenes_of_bound(self, random: np.random.Generator) -> tuple[Scenes, Mask | None]:
        many = len(self.nuisances) > _MANY_NUISANCES
        scenes, which = self._scenes(random, _FEWER_SCENES if many else _BOUND_SCENES)
        if not (self.spikes or self.full_scale is not None):
            return scenes, None
        scenes = {name: values[which] for name, values in scenes.items()}
        expected = self.recipe.expected_e(scenes)
        return scenes, self._counts(expected, scenes["r1_nm"], random)[1]

    def _information(self, scenes: Scenes, masked: Mask | None) -> Information:
        def part(first: int) -> Information:
            here = slice(first, first + _AT_ONCE)
            some = {name: values[here] for name, values in scenes.items()}
            hidden = None if masked is None else masked[here]
            return information(self.recipe, some, self.detector, self.nuisances, hidden)

        with ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(part, range(0, scenes["r1_nm"].size, _AT_ONCE)))
        matrices = np.concatenate([found.matrices for found in parts])
        return Information(names=parts[0].names, matrices=matrices)

    def _scenes(self, random: np.random.Generator, spectra: int) -> tuple[Scenes, Which]:
        """Scenes, and which of them each spectrum shows."""
        distinct = spectra if self.drawn else min(_PHASES, spectra)
        scenes = {name: np.full(distinct, value) for name, value in self.fixed.items()}
        scenes.update({name: draw(random, distinct) for name, draw in self.drawn.items()})
        phase = (np.arange(distinct) + random.random(distinct)) / distinct - 0.5
        moved = self.recipe.axis.pitch_nm * random.permutation(phase)
        scenes["r1_nm"] = scenes["r1_nm"] + moved
        if self.drawn:
            return scenes, np.arange(spectra)
        return scenes, random.integers(0, distinct, spectra)

    def _counts(
        self, expected: Array, r1_nm: Array, random: np.random.Generator
    ) -> tuple[Array, Mask]:
        counts = self.detector.expose(expected, random)
        masked = np.zeros(counts.shape, dtype=bool)
        if self.spikes:
            axis = self.recipe.axis
            around = np.round((r1_nm - axis.first_nm) / axis.pitch_nm).astype(int)
            reach = round(_SPIKE_REACH_NM / axis.pitch_nm)
            masked |= add_spikes(counts, around, reach, random)
        full = self.saturation_counts
        if full is not None:
            masked |= counts >= full
            np.minimum(counts, full, out=counts)
        return counts, masked
