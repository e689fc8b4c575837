# syntax=docker/dockerfile:1
# The server with the embedded engine. See docs/guides/deploy.md.
#   docker build -t qwen-vision .
#   docker run --rm -p 127.0.0.1:8765:8765 -e QWEN_VISION_API_KEYS=sk-mine qwen-vision
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
# pip stays outside: the environment holds what the server needs and nothing else.
RUN python -m venv --without-pip /opt/qwen-vision \
 && pip install --no-cache-dir hatchling==1.27.0
COPY examples/deploy/requirements.txt ./
RUN pip --python /opt/qwen-vision/bin/python install --no-cache-dir --no-deps -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels . \
 && pip --python /opt/qwen-vision/bin/python install --no-cache-dir --no-deps wheels/*.whl \
 && pip --python /opt/qwen-vision/bin/python check

FROM ${BASE}
RUN useradd --uid 10001 --home-dir /var/lib/qwen-vision --create-home --shell /usr/sbin/nologin qwen-vision
COPY --from=build /opt/qwen-vision /opt/qwen-vision
ENV PATH=/opt/qwen-vision/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    QWEN_VISION_STORAGE_FOLDER=/var/lib/qwen-vision/uploads \
    XDG_CACHE_HOME=/var/lib/qwen-vision/cache
USER 10001:10001
WORKDIR /var/lib/qwen-vision
VOLUME /var/lib/qwen-vision
EXPOSE 8765
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/readyz', timeout=4)"]
ENTRYPOINT ["qwen-vision"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8765"]
