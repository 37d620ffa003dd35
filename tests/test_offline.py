"""tools/offline.sh really cuts the network and protects the home folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import notebooks

SCRIPT = Path(notebooks.__file__).with_name("offline.sh")

pytestmark = pytest.mark.skipif(
    os.name == "nt" or shutil.which("bash") is None, reason="needs bash, and not that of Windows"
)


def run(*command, **variables):
    env = dict(os.environ, **variables)
    return subprocess.run(
        ["bash", str(SCRIPT), *command], capture_output=True, text=True, env=env, timeout=120
    )


def offline(*command, **variables):
    done = run(*command, **variables)
    if "no namespaces" in done.stderr:
        assert not os.environ.get("GENLIB_REQUIRE_OFFLINE"), done.stderr
        pytest.skip("this system does not allow namespaces")
    return done


def test_without_namespaces_it_says_so_and_runs_only_where_that_will_do(tmp_path):
    broken = tmp_path / "unshare"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    plain = run("echo", "ran", PATH=path, GENLIB_REQUIRE_OFFLINE="")
    assert (plain.returncode, plain.stdout) == (0, "ran\n")
    assert "running WITH the network" in plain.stderr
    strict = run("echo", "ran", PATH=path, GENLIB_REQUIRE_OFFLINE="1")
    assert (strict.returncode, strict.stdout) == (3, "")


def python(code, **variables):
    return offline(sys.executable, "-c", code, **variables)


def test_a_public_address_is_out_of_reach():
    done = python("import socket; socket.create_connection(('192.0.2.1', 443), timeout=5)")
    assert done.returncode == 1
    assert "Network is unreachable" in done.stderr


def test_loopback_works():
    code = """
import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname(), timeout=5).close()
print("connected")
"""
    assert python(code).stdout == "connected\n"


def test_the_home_folder_cannot_be_written():
    done = python("import pathlib; (pathlib.Path.home() / 'x').write_text('x')")
    assert done.returncode == 1
    assert "OSError" in done.stderr or "PermissionError" in done.stderr
    assert done.stderr.rstrip().splitlines()[-1].find("Read-only file system") > 0


def test_settings_that_would_help_are_gone_and_scratch_space_is_there(tmp_path):
    code = (
        "import os, tempfile; tempfile.TemporaryFile(); print(*(k for k in os.environ if 'MPLCONFIG' in k))"
    )
    done = python(code, MPLCONFIGDIR=str(tmp_path), TMPDIR=str(tmp_path))
    assert done.stdout == "\n"
    assert list(tmp_path.iterdir()) == []  # nothing is left behind


def test_status_arguments_and_output_pass_through():
    assert offline("bash", "-c", 'echo "$1"; exit 7', "-", "a  b").stdout == "a  b\n"
    assert offline("bash", "-c", "exit 7").returncode == 7
    assert offline().returncode == 2


def test_a_notebook_runs(tmp_path):
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    nb = notebooks.nbformat.v4.new_notebook(cells=[notebooks.nbformat.v4.new_code_cell(source)])
    path = tmp_path / "x.ipynb"
    path.write_text(notebooks.dump(notebooks.tidy(nb)), "utf-8")
    done = offline(sys.executable, notebooks.__file__, "run", str(path))
    assert done.returncode == 0, done.stderr
    [output] = notebooks.read(path).cells[0].outputs
    assert "image/png" in output.data
