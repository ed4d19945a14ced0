"""A real RabbitMQ for the tests.

In this order: the server of TEST_AMQP_URL, one that runs on this machine, a private node from installed binaries, a
container. Each test process gets a virtual host of its own where the server can be administered, and removes it.
"""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from uuid import uuid4

import pika
import pika.exceptions

LOCAL = "amqp://guest:guest@127.0.0.1:5672/"
SCRIPTS = (Path("/usr/lib/rabbitmq/bin"), Path("/opt/homebrew/sbin"), Path("/usr/local/sbin"))
IMAGE = "rabbitmq:3.13-alpine"
START_LIMIT = 60.0

HINT = "needs RabbitMQ: set TEST_AMQP_URL, install rabbitmq-server, or start Docker"


@cache
def provide_amqp() -> str | None:
    """URL of a RabbitMQ for this test process; None = there is none and none can be started."""
    if url := os.environ.get("TEST_AMQP_URL"):
        return url
    if _answers(LOCAL):
        return _own_virtual_host(LOCAL) or _private_node() or LOCAL
    return _private_node() or _container()


def _answers(url: str) -> bool:
    try:
        pika.BlockingConnection(pika.URLParameters(f"{url.rstrip('/')}/?socket_timeout=2&stack_timeout=4")).close()
    except (pika.exceptions.AMQPError, OSError):
        return False
    return True


def _own_virtual_host(url: str) -> str | None:
    control = shutil.which("rabbitmqctl")
    name = f"coverage-test-{uuid4().hex[:12]}"
    if control is None or not _run(control, "add_vhost", name):
        return None
    atexit.register(_run, control, "delete_vhost", name)
    if not _run(control, "set_permissions", "-p", name, "guest", ".*", ".*", ".*"):
        return None
    return url + name


def _private_node() -> str | None:
    server = _server_script()
    if server is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="cw-rabbit-"))
    port, distribution, names = _free_ports(3)
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 50MB\nlog.console.level = warning\n"
    )
    (folder / "enabled_plugins").write_text("[].\n")
    environment = {
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
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [server], env=environment, stdout=output, stderr=output, cwd=folder, start_new_session=True
        )
    atexit.register(_stop_node, process, environment, folder)
    return _wait(f"amqp://guest:guest@127.0.0.1:{port}/", process)


def _stop_node(process: subprocess.Popen[bytes], environment: dict[str, str], folder: Path) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if epmd := shutil.which("epmd"):  # the name daemon of the node outlives it
        subprocess.run([epmd, "-kill"], env=environment, capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def _container() -> str | None:
    docker = shutil.which("docker")
    if docker is None or not _run(docker, "info"):
        return None
    started = subprocess.run(
        [docker, "run", "--rm", "--detach", "--publish", "127.0.0.1::5672", IMAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    if started.returncode:
        return None
    name = started.stdout.strip()
    atexit.register(_run, docker, "rm", "--force", name)
    shown = subprocess.run([docker, "port", name, "5672"], capture_output=True, text=True, check=True)
    return _wait(f"amqp://guest:guest@{shown.stdout.split()[0]}/", None)


def _wait(url: str, process: subprocess.Popen[bytes] | None) -> str | None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        if _answers(url):
            return url
        time.sleep(0.3)
    return None


def _server_script() -> str | None:
    """The script itself: the wrapper that distributions put in the path switches to a user of its own."""
    scripts = (folder / "rabbitmq-server" for folder in SCRIPTS)
    return next((str(script) for script in scripts if script.exists()), None) or shutil.which("rabbitmq-server")


def _run(*command: str) -> bool:
    try:
        return not subprocess.run(command, capture_output=True, timeout=60, check=False).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for taken in sockets:
            taken.bind(("127.0.0.1", 0))
        return [taken.getsockname()[1] for taken in sockets]
