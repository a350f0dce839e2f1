# The publisher: Python, ramgate with what S3 and registries need, and the OPA that signs bundles.
#
# Build it in this folder, with the wheel of `make build-wheel` beside it:
#
#   cp ../../dist/ramgate-*.whl .
#   cp -L "$(ramgate install-opa)" opa
#   docker build --tag ramgate-publisher --file publisher.Dockerfile .
FROM python:3.13-slim
COPY opa /usr/local/bin/opa
COPY ramgate-*.whl /tmp/
RUN pip install --no-cache-dir "$(echo /tmp/ramgate-*.whl)[publish]" && rm /tmp/ramgate-*.whl
USER 65532:65532
ENTRYPOINT ["ramgate", "publish"]
