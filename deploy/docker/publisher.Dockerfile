# The publisher: Python and ramgate.
#
# Build it in this folder, with the wheel of `make build-wheel` beside it:
#
#   cp ../../dist/ramgate-*.whl .
#   docker build --tag ramgate-publisher --file publisher.Dockerfile .
FROM python:3.13-slim
COPY ramgate-*.whl /tmp/
RUN pip install --no-cache-dir /tmp/ramgate-*.whl && rm /tmp/ramgate-*.whl
USER 65532:65532
ENTRYPOINT ["ramgate", "publish"]
