#!/usr/bin/env python3
"""Runs one command as root in a throw-away virtual machine with Debian's own kernel: all its network modules (netem,
8021q, ...), and nothing but cgroup v2. Installs nothing and needs no root: qemu-system-x86_64 and kmod have to be here.

The guest's root is this machine's own / (9p, read-only) below a tmpfs, so that every program of this machine is there;
what is written vanishes, also in DIR (default: here), where the command starts. /tmp and /run are empty, but for DIR.
With --result FILE what the command writes to $VM_RESULT is FILE here, when it has ended.
Kernel and busybox come by `apt-get download` and are kept in CACHE. KVM is used where it works, else emulation.

Exit code: the command's own; 77 when no such machine can be had here, after the reason; 124 when it took too long.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
TIMED_OUT = 124
LAYOUT = "2"  # of the cache: raise it when what is prepared changes
MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console"]  # until the root is there
UNNEEDED = ["sound", "drivers/gpu", "drivers/media", "drivers/iio", "drivers/staging", "drivers/infiniband",
            "drivers/scsi", "drivers/usb", "drivers/net/wireless", "drivers/net/ethernet", "drivers/hwmon"]
PORTS = ["output", "status", "result"]

INIT = r"""#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
echo "<2>vm: init" >/dev/kmsg
for module in /modules/*; do insmod $module; done
[ -e /main ] || { echo "<2>vm: nothing to run" >/dev/kmsg; reboot -f; }
fail() { echo "<2>vm: $*" >/dev/kmsg; sleep 1; reboot -f; }
. /settings
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose root /lower || fail "no root"
mount -t tmpfs -o size=75% tmpfs /upper; mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /new || fail "no overlay"
mount --bind "/new$DIR" /keep; mount --bind "/new$LIB_MODULES" /keep2
mount -t proc proc /new/proc; mount -t sysfs sys /new/sys; mount --move /dev /new/dev
for place in tmp run dev/shm; do mkdir -p /new/$place; mount -t tmpfs -o mode=1777 tmpfs /new/$place; done
chmod 755 /new/run
mkdir -p /new/dev/pts /new/dev/net "/new$DIR" /new/lib/modules
mount -t devpts -o ptmxmode=0666 devpts /new/dev/pts
mount --move /keep "/new$DIR"; mount --move /keep2 /new/lib/modules
ln -s /proc/self/fd /new/dev/fd; ln -s fd/0 /new/dev/stdin; ln -s fd/1 /new/dev/stdout; ln -s fd/2 /new/dev/stderr
[ -e /new/dev/net/tun ] || mknod -m 666 /new/dev/net/tun c 10 200
if [ "$SYSTEMD" = 0 ]; then
  mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
  for one in $(cat /new/sys/fs/cgroup/cgroup.controllers); do
    echo +$one >/new/sys/fs/cgroup/cgroup.subtree_control
  done 2>/dev/null
  mkdir /new/sys/fs/cgroup/command
fi
hostname vm; ip link set lo up
cp /bin/busybox /main /new/run
exec switch_root /new /run/busybox sh /run/main
"""

# Run by PID 1, which stays what it is: it reaps what others leave to it, and reports.
MAIN = r"""
output=$(echo /dev/vport*p1) status=$(echo /dev/vport*p2)
/run/busybox sh -c 'echo 0 >/sys/fs/cgroup/command/cgroup.procs; exec /run/busybox setsid /run/busybox sh /run/command' \
  >$output 2>&1 </dev/null
echo $? >$status
echo 1 >/sys/fs/cgroup/command/cgroup.kill
/run/busybox sleep 0.2
/run/busybox reboot -f
"""


# The same below systemd, which is PID 1: the command is a service, whose cgroup is its own to divide. Nothing of this
# machine's own services is started, and what its disks are called means nothing there.
SERVICE_MAIN = r"""
units=/run/systemd/system
/run/busybox mkdir -p $units
/run/busybox cat >$units/command.service <<END
[Unit]
DefaultDependencies=no
Wants=dbus.service systemd-logind.service systemd-user-sessions.service
After=dbus.service systemd-logind.service systemd-user-sessions.service
[Service]
Type=oneshot
Delegate=yes
TasksMax=infinity
TimeoutStartSec=infinity
ExecStart=/run/busybox sh /run/service
END
/run/busybox cat >$units/command.target <<END
[Unit]
Requires=basic.target command.service
After=basic.target
AllowIsolate=yes
END
/run/busybox cat >/run/service <<END
output=$(echo /dev/vport*p1) status=$(echo /dev/vport*p2)
/run/busybox sh /run/command >\$output 2>&1 </dev/null
echo \$? >\$status
/run/busybox sleep 0.2
/run/busybox reboot -f
END
: >/etc/fstab
[ -s /etc/machine-id ] || echo 00000000000000000000000000000001 >/etc/machine-id
exec /lib/systemd/systemd --unit=command.target --log-target=console --show-status=0
"""


class NoMachine(Exception):
    """Why there can be none here."""


def run(*command, **options):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options).stdout


def download(package, into):
    """Unpacks a package of Debian's archive into a folder."""
    with tempfile.TemporaryDirectory(dir=into.parent) as folder:
        os.chmod(folder, 0o755)
        attempts = [["apt-get", "download", package]]
        if os.geteuid() == 0:  # lists of packages that are missing, or older than the archive
            attempts += [["apt-get", "update"], attempts[0]]
        for attempt in attempts:
            got = subprocess.run(attempt, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        files = list(pathlib.Path(folder).glob("*.deb"))
        if not files:
            raise NoMachine(f"cannot download {package}: {' '.join(got.stderr.split())[-200:]}")
        run("dpkg-deb", "-x", str(files[0]), str(into))


def kernel_package():
    """The package that linux-image-amd64 stands for at the moment."""
    for update in (False, True):
        if update and os.geteuid() == 0:
            subprocess.run(["apt-get", "update"], stdin=subprocess.DEVNULL, capture_output=True)
        shown = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True).stdout
        found = re.search(r"Depends: (linux-image-\d\S*)", shown)
        if found:
            return found.group(1)
    raise NoMachine("Debian's archive is not known here: no package linux-image-amd64")


class Archive:
    """A cpio archive as the kernel unpacks it at its start: Documentation/driver-api/early-userspace/buffer-format."""

    def __init__(self):
        self.bytes = bytearray()
        self.count = 0

    def add(self, name, content=None, mode=0o100755):
        if content is None:
            content, mode = b"", 0o040755
        self.count += 1
        encoded = name.encode() + b"\0"
        fields = [self.count, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0]
        self.bytes += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self.bytes += b"\0" * (-len(self.bytes) % 4) + content
        self.bytes += b"\0" * (-len(self.bytes) % 4)

    def finished(self):
        self.add("TRAILER!!!", b"", 0)
        return bytes(self.bytes) + b"\0" * (-len(self.bytes) % 512)


def prepare(cache):
    """Fills the cache, once: kernel, lib/modules, initrd. Who comes meanwhile waits."""
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = cache / "ready"
        if not ready.exists() or ready.read_text() != LAYOUT:
            fill(cache)
            ready.write_text(LAYOUT)


def fill(cache):
    for old in cache.iterdir():
        if old.name != "lock":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    package = kernel_package()
    print(f"vm: fetching {package} and busybox-static into {cache}, once", file=sys.stderr)
    download(package, cache / "kernel")
    download("busybox-static", cache / "busybox")
    modules = next((cache / "kernel/lib/modules").iterdir())
    for folder in UNNEEDED:  # most of 400 MB
        shutil.rmtree(modules / "kernel" / folder, ignore_errors=True)
    run("depmod", "-b", str(cache / "kernel"), modules.name)
    files = []
    for module in MODULES:
        shown = run("modprobe", "-d", str(cache / "kernel"), "-S", modules.name, "--show-depends", module)
        files += [line.split()[1] for line in shown.splitlines() if line.startswith("insmod ")]
    archive = Archive()
    for folder in ["bin", "modules", "proc", "sys", "dev", "lower", "upper", "new", "keep", "keep2"]:
        archive.add(folder)
    archive.add("bin/busybox", next((cache / "busybox").glob("*bin/busybox")).read_bytes())
    archive.add("init", INIT.encode())
    for number, file in enumerate(dict.fromkeys(files)):
        archive.add(f"modules/{number:02}", pathlib.Path(file).read_bytes())
    (cache / "initrd").write_bytes(archive.finished())
    shutil.move(next((cache / "kernel/boot").glob("vmlinuz-*")), cache / "vmlinuz")


def qemu(cache, initrd, console, kvm):
    accelerator = ["-enable-kvm", "-cpu", "host"] if kvm else ["-accel", "tcg,thread=multi", "-cpu", "max"]
    return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", *accelerator,
            "-m", "2048", "-smp", str(max(2, min(4, os.cpu_count() or 2))),
            "-kernel", str(cache / "vmlinuz"), "-initrd", str(initrd), "-serial", f"file:{console}",
            "-append", "console=ttyS0 loglevel=4 panic=-1 reboot=t tsc=reliable no_timer_check mitigations=off "
                       "cgroup_no_v1=all rdinit=/init"]


def has_kvm(cache):
    """Some machines have /dev/kvm and still cannot run such a kernel by it: so it is tried, once."""
    answer = cache / f"kvm-{os.uname().release}"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    if not answer.exists():
        console = cache / "kvm.console"
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(qemu(cache, cache / "initrd", console, True), stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=10)
        works = console.exists() and "vm: init" in console.read_text(errors="replace")
        answer.write_text("yes" if works else "no")
    return answer.read_text() == "yes"


def show_while_it_runs(line, output, seconds):
    """Copies a file that the machine writes to our output. False: it had to be stopped."""
    deadline = time.monotonic() + seconds
    with subprocess.Popen(line, stdin=subprocess.DEVNULL) as machine, open(output, "rb") as file:
        try:
            while True:
                ended = machine.poll() is not None  # before the last look
                sys.stdout.buffer.write(file.read())
                sys.stdout.buffer.flush()
                if ended or time.monotonic() > deadline:
                    return ended
                time.sleep(0.1)
        finally:
            machine.kill()


def boot(cache, directory, command, seconds, systemd, result):
    kvm = has_kvm(cache)
    with tempfile.TemporaryDirectory(prefix="run.", dir=cache) as folder:
        folder = pathlib.Path(folder)
        own = Archive()
        own.add("settings", f"DIR={shlex.quote(str(directory))}\nSYSTEMD={int(systemd)}\n"
                            f"LIB_MODULES={shlex.quote(str(cache / 'kernel/lib/modules'))}\n".encode())
        text = f"cd {shlex.quote(str(directory))} || exit 125\n"
        text += "export HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
        text += f"export DUMMYNET_EMULATED={0 if kvm else 1}\n"
        text += f"export VM_RESULT=$(echo /dev/vport*p{PORTS.index('result') + 1})\n"
        text += f"exec {shlex.join(command)}\n"
        own.add("main", ("cat >/run/command <<'END_OF_COMMAND'\n" + text + "END_OF_COMMAND\n").replace(
            "cat >", "/run/busybox cat >", 1).encode() + (SERVICE_MAIN if systemd else MAIN).encode())
        (folder / "initrd").write_bytes((cache / "initrd").read_bytes() + own.finished())
        line = qemu(cache, folder / "initrd", folder / "console", kvm)
        line += ["-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
                 "-device", "virtio-9p-pci,fsdev=root,mount_tag=root", "-device", "virtio-serial-pci",
                 "-device", "virtio-rng-pci"]
        for port in PORTS:
            line += ["-chardev", f"file,id={port},path={folder / port}",
                     "-device", f"virtserialport,chardev={port},name={port}"]
            (folder / port).touch()
        begin = time.monotonic()
        if not show_while_it_runs(line, folder / "output", seconds):
            print(f"vm: stopped after {seconds} s", file=sys.stderr)
            return TIMED_OUT
        took = time.monotonic() - begin
        status = (folder / "status").read_text().strip()
        if not status:
            print((folder / "console").read_text(errors="replace")[-3000:], file=sys.stderr)
            print("vm: it ended without a result; above the end of its console", file=sys.stderr)
            return 125
        print(f"vm: {'KVM' if kvm else 'emulated'}, {took:.0f} s", file=sys.stderr)
        if result and (folder / "result").stat().st_size > 0:
            shutil.copyfile(folder / "result", result)
        return int(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", default="build/vm", help="default: build/vm")
    parser.add_argument("--dir", default=".", metavar="DIR")
    parser.add_argument("--timeout", type=int, default=600, metavar="SECONDS")
    parser.add_argument("--systemd", action="store_true",
                        help="boot this machine's systemd; COMMAND is a service with a delegated cgroup")
    parser.add_argument("--result", metavar="FILE")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    try:
        if os.uname().machine != "x86_64":
            raise NoMachine(f"only known how on x86_64, this is {os.uname().machine}")
        for program in ["qemu-system-x86_64", "depmod", "modprobe", "apt-get", "dpkg-deb"]:
            if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
                raise NoMachine(f"{program} is not installed (./dev setup vm)")
        if arguments.systemd and not os.path.exists("/lib/systemd/systemd"):
            raise NoMachine("systemd is not installed (./dev setup vm)")
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        cache = pathlib.Path(arguments.cache).resolve()
        prepare(cache)
    except NoMachine as reason:
        print(f"vm: Skipped\nno virtual machine: {reason}\n")
        sys.exit(SKIPPED)
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    sys.exit(boot(cache, pathlib.Path(arguments.dir).resolve(), command or ["true"], arguments.timeout,
                  arguments.systemd, arguments.result))


if __name__ == "__main__":
    main()
