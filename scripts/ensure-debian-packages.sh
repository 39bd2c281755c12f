#!/usr/bin/env bash
# Installs what the tests need from Debian, where that is possible; elsewhere says what will be skipped.
set -euo pipefail

# One a line: package, a program that is there once it is installed, what is skipped without it.
# To add: postgresql-contrib /usr/lib/postgresql/15/bin/pgbench,
# hledger /usr/bin/hledger.
needed="
postgresql-15 /usr/lib/postgresql/15/bin/postgres the tests on PostgreSQL 15 and the check of db/schema.sql
pgbouncer /usr/sbin/pgbouncer the suite through PgBouncer
chromium /usr/bin/chromium the tests of pages in a browser
"

missing=()
skipped=()
while read -r package program purpose; do
  if [ -n "$package" ] && [ ! -x "$program" ]; then
    missing+=("$package")
    skipped+=("$purpose (needs $package)")
  fi
done <<<"$needed"
[ "${#missing[@]}" -eq 0 ] && exit 0

install_missing() {
  # Without this Debian creates and starts a server of its own.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  # And in runlevel 1 it starts no service of what it installs.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  apt-get -qq -o DPkg::Lock::Timeout=120 update &&
    apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold \
      -o Dpkg::Use-Pty=0 install "${missing[@]}" >/dev/null
}

if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  echo "Installing ${missing[*]}"
  install_missing && exit 0
  echo "Debian could not install ${missing[*]}" >&2
fi

for purpose in "${skipped[@]}"; do echo "Skipped: $purpose"; done
[ "${CI:-}" != true ]
