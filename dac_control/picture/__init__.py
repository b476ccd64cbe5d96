"""The microscope's picture: hole, sample, focus, and signs that something broke; arrays in."""

from dac_control.picture.ellipse import Ellipse
from dac_control.picture.history import PictureHistory
from dac_control.picture.overlay import overlay
from dac_control.picture.read import read_picture
from dac_control.picture.reading import DISQUALIFYING_PICTURE, PICTURE_FLAGS, PictureReading
from dac_control.picture.scale import BAYER_PATTERNS, BayerPattern, PictureScale
from dac_control.picture.signs import SIGNS, Sign, SignKind, SignThresholds

__all__ = [
    "BAYER_PATTERNS",
    "DISQUALIFYING_PICTURE",
    "PICTURE_FLAGS",
    "SIGNS",
    "BayerPattern",
    "Ellipse",
    "PictureHistory",
    "PictureReading",
    "PictureScale",
    "Sign",
    "SignKind",
    "SignThresholds",
    "overlay",
    "read_picture",
]
