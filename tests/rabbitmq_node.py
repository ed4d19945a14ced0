"""A RabbitMQ node of our own: started from installed binaries, killed and started again on the same data, removed."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pika
import pika.exceptions

SCRIPTS = (Path("/usr/lib/rabbitmq/bin"), Path("/opt/homebrew/sbin"), Path("/usr/local/sbin"))
START_LIMIT = 60.0


class NodeUnavailable(RuntimeError):
    """There are no binaries, or the node does not start."""


class RabbitNode:
    """One node with its own folder, ports and name daemon; nothing of another server on this machine is touched."""

    def __init__(self) -> None:
        server = _server_script()
        if server is None:
            raise NodeUnavailable("rabbitmq-server is not installed")
        self._server = server
        self.folder = Path(tempfile.mkdtemp(prefix="cw-rabbit-"))
        port, distribution, names = free_ports(3)
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/"
        self._environment = _configure(self.folder, port, distribution, names)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the node and wait until it answers; raises NodeUnavailable."""
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._server],
                env=self._environment,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,
            )
        if not wait_for_answer(self.url, self._process):
            raise NodeUnavailable(f"the node does not start: {(self.folder / 'output').read_text()[-1000:]}")

    def kill(self) -> None:
        """End the node as a loss of power would; its durable queues stay in the folder."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def remove(self) -> None:
        """End the node and its name daemon, and delete its data."""
        self.kill()
        self._kill_name_daemon()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_name_daemon(self) -> None:
        """It outlives the node, and refuses to end until it has noticed that the node is gone."""
        epmd = shutil.which("epmd")
        for _ in range(50):
            command = [epmd or "epmd", "-kill"]
            if (
                epmd is None
                or not subprocess.run(command, env=self._environment, capture_output=True, check=False).returncode
            ):
                return
            time.sleep(0.1)


def _configure(folder: Path, port: int, distribution: int, names: int) -> dict[str, str]:
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 50MB\nlog.console.level = warning\n"
    )
    (folder / "enabled_plugins").write_text("[].\n")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),  # holds the Erlang cookie
        "RABBITMQ_NODENAME": f"t{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
    }


def wait_for_answer(url: str, process: subprocess.Popen[bytes] | None) -> bool:
    """Wait until a server answers; False = not in time, or its process has ended."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        if answers(url):
            return True
        time.sleep(0.3)
    return False


def answers(url: str) -> bool:
    try:
        pika.BlockingConnection(pika.URLParameters(f"{url.rstrip('/')}/?socket_timeout=2&stack_timeout=4")).close()
    except (pika.exceptions.AMQPError, OSError):
        return False
    return True


def _server_script() -> str | None:
    """The script itself: the wrapper that distributions put in the path switches to a user of its own."""
    scripts = (folder / "rabbitmq-server" for folder in SCRIPTS)
    return next((str(script) for script in scripts if script.exists()), None) or shutil.which("rabbitmq-server")


def free_ports(count: int) -> list[int]:
    """Ports that stay free while their server is down: the system gives none below 32768 to a client by itself."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
    return ports
