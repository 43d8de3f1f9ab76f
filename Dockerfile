# The worker, the migrations and the operator's command line in one image; which of them runs is the command.

FROM python:3.12.14-slim-trixie AS packages
COPY requirements.lock /
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --no-deps --require-hashes -r /requirements.lock

FROM python:3.12.14-slim-trixie
LABEL org.opencontainers.image.title="trading-desk" \
      org.opencontainers.image.description="A trading desk on Temporal: worker, migrations and command line" \
      org.opencontainers.image.version="0.1.0"
# Nothing installs anything here any more.
RUN python -m pip uninstall --yes --root-user-action ignore pip
COPY --from=packages /venv /venv
WORKDIR /app
# What may be here is listed in .dockerignore.
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp
# The file system is read-only when it runs: byte code is written now or never.
RUN python -m compileall -q .
USER 10001:10001
ENTRYPOINT ["python"]
CMD ["worker.py", "--health-file", "/tmp/serving"]
# The worker touches the file while Temporal knows it as a poller of every queue that it serves.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["sh", "-c", "test -n \"$(find /tmp/serving -mmin -2)\""]
