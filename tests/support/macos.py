"""This interpreter without what Python does not have on macOS, as far as that can be removed.

Names are those that the documentation of Python's modules lists as not available there.
"""

from __future__ import annotations

LACKING = {
    "os": (
        "pipe2 memfd_create MFD_CLOEXEC MFD_ALLOW_SEALING O_TMPFILE O_PATH O_LARGEFILE O_NOATIME "
        "O_RSYNC O_DIRECT getrandom GRND_NONBLOCK GRND_RANDOM posix_fallocate posix_fadvise "
        "getresuid getresgid setresuid setresgid getxattr setxattr listxattr removexattr eventfd "
        "pidfd_open copy_file_range splice sched_getaffinity sched_setaffinity sched_getscheduler "
        "sched_setscheduler sched_getparam sched_setparam sched_rr_get_interval unshare setns "
        "waitid waitid_result P_PID P_ALL P_PIDFD RTLD_DEEPBIND execveat fexecve fdatasync"
    ),
    "signal": (
        "SIGRTMIN SIGRTMAX SIGSTKFLT SIGPWR SIGPOLL SIGCLD sigtimedwait sigwaitinfo "
        "pidfd_send_signal struct_siginfo"
    ),
    "socket": (
        "SOCK_CLOEXEC SOCK_NONBLOCK SO_PEERCRED SO_PASSCRED SCM_CREDENTIALS AF_NETLINK AF_PACKET "
        "AF_VSOCK AF_ALG MSG_NOSIGNAL MSG_CMSG_CLOEXEC SO_DOMAIN SO_PROTOCOL TCP_USER_TIMEOUT"
    ),
    "select": "epoll EPOLLIN EPOLLOUT EPOLL_CLOEXEC POLLRDHUP",
    "fcntl": (
        "F_SETPIPE_SZ F_GETPIPE_SZ F_ADD_SEALS F_GET_SEALS F_SEAL_SEAL F_SEAL_SHRINK F_SEAL_GROW "
        "F_SEAL_WRITE F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_NOTIFY F_SETLEASE F_SETSIG"
    ),
}
# The modules of C beneath, which some of ours import themselves.
_BENEATH = {"os": "posix", "signal": "_signal", "socket": "_socket"}


def remove() -> None:
    """Remove it all, in this process and for good."""
    import importlib
    import select
    import selectors
    import sys
    import urllib.request  # imports a module there that is built for macOS alone

    assert urllib.request
    assert hasattr(select, "poll")  # which both have
    # asyncio would take epoll; kqueue, which it takes there, cannot be had here.
    selectors.DefaultSelector = selectors.PollSelector  # type: ignore[assignment,misc]
    for name, words in LACKING.items():
        for module in {name, _BENEATH.get(name, name)}:
            found = importlib.import_module(module)
            for word in words.split():
                if hasattr(found, word):
                    delattr(found, word)
    sys.platform = "darwin"
