#!/bin/bash
# Runs when Postgres makes its data folder: a database and a user of its own for the schema registry.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -v password="$(cat /secrets/registry_password)" <<'SQL'
CREATE ROLE registry LOGIN PASSWORD :'password';
CREATE DATABASE registry OWNER registry;
SQL
