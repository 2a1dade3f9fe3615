"""The course's answers in the place of a learner's, worked out in a process of their own.

A submission chooses what a stand-in is called with, and so how long it takes and how much memory: what that costs is
paid by this process, which has limits, and never by the one that grades.
"""

import os
import resource
import signal
import socket
import sys
from pathlib import Path

from seqlib.checks.limits import TookTooLong, time_limit
from seqlib.grading.inside import confine, wire

SECONDS, BY_THE_CLOCK, MEMORY = 2.0, 11.0, 512 << 20  # of one call; memory beyond what the process has at first


class Refused(Exception):
    """The call gave nothing: the message is a word for the other side."""


class Lender:
    """Answers calls of `functions` ({name: function}). Starts with the first call; close it when done."""

    def __init__(self, functions: dict):
        self.functions, self.pid, self.channel = functions, None, None

    def call(self, name: str, args, kwargs):
        if self.pid is None:
            self._start()
        try:
            self.channel.send({"name": name, "args": list(args), "kwargs": kwargs}, BY_THE_CLOCK)
            reply = self.channel.receive(BY_THE_CLOCK)
        except (wire.Broken, TypeError) as error:
            self.close()
            raise Refused(type(error).__name__) from None
        if reply.get("error"):
            raise Refused(reply["error"])
        return reply.get("value")

    def _start(self):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                self._serve(theirs.detach())
            finally:
                os._exit(0)
        theirs.close()
        self.pid, handle = pid, ours.detach()
        os.set_blocking(handle, False)
        self.channel = wire.Channel(handle, handle, wire.MAX_RESULT)

    def _serve(self, handle: int):
        _alone(handle)
        channel = wire.Channel(handle, handle, wire.MAX_RESULT)
        while True:
            message = channel.receive()
            reply = self._outcome(message)
            try:
                channel.send(reply)
            except wire.Closed:
                return
            except Exception as error:  # no data, or too much of it
                channel.send({"error": type(error).__name__})

    def _outcome(self, message) -> dict:
        try:
            with time_limit(SECONDS):
                return {"value": self.functions[message["name"]](*message["args"], **message["kwargs"])}
        except (Exception, TookTooLong) as error:
            return {"error": type(error).__name__}

    def close(self):
        if self.pid is None:
            return
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.channel.close()
        self.pid = self.channel = None


def _alone(handle: int):
    """Nothing is kept of the worker but its memory; more than a little beyond that is refused."""
    if sys.platform == "linux":
        confine.dies_with_parent()
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os.closerange(3, handle)
    os.closerange(handle + 1, 1024)
