# syntax=docker/dockerfile:1
FROM node:22-bookworm-slim AS explorer
WORKDIR /web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM python:3.12-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv /app/.venv
COPY bootstrap.lock requirements-server.lock ./
RUN /app/.venv/bin/pip install --no-cache-dir --require-hashes -r bootstrap.lock \
 && /app/.venv/bin/uv pip install --no-cache --require-hashes -r requirements-server.lock --python /app/.venv/bin/python

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 whatshybrid && useradd --uid 10001 --gid 10001 --no-create-home whatshybrid
WORKDIR /app
COPY --from=packages /app/.venv /app/.venv
COPY pyproject.toml LICENSE ./
COPY ai ai
COPY core core
COPY graph graph
COPY migrations migrations
COPY models models
COPY resolvers resolvers
COPY schema schema
COPY server server
COPY services services
COPY workers workers
COPY web/plain web/plain
COPY --from=explorer /web/dist web/dist
RUN mkdir /data && chown whatshybrid:whatshybrid /data
USER whatshybrid
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    APP_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
EXPOSE 8000
VOLUME /data
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=2)"]
CMD ["python", "-m", "server"]
