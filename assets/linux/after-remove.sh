#!/bin/sh
# After the package's files have gone: takes away what the installation added outside of them. dpkg calls it with `remove`
# and later perhaps `purge`, rpm with 0; on an upgrade both have other words for it, and what the new version has just
# installed must stay.
set -u

program='/opt/Clear Presence/clear-presence'
profile=/etc/apparmor.d/clear-presence

case "${1:-}" in
  remove | 0)
    if command -v update-alternatives >/dev/null 2>&1; then
      update-alternatives --remove clear-presence "$program" || true
    else
      rm -f /usr/bin/clear-presence
    fi
    if [ -f "$profile" ]; then
      if command -v apparmor_parser >/dev/null 2>&1; then apparmor_parser --remove "$profile" || true; fi
      rm -f "$profile"
    fi
    ;;
  purge)
    # Whoever purges wants the settings gone, too. Only of users who are logged in: another home may not even be mounted.
    for runtime in /run/user/[0-9]*; do
      id=${runtime#/run/user/}
      [ "$id" = 0 ] && continue
      entry=$(getent passwd "$id") || continue
      user=$(echo "$entry" | cut -d : -f 1)
      home=$(echo "$entry" | cut -d : -f 6)
      # A login entry that is still there names another program, such as an AppImage, which goes on with these settings.
      # shellcheck disable=SC2016 # The inner shell takes its own arguments.
      runuser -u "$user" -- sh -c '
        [ -e "$1/autostart/clear-presence.desktop" ] || rm -rf -- "$1/Clear Presence"
      ' sh "$home/.config" </dev/null >/dev/null 2>&1 || true
    done
    ;;
esac
exit 0
