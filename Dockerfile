# syntax=docker/dockerfile:1
# Bellwether on the official Airflow image: our code and our lock, with what any executor needs, for docker-compose.yaml
# and for Kubernetes.
FROM apache/airflow:slim-3.3.2-python3.12

# --chmod: a clone made under umask 077 would give files that only one account of the container can read, and Kubernetes
# may choose another one (in group 0, as the image has it). Letters, not figures, need the syntax of the first line.
COPY --chown=airflow:0 --chmod=u=rwX,go=rX requirements-distributed.txt /opt/bellwether/requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /opt/bellwether/requirements.txt

COPY --chown=airflow:0 --chmod=u=rwX,go=rX dags /opt/bellwether/dags
COPY --chown=airflow:0 --chmod=u=rwX,go=rX plugins /opt/bellwether/plugins
COPY --chown=airflow:0 --chmod=u=rwX,go=rX include /opt/bellwether/include

ENV PYTHONPATH=/opt/bellwether \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/bellwether/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/bellwether/plugins
