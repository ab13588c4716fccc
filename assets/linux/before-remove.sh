#!/bin/sh
# Before the package's files vanish: every running copy is asked to quit, which clears, and what would sign in or start by
# itself later is removed from the users who are logged in. On an upgrade nothing is done: the app goes on.
# dpkg calls this with `remove`, rpm with 0; both call it with something else on an upgrade.
set -u

case "${1:-}" in
  remove | 0) ;;
  *) exit 0 ;;
esac

program='/opt/Clear Presence/clear-presence'

# The main processes: those that run our program, also one that an upgrade has replaced, and are no helper (--type=...).
running() {
  for process in /proc/[0-9]*; do
    [ -r "$process/cmdline" ] || continue
    first=$(tr '\0' '\n' <"$process/cmdline" 2>/dev/null | head -n 1)
    binary=$(readlink "$process/exe" 2>/dev/null)
    [ "${binary% (deleted)}" = "$program" ] || [ "$first" = "$program" ] || continue
    tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -q '^--type=' && continue
    echo "${process#/proc/}"
  done
}

# As the user itself: root must not follow links that a user has laid.
as_user() {
  user=$1
  shift
  runuser -u "$user" -- "$@" </dev/null >/dev/null 2>&1
}

forget() {
  user=$1
  config=$2
  as_user "$user" rm -f -- "$config/autostart/clear-presence.desktop" "$config/Clear Presence/tokens.bin"
}

# What each user needs to be known by, before it ends: "pid user config", one line for each copy.
copies=$(
  for copy in $(running); do
    user=$(stat -c %U "/proc/$copy" 2>/dev/null) || continue
    config=$(tr '\0' '\n' <"/proc/$copy/environ" 2>/dev/null | sed -n 's/^XDG_CONFIG_HOME=//p' | head -n 1)
    kill -TERM "$copy" 2>/dev/null && echo "$copy $user $config"
  done
)

# Each clears for up to 3.5 s and then ends; all of them together get 10 s.
waited=0
while [ "$waited" -lt 100 ]; do
  left=$(echo "$copies" | while read -r copy _; do [ -n "$copy" ] && [ -d "/proc/$copy" ] && echo "$copy"; done)
  [ -z "$left" ] && break
  sleep 0.1
  waited=$((waited + 1))
done
echo "$copies" | while read -r _ user config; do [ -n "$config" ] && forget "$user" "$config"; done

for runtime in /run/user/[0-9]*; do
  id=${runtime#/run/user/}
  [ "$id" = 0 ] && continue
  entry=$(getent passwd "$id") || continue
  user=$(echo "$entry" | cut -d : -f 1)
  forget "$user" "$(echo "$entry" | cut -d : -f 6)/.config"
done
exit 0
