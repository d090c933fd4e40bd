# 생각 하나: 컴파일러와 Git은 서비스에 필요 없다. 베이스를 slim으로 바꾼다.
FROM python:3.13-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["python", "app.py"]
