#!/usr/bin/env bash
# Run a command without network and with a home folder that cannot be written:
#
#     tools/offline.sh COMMAND [ARGUMENT...]
#
# Loopback stays up (Jupyter kernels and browsers talk over it) and TMPDIR stays writable. Where the system
# has no namespaces (macOS, locked-down containers) it says so on stderr and runs the command plainly, or,
# with GENLIB_REQUIRE_OFFLINE set, not at all.
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: tools/offline.sh COMMAND [ARGUMENT...]" >&2
    exit 2
fi

flags=-nm
[ "$(id -u)" -eq 0 ] || flags=-rnm    # an ordinary user needs a user namespace first
if ! unshare "$flags" true 2>/dev/null; then
    if [ -n "${GENLIB_REQUIRE_OFFLINE:-}" ]; then
        echo "offline.sh: no namespaces here, and GENLIB_REQUIRE_OFFLINE is set: not run" >&2
        exit 3
    fi
    echo "offline.sh: no namespaces here: running WITH the network and a writable home" >&2
    exec "$@"
fi

home=$(mktemp -d)
trap 'rmdir "$home"' EXIT
HOME_TO_BE=$home unshare "$flags" bash -c '
    set -e
    ip link set lo up 2>/dev/null || python3 -c "
import fcntl, socket, struct  # iproute2 is missing: SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
fcntl.ioctl(socket.socket(), 0x8914, struct.pack(\"16sh22x\", b\"lo\", 0x41))"
    # Permission bits do not bind root; a read-only mount does.
    if ! mount -t tmpfs -o ro tmpfs "$HOME_TO_BE" 2>/dev/null; then
        echo "offline.sh: no mount allowed here: the home folder is protected by permission bits only" >&2
        chmod 555 "$HOME_TO_BE"
    fi
    export HOME=$HOME_TO_BE
    # Nothing may depend on a writable folder that somebody happened to set.
    unset HOME_TO_BE IPYTHONDIR JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR JUPYTER_RUNTIME_DIR MPLCONFIGDIR TORCH_HOME
    unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR
    exec "$@"
' offline "$@"
