# 생각 하나: 드물게 바뀌는 것을 앞에 둔다. 받은 꾸러미는 레이어가 아니라 캐시 마운트에 남긴다.
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install -r requirements.txt
COPY . .
CMD ["python", "app.py"]
