"""A real RabbitMQ for the tests.

In this order: the server of TEST_AMQP_URL, one that runs on this machine, a private node from installed binaries, a
container. Each test process gets a virtual host of its own where the server can be administered, and removes it.
"""

import atexit
import os
import shutil
import subprocess
from functools import cache
from uuid import uuid4

from tests.rabbitmq_node import NodeUnavailable, RabbitNode, answers, wait_for_answer

LOCAL = "amqp://guest:guest@127.0.0.1:5672/"
IMAGE = "rabbitmq:3.13-alpine"

HINT = "needs RabbitMQ: set TEST_AMQP_URL, install rabbitmq-server, or start Docker"


@cache
def provide_amqp() -> str | None:
    """URL of a RabbitMQ for this test process; None = there is none and none can be started."""
    if url := os.environ.get("TEST_AMQP_URL"):
        return url
    if answers(LOCAL):
        return _own_virtual_host(LOCAL) or _private_node() or LOCAL
    return _private_node() or _container()


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
    try:
        node = RabbitNode()
    except NodeUnavailable:
        return None
    atexit.register(node.remove)
    try:
        node.start()
    except NodeUnavailable:
        return None
    return node.url


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
    url = f"amqp://guest:guest@{shown.stdout.split()[0]}/"
    return url if wait_for_answer(url, None) else None


def _run(*command: str) -> bool:
    try:
        return not subprocess.run(command, capture_output=True, timeout=60, check=False).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False
