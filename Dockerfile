# Bellwether on the official Airflow image: our code and our lock, for docker-compose.yaml and for Kubernetes.
FROM apache/airflow:slim-3.3.2-python3.12

COPY requirements.txt /opt/bellwether/requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /opt/bellwether/requirements.txt

COPY dags /opt/bellwether/dags
COPY plugins /opt/bellwether/plugins
COPY include /opt/bellwether/include

ENV PYTHONPATH=/opt/bellwether \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/bellwether/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/bellwether/plugins
