"""Certificates made on the spot: an authority, a server for localhost, and a client.

    FOLDER/ca.pem   FOLDER/server.pem + server.key   FOLDER/client.pem + client.key      keys are PKCS#8 without a password
"""
import subprocess

from .service import Problem

_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"


def make(folder):
    """Fills `folder` unless that was done before; returns it."""
    if (folder / "client.pem").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    _openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=StreamOps test authority",
             "-keyout", "ca.key", "-out", "ca.pem")
    for name, subject in (("server", "/CN=localhost"), ("client", "/CN=client")):
        _openssl(folder, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(_NAMES, encoding="ascii")
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650",
                 "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    return folder


def bundle(folder, name):
    """Key and certificates in one file, as Java's PEM stores want them; returns its path."""
    path = folder / f"{name}.bundle.pem"
    path.write_text("".join((folder / part).read_text(encoding="ascii") for part in (f"{name}.key", f"{name}.pem", "ca.pem")), encoding="ascii")
    path.chmod(0o600)
    return path


def _openssl(folder, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"openssl {arguments[0]} failed: {done.stderr[-500:]}")
