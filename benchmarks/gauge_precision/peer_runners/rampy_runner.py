"""Ask rampy, which fits no ruby line, what a cold one means; see README.md."""

import json
import sys
from pathlib import Path

import numpy as np
import rampy


def main():
    line_nm, temperature_k, warm_nm = map(float, np.load(sys.argv[1])["cold"])
    sensor = getattr(rampy, "pressure_sensor", None)
    if sensor is None:
        from rampy.dac import pressure_sensor as sensor
    pressure = float(sensor(line_nm, temperature_k, lbd_0_ruby=warm_nm))
    answer = {"ways": {}, "cold_gpa": {"Datchi, eq. 2": pressure}}
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
