"""How near the ruby fit comes to the limit that photons set.

What draws spectra and what computes limits (`shapes`, `recipes`, `detector`, `bounds`, `van_trees`,
`cells`) needs numpy and scipy alone and shares no line of code with the fit that it judges; neither
does the simulated laboratory that `twin_campaign` draws from.
"""
