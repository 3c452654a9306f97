# Sourced after toolchain.sh. The programs that the tests run for real: found and used, or, as root on Debian and
# its kin, installed; anywhere else it is said exactly what to install, and the exit status is 69.

found() { # command…: is any of them in PATH, or where Debian and Homebrew put it?
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null && return 0
    compgen -G "/usr/lib/postgresql/*/bin/$name" >/dev/null && return 0
    compgen -G "/opt/homebrew/opt/postgresql*/bin/$name" >/dev/null && return 0
  done
  return 1
}

# Without RUNLEVEL=1 Debian starts the servers that it installs; the tests start their own.
apt_install() {
  quietly apt-update env DEBIAN_FRONTEND=noninteractive apt-get update \
    && quietly apt-install env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get install -y --no-install-recommends "$@"
}

use_servers() {
  local debian=() brew=()
  found initdb || { debian+=(postgresql) brew+=(postgresql@17); }
  found redis-server || { debian+=(redis-server) brew+=(redis); }
  found qpdf || { debian+=(qpdf) brew+=(qpdf); }
  found pdftotext || { debian+=(poppler-utils) brew+=(poppler); }
  if [ -d "$root/test/browser" ]; then
    found chromium chromium-browser google-chrome || { debian+=(chromium fonts-noto-core) brew+=(--cask chromium); }
  fi
  [ "${#debian[@]}" -gt 0 ] || return 0

  if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    say "Installing what the tests run: ${debian[*]}"
    apt_install "${debian[@]}" || fail 69 "Could not install ${debian[*]}. Install them, and run this again."
  elif command -v apt-get >/dev/null; then
    fail 69 "The tests need some programs. Install them, and run this again:
  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${debian[*]}"
  elif command -v brew >/dev/null; then
    fail 69 "The tests need some programs. Install them, and run this again:
  brew install ${brew[*]}"
  else
    fail 69 "The tests need some programs (by Debian's names): ${debian[*]}. Install them, and run this again."
  fi
}
