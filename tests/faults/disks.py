"""A small disk of its own for a node: a file system in a file, mounted, which can lose its power."""
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess

SHUTDOWN = 0x8004587D  # the ioctl by which ext4 and xfs go down
NO_LOG_FLUSH = 2  # what the journal had not written is lost, as when the power goes


class NoDisks(Exception):
    """This machine mounts nothing for us."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise NoDisks(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def kinds():
    """File systems this machine can make."""
    return [kind for kind in ("ext4", "xfs") if shutil.which(f"mkfs.{kind}")]


class Disk:
    """with Disk(image, place, "ext4") as disk: mounted at `place`."""

    def __init__(self, image, place, kind, megabytes=400):
        self.image, self.place, self.kind, self.megabytes = pathlib.Path(image), pathlib.Path(place), kind, megabytes
        self.mounted = False

    def __enter__(self):
        with open(self.image, "wb") as file:
            file.truncate(self.megabytes << 20)
        run(f"mkfs.{self.kind}", "-q", str(self.image))
        self.place.mkdir(parents=True, exist_ok=True)
        self.mount()
        return self

    def __exit__(self, *_):
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.place)], capture_output=True)
        self.image.unlink(missing_ok=True)

    def mount(self):
        run("mount", "-o", "loop", str(self.image), str(self.place))
        self.mounted = True

    def unmount(self):
        run("umount", str(self.place))
        self.mounted = False

    def cut_power(self):
        """From now on everything on it fails; what had not been synced is lost."""
        directory = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(directory)

    def remount(self, how):
        run("mount", "-o", f"remount,{how}", str(self.place))
