FROM python:3.11-slim
# Reads runbooks from Git repositories.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY bot bot
COPY handlers handlers
COPY storage storage
COPY manifest.yml .
RUN useradd --system --create-home groundcrew && mkdir /data && chown groundcrew /data
USER groundcrew
VOLUME /data
ENV GROUNDCREW_DATABASE_URL=sqlite:////data/groundcrew.db GROUNDCREW_HOST=0.0.0.0 PYTHONUNBUFFERED=1
EXPOSE 8080
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=3)"]
CMD ["python", "-m", "bot", "run"]
