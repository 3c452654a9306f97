#!/bin/sh
# Run once by the image of Postgres, when its folder is empty: the user and the database of Vellum. The user may make the
# roles of the modules, and is no superuser.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/postgres_password)" <<'SQL'
create role vellum login createrole password :'password';
create database vellum owner vellum;
SQL
