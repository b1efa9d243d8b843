#!/bin/sh
# Runs once, when the database's folder is empty: the program's user, who is no superuser, and its database.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --set password="$(cat /secrets/guildhall)" <<'SQL'
create role guildhall login password :'password';
create database guildhall owner guildhall encoding 'UTF8' template template0;
revoke all on database guildhall from public;
SQL
