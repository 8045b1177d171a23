# Two images of the same code: `api` without torch, `gpu` with torch and vLLM for CUDA.
FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --uid 10001 --create-home burnish \
    && mkdir -p /app /data /models \
    && chown -R burnish:burnish /data /models
WORKDIR /app

FROM base AS api
COPY . .
RUN pip install -c constraints.txt -e .
USER burnish
CMD ["python", "-m", "api"]

FROM base AS gpu
# Triton compiles its kernels when they are first used.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . .
RUN pip install -c constraints-cuda.txt -e ".[vllm]"
USER burnish
CMD ["python", "-m", "workers", "generate"]
