#!/bin/sh
# Installs what building and testing Pelorus needs on Debian 12. Idempotent; needs root.
#   tools/install_packages.sh [--test | --hosts]   --test adds what the tests need, --hosts also what those on several hosts need
set -eu

build_packages="build-essential cmake ninja-build ccache pkg-config git ca-certificates curl
  libboost1.81-dev libboost-json1.81-dev libssl-dev libuv1-dev liblz4-dev libzstd-dev libisal-dev libxxhash-dev
  libjemalloc-dev libfmt-dev libfast-float-dev libcxxopts-dev libedit-dev libeigen3-dev libgtest-dev
  nodejs npm procps"
test_packages="python3 python3-pip python3-venv chromium fonts-wqy-microhei clang libclang-rt-14-dev clang-format clang-tidy iproute2 dash busybox-static xfsprogs"
# Hosts of the tests in network namespaces: each runs an sshd of its own, the machine none.
host_packages="openssh-server openssh-client rsync nftables util-linux"

export DEBIAN_FRONTEND=noninteractive
say() { printf '%s\n' "install: $*" >&2; }

# The archive this machine already uses, whatever it is: backports are taken from the same place.
archive_of_this_machine() {
  apt-get indextargets --format '$(REPO_URI) $(SUITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '$2=="bookworm" || $3=="bookworm" || $2=="stable" {print $1; exit}'
}

add_backports() {
  if apt-cache policy libraft-dev 2>/dev/null | grep -q '0\.22\.1'; then return; fi
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  [ "$codename" = bookworm ] || { say "not Debian 12 ($codename): expecting libraft-dev 0.22.1 in its own archive"; return; }
  archive=$(archive_of_this_machine)
  [ -n "$archive" ] || { say "no Debian archive found in the apt configuration: add one and run again"; exit 1; }
  say "adding the backports suite of the configured archive"
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  signed=""; [ -f "$keyring" ] && signed="[signed-by=$keyring] "
  printf 'deb %s%s bookworm-backports main\n' "$signed" "$archive" > /etc/apt/sources.list.d/pelorus-backports.list
  apt-get update -qq || say "apt-get update reported an error; going on with what it fetched"
}

missing() {
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$package"
  done
}

# Packages installed from here on start no service of theirs.
hold_services() {
  policy=/usr/sbin/policy-rc.d
  [ ! -e "$policy" ] || return 0
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

main() {
  wanted="$build_packages"
  case ${1:-} in
    --test) wanted="$wanted $test_packages" ;;
    --hosts) wanted="$wanted $test_packages $host_packages" ;;
  esac
  # A machine may carry its own Node.js (with npm inside); Debian's would conflict with it.
  if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then
    wanted=$(printf '%s ' $wanted | sed 's/\bnodejs\b//; s/\bnpm\b//')
  fi
  todo=$(missing $wanted libraft-dev)
  if [ -z "$todo" ] && dpkg-query -W -f '${Version}' libraft-dev | grep -q '^0\.22\.1'; then
    say "everything is installed"
    return
  fi
  [ "$(id -u)" = 0 ] || { say "must run as root to install: $todo"; exit 1; }
  apt-get update -qq || say "apt-get update reported an error; going on with what it fetched"
  add_backports
  if [ "${1:-}" = --hosts ]; then hold_services; fi
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $wanted >/dev/null
  apt-get install -y -qq --no-install-recommends 'libraft-dev=0.22.1*' >/dev/null
  say "done"
}

main "$@"
