# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin cloudgen \
    && cp target/release/cloudgen /usr/local/bin/cloudgen

FROM debian:bookworm-slim
# Mail servers are checked against the system's certificates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 65532 cloudgen \
    && useradd --system --uid 65532 --gid cloudgen --no-create-home --shell /usr/sbin/nologin cloudgen \
    && install -d -o cloudgen -g cloudgen -m 0700 /var/lib/cloudgen
COPY --from=build /usr/local/bin/cloudgen /usr/local/bin/cloudgen
COPY LICENSE NOTICE /usr/share/doc/cloudgen/

# The key file and, unless CLOUDGEN_MAIL says otherwise, mails. Nothing else is
# written, so the rest of the file system may be read-only.
ENV CLOUDGEN_DATA_DIR=/var/lib/cloudgen \
    CLOUDGEN_BIND=0.0.0.0:8080 \
    CLOUDGEN_LOG=json
VOLUME /var/lib/cloudgen
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=1s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r -t 2 line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["cloudgen"]
CMD ["serve"]
