#!/usr/bin/env bash
# Starts one part of Airflow, 2.11 or 3: waits for its database, brings that up to date, makes the login admin/admin.
#
#   entrypoint.sh [webserver|api-server|scheduler|dag-processor|triggerer|init] [ARGUMENTS of that airflow command]
#
# The web part (webserver, api-server: the one name does for the other) and `init` prepare the database; the others wait until it is
# prepared. All of it may be repeated and may run at once in several containers. Nothing is installed here.
#
#   AIRFLOW__DATABASE__SQL_ALCHEMY_CONN   the database: postgresql+psycopg2://USER:PASSWORD@HOST:PORT/NAME
#   AIRFLOW_DATABASE_WAIT                 seconds to wait for it (60)
#   _AIRFLOW_WWW_USER_USERNAME, _AIRFLOW_WWW_USER_PASSWORD   the login (admin, admin)
# Airflow 3 asks for more where its parts run apart, the same everywhere: AIRFLOW__API_AUTH__JWT_SECRET, and the web part's address in
# AIRFLOW__CORE__EXECUTION_API_SERVER_URL.
set -euo pipefail

say() { printf 'entrypoint: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

airflow=$(command -v airflow) || die "there is no airflow on the PATH; requirements.txt says how to get it"
python=$(dirname "$(readlink -f "$airflow")")/python3
[ -x "$python" ] || python=python3
version=$("$python" -c 'from importlib.metadata import version; print(version("apache-airflow"))') ||
  die "$python does not know apache-airflow"
user=${_AIRFLOW_WWW_USER_USERNAME:-admin}
password=${_AIRFLOW_WWW_USER_PASSWORD:-admin}
export AIRFLOW_HOME=${AIRFLOW_HOME:-$HOME/airflow}

role=${1:-webserver}
[ $# -eq 0 ] || shift
case $version in
  2.*) [ "$role" != api-server ] || role=webserver ;;
  3.*) [ "$role" != webserver ] || role=api-server ;;
  *) die "Airflow $version is neither 2.11 nor 3" ;;
esac
case $role in
  webserver | api-server | scheduler | triggerer | init) ;;
  dag-processor) [[ $version == 3.* ]] || die "in Airflow $version the scheduler reads the DAGs: there is no $role to start" ;;
  *) die "\"$role\" is none of webserver, api-server, scheduler, dag-processor, triggerer, init" ;;
esac

# Who may log in. Airflow 2 keeps users in its database; so does Airflow 3 with FAB, and its own simple manager in a file.
manager=
if [[ $version == 2.* ]]; then
  export AIRFLOW__API__AUTH_BACKENDS=${AIRFLOW__API__AUTH_BACKENDS:-airflow.api.auth.backend.basic_auth,airflow.api.auth.backend.session}
elif [[ ${AIRFLOW__CORE__AUTH_MANAGER:-} != *FabAuthManager ]]; then
  manager=simple
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=${AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS:-$user:admin}
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=${AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE:-$AIRFLOW_HOME/passwords.json}
fi

# Returns when something accepts connections where the database is.
wait_for_database() {
  local address=${AIRFLOW__DATABASE__SQL_ALCHEMY_CONN:-}
  [ -n "$address" ] || die "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN is not set: where is the database?"
  ADDRESS=$address SECONDS_TO_WAIT=${AIRFLOW_DATABASE_WAIT:-60} "$python" - <<'PYTHON' || exit 1
import os, socket, sys, time
from urllib.parse import parse_qs, urlsplit

url = urlsplit(os.environ["ADDRESS"])
seconds = float(os.environ["SECONDS_TO_WAIT"])
folder = parse_qs(url.query).get("host", [""])[0]
host, port = url.hostname or "", url.port or 5432
if url.scheme.startswith("sqlite"):
    sys.exit(0)
deadline, last = time.monotonic() + seconds, ""
while time.monotonic() < deadline:
    try:
        if folder.startswith("/"):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(2)
                probe.connect(f"{folder}/.s.PGSQL.{port}")
        else:
            socket.create_connection((folder or host, port), timeout=2).close()
        sys.exit(0)
    except OSError as error:
        last = error
    time.sleep(0.3)
sys.exit(f"entrypoint: no database at {folder or host}:{port} within {seconds:.0f} s ({last}); "
         "is it started, and is AIRFLOW__DATABASE__SQL_ALCHEMY_CONN right?")
PYTHON
}

# The password file of Airflow 3's simple manager; one that is there stays.
write_passwords() {
  local file=$AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE
  [ ! -s "$file" ] || return 0
  mkdir -p "$(dirname "$file")"
  FILE=$file NAME=$user PASSWORD=$password "$python" -c '
import json, os
with open(os.open(os.environ["FILE"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
    json.dump({os.environ["NAME"]: os.environ["PASSWORD"]}, file)'
}

# Tables and login. A user that is there keeps the password.
prepare_database() {
  say "bringing the database of Airflow $version up to date"
  "$airflow" db migrate || die "the database could not be prepared; what Airflow says stands above"
  if [ "$manager" = simple ]; then
    write_passwords
  else
    "$airflow" users create -u "$user" -p "$password" -f "$user" -l "$user" -r Admin -e "$user@example.org" ||
      die "the user $user could not be made; what Airflow says stands above"
  fi
}

wait_for_database
case $role in
  webserver | api-server | init) prepare_database ;;
  *) "$airflow" db check-migrations --migration-wait-timeout "${AIRFLOW_DATABASE_WAIT:-60}" ||
      die "the web part has not prepared the database; start it, or \"entrypoint.sh init\"" ;;
esac
[ "$role" != init ] || exit 0
say "starting airflow $role"
exec "$airflow" "$role" "$@"
