"""A site on the real engine for as long as a comparison needs it."""

import json
import os
import shutil
import subprocess
import tempfile

REGISTRY = os.environ.get("KERBUP_TEST_REGISTRY", "localhost:5000")
# Nothing listens there: the recorders find no camera, as cheaply as can be, and nobody waits for a recording.
NO_CAMERA = "rtsp://127.0.0.1:9/stream"


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[:4])} … ended with {done.returncode}:\n{done.stdout[-800:]}{done.stderr[-800:]}")
    return done.stdout


class Site:
    """A site of kerbup's with so many cameras, in a folder of its own; gone when the `with` block ends."""

    def __init__(self, kerbup, cameras, name="bench", shape="full"):
        self.kerbup, self.name = kerbup, name
        self.folder = tempfile.mkdtemp(prefix="kerbup-bench-")
        os.chmod(self.folder, 0o755)
        self.answers = f"{self.folder}/site.toml"
        with open(self.answers, "w") as f:
            f.write(f'[site]\nname = "{name}"\ntimezone = "Europe/Brussels"\nshape = "{shape}"\n[platform]\nkind = "docker"\n')
            f.write(f'[storage]\npath = "{self.folder}/data"\nretention_days = 1\n[images]\nregistry = "{REGISTRY}"\n')
            f.write('[network]\nexpose = "loopback"\nports = { vault = 18980, storage = 18990 }\n')
            for n in range(cameras):
                f.write(f'[[camera]]\nname = "c{n:03}"\nurl = "{NO_CAMERA}"\nrecord = "motion"\n')
        os.mkdir(f"{self.folder}/data")

    def command(self, *words):
        return [self.kerbup, *words, "--state", f"{self.folder}/state", "--site", self.name]

    def install(self):
        return run(self.kerbup, "install", "--answers", self.answers, "--state", f"{self.folder}/state", "--yes", "--output", "json")

    def uninstall(self):
        run(*self.command("uninstall", "--purge-data", self.name, "--yes"))

    def containers(self):
        names = run("docker", "ps", "-aq", "--filter", f"label=io.kerbup.site={self.name}").split()
        return json.loads(run("docker", "inspect", *names)) if names else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if self.containers():
                self.uninstall()
        finally:
            left = [c["Id"] for c in self.containers()]
            if left:
                run("docker", "rm", "-f", "-v", *left)
            shutil.rmtree(self.folder, ignore_errors=True)
