# 생각 하나: 배포판도 필요 없다. 아무것도 없는 scratch에 파이썬과 그것이 부르는 것만 담는다.
FROM python:3.13-slim AS builder
WORKDIR /build
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-compile -r requirements.txt \
    # 바이트코드는 시작할 때 불리는 모듈만 미리 만들어 둔다. 나머지도 소스로 다 있다.
    && /venv/bin/python -c "import flask, gunicorn.app.wsgiapp, gunicorn.workers.gthread"
# 무엇을 담고 무엇을 왜 뺐는지는 gather.py에 있다. 스크립트는 빌드하는 동안만 보인다.
RUN --mount=type=bind,source=steps/gather.py,target=/gather.py \
    python /gather.py --into /image /venv && mkdir /data

FROM scratch
COPY --from=builder /image /
# /data를 가리키는 이름 있는 볼륨은 처음 붙일 때 이 주인을 물려받는다.
COPY --from=builder --chown=10001:10001 /data /data
COPY --from=builder /venv /venv
WORKDIR /app
COPY app.py ./
COPY guestbook guestbook
ENV PATH=/venv/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
# 셸이 없으니 exec 형식으로만 적을 수 있다.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["gunicorn", "--bind=0.0.0.0:8000", "--threads=4", "--worker-tmp-dir=/dev/shm", "--no-control-socket", "app:app"]
