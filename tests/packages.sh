#!/bin/sh
# Installs the Debian packages that building (build) or testing (test) needs.
#
# usage: sh tests/packages.sh build|test
#
# Says nothing and asks for nothing when they are there already; else one apt-get
# install, through sudo where the caller is not root. It removes nothing and
# upgrades nothing. On other systems the names below are the list to look up.
set -eu

build='build-essential cmake ninja-build pkg-config libpcap-dev libncurses-dev libutf8proc-dev zlib1g-dev
	libzstd-dev nettle-dev clang llvm libbpf-dev'
# clang builds the BPF programs (llvm makes them small), and is the second compiler; with its
# runtime sanitizers and libFuzzer. bpftool: what they cost. nginx, nodejs and curl: real handshakes. tshark and tcpdump: second opinions. tmux: a terminal. zsh: its
# completion. mandoc: reads the manual. locales: of a wide one.
test="$build libcmocka-dev libclang-rt-dev bpftool tshark tcpdump nginx-light nodejs curl tmux
	gzip zstd iproute2 libcap2-bin python3 procps netcat-openbsd socat util-linux ncurses-bin bash zsh mandoc locales"

case "${1:-build}" in
build) wanted=$build ;;
test) wanted=$test ;;
*)
	echo 'usage: sh tests/packages.sh build|test' >&2
	exit 2
	;;
esac

missing=
for package in $wanted; do
	case "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "packages.sh: no apt-get here; install by other means:$missing" >&2
	exit 1
fi
if [ "$(id -u)" = 0 ]; then
	root='env'
elif command -v sudo >/dev/null 2>&1; then
	root='sudo env'
else
	echo "packages.sh: neither root nor sudo; as root: apt-get install$missing" >&2
	exit 1
fi
echo "packages.sh: installing$missing" >&2
$root DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
# wireshark-common asks whether others may capture; the default is no.
$root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null
