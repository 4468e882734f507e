"""File systems of our own to break: small tmpfs mounts and loop-mounted images, unmounted and removed whatever happens.

They are mounted in a mount namespace of the test's own: nobody else sees them, and the kernel undoes them if the test is killed.
"""
import contextlib
import ctypes
import fcntl
import functools
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

SHUTDOWN = 0x8004587D  # _IOR('X', 125, u32), the same for ext4 and XFS
FLUSH_LOG, LOSE_LOG = 1, 2
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
NEW_MOUNT_NAMESPACE = 0x00020000  # CLONE_NEWNS
SIZE_MB_MIN = {"ext4": 8, "xfs": 300}  # mkfs.xfs takes no smaller one; the image is sparse


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@functools.cache
def enter_own_namespace():
    """For the calling thread, the main one, and every thread and process that it starts from now on."""
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_MOUNT_NAMESPACE) != 0 or run("mount", "--make-rprivate", "/").returncode != 0:
        raise unittest.SkipTest("left out: mounting is not allowed here: " + os.strerror(ctypes.get_errno()))


def is_mounted(folder):
    """By the kernel's table: a file system that has died cannot even be looked at."""
    place = str(folder.parent.resolve() / folder.name).replace(" ", "\\040")
    return any(line.split()[1] == place for line in pathlib.Path("/proc/self/mounts").read_text().splitlines())


@contextlib.contextmanager
def unmounted_afterwards(folder):
    try:
        yield folder
    finally:
        while is_mounted(folder):
            if run("umount", folder).returncode != 0 and run("umount", "--lazy", folder).returncode != 0:
                raise RuntimeError(f"cannot unmount {folder}")


@contextlib.contextmanager
def tmpfs(options):
    """A mounted tmpfs, or a visible skip where mounting is not allowed."""
    enter_own_namespace()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="soak-tmpfs-"))
    try:
        with unmounted_afterwards(folder):
            done = run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder)
            if done.returncode != 0:
                raise unittest.SkipTest("left out: mounting is not allowed here: " + done.stderr.strip())
            yield folder
    finally:
        folder.rmdir()


class Image:
    """A file system in a file. `mount` may be called again after `unmount`: what the disk had is what comes back."""

    def __init__(self, kind, scratch, size_mb=None, make_options=()):
        self.kind, self.folder, self.file, self.allowed = kind, scratch / "mounted", scratch / "image", False
        if shutil.which(MAKE[kind][0]) is None:
            raise unittest.SkipTest(f"left out: {MAKE[kind][0]} is not installed")
        self.folder.mkdir()
        with open(self.file, "wb") as image:
            image.truncate((size_mb or SIZE_MB_MIN[kind]) << 20)
        made = run(*MAKE[kind], *make_options, self.file)
        if made.returncode != 0:
            raise unittest.SkipTest(f"left out: {MAKE[kind][0]} cannot make an image here: {made.stderr.strip()}")

    def mount(self, options="loop"):
        done = run("mount", "-t", self.kind, "-o", options, self.file, self.folder)
        if done.returncode != 0 and not self.allowed:
            raise unittest.SkipTest("left out: loop mounts are not allowed here: " + done.stderr.strip())
        assert done.returncode == 0, "what the disk holds cannot be mounted: " + done.stderr
        self.allowed = True

    def remount(self, options):
        done = run("mount", "-o", "remount," + options, self.folder)
        assert done.returncode == 0, done.stderr

    def unmount(self):
        done = run("umount", self.folder)
        assert done.returncode == 0, done.stderr

    def stop(self):
        """What serves the disk."""

    def cut_power(self, how=LOSE_LOG):
        """Everything that the disk does not have yet is lost; every later call on the file system fails."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", how))
        finally:
            os.close(descriptor)


class FailingImage(Image):
    """An image on a disk that fails every write for as long as it is told to: nbdkit's error filter, which nbdfuse makes a file of."""

    def __init__(self, kind, scratch):
        super().__init__(kind, scratch)
        for program in ("nbdkit", "nbdfuse"):
            if shutil.which(program) is None:
                raise unittest.SkipTest(f"left out: {program} is not installed")
        self.switch, self.told, served = scratch / "failing", scratch / "told", scratch / "served"
        served.mkdir()
        errors = [f"error-{call}-rate=100%" for call in ("pwrite", "zero", "trim")]
        with open(self.told, "wb") as told:
            self.server = subprocess.Popen(["nbdfuse", served / "disk", "--command", "nbdkit", "-s", "--exit-with-parent", "--filter=error", "file",
                                            self.file, "error=EIO", *errors, f"error-file={self.switch}"], stdin=subprocess.DEVNULL, stderr=told)
        self.file = served / "disk"
        deadline = time.monotonic() + 10
        while not self.file.exists():
            if self.server.poll() is not None or time.monotonic() > deadline:
                self.stop()
                why = self.told.read_text().strip() or "it did not start within 10 s"
                raise unittest.SkipTest("left out: no disk in user space (FUSE) here: " + why)
            time.sleep(0.01)

    @contextlib.contextmanager
    def failing(self):
        self.switch.touch()
        try:
            yield
        finally:
            self.switch.unlink()

    def errors(self):
        """How many writes have failed so far."""
        return self.told.read_text().count("injecting EIO error")

    def stop(self):
        if run("umount", self.file.parent).returncode != 0:
            run("umount", "--lazy", self.file.parent)
        try:
            self.server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()


@contextlib.contextmanager
def image(kind, image_class=Image, **options):
    """A mounted image, or a visible skip where mounting is not allowed."""
    enter_own_namespace()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="soak-image-"))
    try:
        made = image_class(kind, scratch, **options)
        try:
            with unmounted_afterwards(made.folder):
                made.mount()
                yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(scratch)
