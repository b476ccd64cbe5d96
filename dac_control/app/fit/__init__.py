"""Parts of ``dac-control fit``."""
