# 생각 하나: 서비스가 되는 파일만 들인다. 목록은 2-context.Dockerfile.dockerignore에 있다.
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["python", "app.py"]
