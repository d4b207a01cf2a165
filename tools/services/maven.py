"""Jars by Maven: an artifact and all that it needs at run time, as one folder."""
import shutil
import subprocess
from xml.sax.saxutils import escape

from .service import Problem

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"


def dependency(coordinates, exclude=()):
    """`group:artifact:version` as XML of a project file; `exclude` holds "group:artifact", either of which may be "*"."""
    def tag(**parts):
        return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items())

    group, artifact, version = coordinates.split(":")
    left_out = "".join(
        "<exclusion>" + tag(groupId=each.split(":")[0], artifactId=each.split(":")[1]) + "</exclusion>" for each in exclude)
    return ("<dependency>" + tag(groupId=group, artifactId=artifact, version=version) +
            (f"<exclusions>{left_out}</exclusions>" if left_out else "") + "</dependency>")


def project(*dependencies, shadowed_repositories=()):
    """A project file that has these dependencies. A repository that some parent project adds, and that cannot be reached, is shadowed by
    its id: an empty folder answers in its place, and Maven goes on to its usual one."""
    shadows = "".join(
        f"<repository><id>{escape(each)}</id><url>file:///nonexistent</url></repository>" for each in shadowed_repositories)
    return ("<project><modelVersion>4.0.0</modelVersion><groupId>streamops.services</groupId><artifactId>jars</artifactId>"
            "<version>1</version><packaging>pom</packaging>" + (f"<repositories>{shadows}</repositories>" if shadows else "") +
            f"<dependencies>{''.join(dependencies)}</dependencies></project>")


def install_jars(folder, project_text):
    """Copies all jars of the project into `folder`."""
    (folder / "pom.xml").write_text(project_text, encoding="utf-8")
    _run(["-f", str(folder / "pom.xml"), f"{_COPY}:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"])


def install_archive(folder, artifact):
    """Unpacks the archive `group:artifact:version:type:classifier` into `folder`."""
    _run([f"{_COPY}:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}", "-Dmdep.useBaseVersion=true"])
    for archive in list(folder.glob("*.tar.gz")) + list(folder.glob("*.zip")):
        shutil.unpack_archive(archive, folder)
        archive.unlink()


def _run(arguments):
    if not shutil.which("mvn"):
        raise Problem("mvn is missing; `./dev services` installs it, or: apt-get install maven default-jre-headless")
    done = subprocess.run(["mvn", "-B", "-q", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if "ERROR" in line][:6]
        raise Problem("Maven could not get the jars:\n" + "\n".join(lines or done.stdout.splitlines()[-6:]))
