# syntax=docker/dockerfile:1

# --- the front end: static/dist ---------------------------------------------
FROM node:24-bookworm-slim AS frontend
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# --- the locked Python packages ---------------------------------------------
FROM python:3.13-slim-bookworm AS packages
COPY requirements/base.txt /tmp/base.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/base.txt

# --- what runs ----------------------------------------------------------------
FROM python:3.13-slim-bookworm
RUN groupadd --system --gid 10001 ssp \
    && useradd --system --uid 10001 --gid ssp --no-create-home --shell /usr/sbin/nologin ssp \
    && install --directory --owner ssp --group ssp --mode 700 /data/files
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SSP_ENV=production \
    MEDIA_ROOT=/data/files \
    PORT=8000
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
COPY --from=frontend /app/static/dist static/dist
# collectstatic needs settings that load, not secrets: these values stay in this one step.
RUN SECRET_KEY=build IDENTITY_HASH_KEY=build FIELD_ENCRYPTION_KEY=build \
    python manage.py collectstatic --noinput --ignore src \
    && python -m compileall -q .
USER 10001:10001
VOLUME /data/files
EXPOSE 8000
# Listens on PORT; WEB_CONCURRENCY says how many workers.
CMD ["gunicorn", "ssp.wsgi", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
