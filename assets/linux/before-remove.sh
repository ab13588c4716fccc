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

# The main processes: those that run our program, also one that an upgrade has replaced, and are no helper. Chromium writes
# the arguments of its helpers as one text with spaces; without its helpers the main process would not live to clear.
running() {
  for process in /proc/[0-9]*; do
    [ -r "$process/cmdline" ] || continue
    first=$(tr '\0' '\n' <"$process/cmdline" 2>/dev/null | head -n 1)
    binary=$(readlink "$process/exe" 2>/dev/null)
    [ "${binary% (deleted)}" = "$program" ] || [ "$first" = "$program" ] || continue
    tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q -- ' --type=' && continue
    echo "${process#/proc/}"
  done
}

# Removes the login entry and the tokens below a user's folder for settings, as that user: root must not follow links that a
# user has laid. Where the entry names another program, as an AppImage does, both are still in use.
forget() {
  user=$(getent passwd "$1" | cut -d : -f 1)
  [ -n "$user" ] && [ "$1" != 0 ] || return 0
  # shellcheck disable=SC2016 # The inner shell takes its own arguments.
  runuser -u "$user" -- sh -c '
    entry="$1/autostart/clear-presence.desktop"
    if [ -f "$entry" ] && ! grep -qxF "TryExec=$2" "$entry"; then exit 0; fi
    rm -f -- "$entry" "$1/Clear Presence/tokens.bin"
  ' sh "$2" "$program" </dev/null >/dev/null 2>&1
}

# Ends one copy: it clears for up to 3.5 s and then ends, and gets 10 s.
end() {
  uid=$(stat -c %u "/proc/$1" 2>/dev/null) || return 0
  config=$(tr '\0' '\n' <"/proc/$1/environ" 2>/dev/null | sed -n 's/^XDG_CONFIG_HOME=//p' | head -n 1)
  kill -TERM "$1" 2>/dev/null
  waited=0
  while [ -d "/proc/$1" ] && [ "$waited" -lt 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  [ -n "$config" ] && forget "$uid" "$config"
}

# All of them side by side.
for copy in $(running); do end "$copy" & done
wait

for runtime in /run/user/[0-9]*; do
  id=${runtime#/run/user/}
  home=$(getent passwd "$id" | cut -d : -f 6)
  [ -n "$home" ] && forget "$id" "$home/.config"
done
exit 0
