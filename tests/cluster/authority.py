"""Certificates for beds: an authority of their own and what it signs, by the openssl command."""
import shutil
import subprocess


class Authority:
    """A certificate authority and folders of keys it made."""

    def __init__(self, folder, days=10):
        self.folder = folder
        folder.mkdir()
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj",
                     "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt")

    def openssl(self, *words):
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def issue(self, keys, host, days=10):
        """Fills a node's keyPath; -1 day is over already."""
        keys.mkdir(parents=True, exist_ok=True)
        (self.folder / "extensions").write_text(f"subjectAltName=IP:{host}\nextendedKeyUsage=serverAuth,clientAuth\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}", "-keyout",
                     f"{keys}/serverPrivate.key", "-out", "request")
        self.openssl("x509", "-req", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days),
                     "-extfile", "extensions", "-out", f"{keys}/server.crt")
        shutil.copy(self.folder / "ca.crt", keys / "ca.crt")
