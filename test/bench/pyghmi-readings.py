#!/usr/bin/python3
"""Milliseconds that pyghmi takes, in this process, to read all sensors of a BMC, a line for each time:

    pyghmi-readings.py HOST PORT USER PASSWORD SENSORS TIMES

The first one has the SDRs to fetch.
"""
import sys
import time

from pyghmi.ipmi import command

host, port, user, password, sensors, times = sys.argv[1:]
bmc = command.Command(bmc=host, port=int(port), userid=user, password=password, verifycallback=None)
for _ in range(int(times)):
    began = time.perf_counter()
    readings = list(bmc.get_sensor_data())
    took = time.perf_counter() - began
    if len(readings) != int(sensors):
        sys.exit("pyghmi has read %d sensors of %s" % (len(readings), sensors))
    print(took * 1000)
bmc.ipmi_session.logout()
