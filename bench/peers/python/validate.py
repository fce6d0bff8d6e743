"""python validate.py TOKEN CLIENT_ID: prints the microseconds that the official SDK takes for one validation."""

import statistics
import sys
import time

import magic_admin
from magic_admin.resources import Token

token, magic_admin.client_id = sys.argv[1:]
times = []
for _ in range(60):
    start = time.perf_counter_ns()
    Token.validate(token)
    times.append((time.perf_counter_ns() - start) / 1e3)
print(statistics.median(times[10:]))
