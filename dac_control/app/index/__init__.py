"""Run folders in Tiled: an index beside the record, fed by a process of its own."""
