# 생각 하나: 만드는 곳과 도는 곳을 나눈다. 도는 곳에는 설치 도구도 루트도 필요 없다.
FROM python:3.13-slim AS builder
WORKDIR /build
COPY requirements.txt .
# 가상 환경은 통째로 옮길 수 있다. pip는 밖의 것을 쓰므로 그 안에 들이지 않는다.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install -r requirements.txt

FROM python:3.13-slim
# /data를 가리키는 이름 있는 볼륨은 처음 붙일 때 이 주인을 물려받는다.
RUN install -d -o 10001 -g 10001 /data
COPY --from=builder /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# 일꾼은 하나다: 볼륨이 없으면 방명록은 그 프로세스의 메모리에 있다.
# 일꾼의 생존 신호는 메모리(/dev/shm)에 쓰고, 제어 소켓은 만들지 않는다. 루트가 읽기 전용이어도 돈다.
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--threads=4", "--worker-tmp-dir=/dev/shm", "--no-control-socket", "app:app"]
