"""Inside the sandbox: shut one submission up alone, with limits, before any of its code runs. Linux only.

`apart` makes new namespaces (processes, mounts, IPC, network) within the outer sandbox, so that nothing of one
submission is left for the next; `limited` sets what a process may use and gives up every privilege for good.
"""

import ctypes
import os
import platform
import resource
import signal
import struct

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_PRIVATE, _RDONLY, _NOSUID, _NODEV, _NOEXEC = 0x44000, 1, 2, 4, 8
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


def _call(result: int, what: str):
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def dies_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def unreadable():
    """No other process may look into this one's memory, whoever owns it."""
    _libc.prctl(_PR_SET_DUMPABLE, 0)


def apart():
    """New namespaces; the next child is process 1 of its own world. OSError where the system does not allow it."""
    if os.getuid() != 0 or not _may_administer():
        uid, gid = os.getuid(), os.getgid()
        _call(_libc.unshare(_NEWUSER), "a new user namespace")
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _call(_libc.unshare(_NEWNS | _NEWIPC | _NEWPID | _NEWNET), "new namespaces")


def _may_administer() -> bool:
    with open("/proc/self/status") as file:
        effective = next(line for line in file if line.startswith("CapEff:")).split()[1]
    return bool(int(effective, 16) >> 21 & 1)


def fresh_folders(disk: int, hide: str):
    """In the new namespace: empty scratch and /dev/shm of limited size, own /proc, and nothing where `hide` was."""
    _call(_libc.mount(b"none", b"/", None, _PRIVATE, None), "private mounts")
    for path, size, flags in ((os.environ["TMPDIR"], disk, 0), ("/dev/shm", disk, 0), (hide, 4096, _RDONLY)):
        if os.path.isdir(path):
            options = f"size={size},nr_inodes=4096,mode=0777".encode()
            _call(_libc.mount(b"tmpfs", path.encode(), b"tmpfs", _NOSUID | _NODEV | flags, options), path)
    if _libc.mount(b"proc", b"/proc", b"proc", _NOSUID | _NODEV | _NOEXEC, None):
        # refused inside an ordinary user's sandbox: rather no /proc than one that shows other processes
        options = b"size=4096,mode=0555"
        _call(_libc.mount(b"tmpfs", b"/proc", b"tmpfs", _NOSUID | _NODEV | _RDONLY, options), "/proc")


def limited(limits: dict, uid: int | None):
    """Lower every limit and drop every privilege of this process and of those it will start."""
    for name, value in (
        ("RLIMIT_AS", limits["memory"]),
        ("RLIMIT_FSIZE", limits["disk"]),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 256),
        ("RLIMIT_NPROC", limits["processes"]),
        ("RLIMIT_CPU", limits["cpu"]),
    ):
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    if os.getuid() == 0 and uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _drop_capabilities()
    dies_with_parent()
    filter_calls()


def _drop_capabilities():
    head = struct.pack("Ii", 0x20080522, 0)
    _libc.capset(ctypes.c_char_p(head), ctypes.c_char_p(bytes(24)))


# -- system calls that no answer needs -------------------------------------------------------------------------------

# Ways to memory that no limit counts (memfd, shared segments), into other processes, to the kernel's rarer parts.
_DENIED = {
    "x86_64": (
        0xC000003E,
        [
            29,
            30,
            31,
            68,
            101,
            155,
            161,
            165,
            166,
            175,
            176,
            240,
            246,
            248,
            249,
            250,
            272,
            298,
            300,
            303,
            304,
            308,
            310,
            311,
            313,
            319,
            321,
            323,
            425,
            428,
            429,
            430,
            431,
            432,
            433,
            442,
            447,
        ],
        56,
        41,
    ),
    "aarch64": (
        0xC00000B7,
        [
            39,
            40,
            41,
            51,
            97,
            104,
            105,
            106,
            117,
            180,
            186,
            194,
            195,
            196,
            217,
            218,
            219,
            241,
            262,
            264,
            265,
            268,
            270,
            271,
            273,
            279,
            280,
            282,
            425,
            428,
            429,
            430,
            431,
            432,
            433,
            442,
            447,
        ],
        220,
        198,
    ),
}
_CLONE3, _ALLOW, _REFUSE, _ABSENT = 435, 0x7FFF0000, 0x00050001, 0x00050026  # EPERM, ENOSYS
_FAMILIES = (1, 2, 10)  # local, IPv4, IPv6: in an empty network


def filter_calls():
    """A seccomp filter; silently none on a machine whose numbers are not known."""
    known = _DENIED.get(platform.machine())
    if known is None:
        return
    arch, denied, clone, socket = known
    load, equal, bits, done = 0x20, 0x15, 0x45, 0x06
    program = [
        (load, 0, 0, 4),
        (equal, 1, 0, arch),
        (done, 0, 0, _REFUSE),
        (load, 0, 0, 0),
        (bits, 0, 1, 0x40000000),
        (done, 0, 0, _REFUSE),
        (equal, 0, 1, _CLONE3),
        (done, 0, 0, _ABSENT),
    ]
    for number in denied:
        program += [(equal, 0, 1, number), (done, 0, 0, _REFUSE)]
    program += [
        (equal, 0, 4, clone),
        (load, 0, 0, 16),
        (bits, 0, 1, 0x7E020000),
        (done, 0, 0, _REFUSE),
        (done, 0, 0, _ALLOW),
        (equal, 0, 3 + len(_FAMILIES), socket),
        (load, 0, 0, 16),
    ]
    program += [(equal, len(_FAMILIES) - i, 0, family) for i, family in enumerate(_FAMILIES)]
    program += [(done, 0, 0, _REFUSE), (done, 0, 0, _ALLOW), (done, 0, 0, _ALLOW)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    _call(_libc.prctl(_PR_SET_SECCOMP, 2, ctypes.c_char_p(head), 0, 0), "the filter of system calls")
