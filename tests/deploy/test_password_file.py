"""initialAdminPasswordFile: needed to found a cluster, and only then."""
import os
import shutil
import subprocess

import dolphindb

from bench import PACKAGE, free_port, stop_everything

HOST = os.environ.get("PELORUS_BED_HOST", "127.0.0.1")


def test_a_named_password_file_is_needed_to_found_and_not_after(tmp_path):
    server = tmp_path / "server"
    shutil.copytree(PACKAGE / "server", server, symlinks=True)
    port = free_port(HOST)
    secret = tmp_path / "secret"
    config = server / "dolphindb.cfg"
    config.write_text(config.read_text().replace("localhost:8848", f"{HOST}:{port}") + f"initialAdminPasswordFile={secret}\n")

    def script(name):
        return subprocess.run(["sh", name], cwd=server, capture_output=True, text=True, timeout=60)

    def can_log_in(password):
        session = dolphindb.Session(show_output=False)
        try:
            return session.connect(HOST, port, "admin", password)
        except RuntimeError:
            return False
        finally:
            session.close()

    try:
        for text in (None, "\n"):
            if text:
                secret.write_text(text)
            refused = script("startSingle.sh")
            assert refused.returncode == 1 and "without admin's password" in refused.stderr, refused.stderr
            script("stopSingle.sh")
        secret.write_text("From-a-file-1\n")
        assert script("startSingle.sh").returncode == 0
        assert can_log_in("From-a-file-1") and not can_log_in("123456")
        script("stopSingle.sh")
        secret.unlink()
        assert script("startSingle.sh").returncode == 0
        assert can_log_in("From-a-file-1")
    finally:
        stop_everything(server)
