"""A server of one small model, in a process of its own: `python serve.py WEIGHTS PORT`, until its input is closed."""

from __future__ import annotations

import sys

import xllamacpp

weights, port = sys.argv[1:]
parameters = xllamacpp.CommonParams()
parameters.model.path = weights
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(port)
parameters.n_ctx = 8192
parameters.n_parallel = 1
parameters.ui = False
parameters.cpuparams.n_threads = 2
server = xllamacpp.Server(parameters)
sys.stdin.read()
