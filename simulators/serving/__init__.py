"""Servers that put a simulator's bytes on TCP, a pseudo-terminal, or a serial line over TCP."""

from simulators.serving.pty import PtyServer
from simulators.serving.rfc2217 import LineSettings, Rfc2217Server
from simulators.serving.tcp import TcpServer

__all__ = ["LineSettings", "PtyServer", "Rfc2217Server", "TcpServer"]
