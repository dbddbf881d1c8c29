"""Memory and processor time of the cluster's processes, read from /proc."""
import os

TICKS = os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    """(resident now, highest so far)."""
    now = peak = 0
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                now = int(line.split()[1]) / 1024
            elif line.startswith("VmHWM:"):
                peak = int(line.split()[1]) / 1024
    return now, peak


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Watch:
    """Facts of all processes of a bed between two moments."""

    def __init__(self, bed):
        self.pids = {alias: bed.pid(alias) for alias in bed.ports}
        self.cpu = {alias: cpu_seconds(pid) for alias, pid in self.pids.items() if pid}

    def facts(self):
        out = {}
        for alias, pid in self.pids.items():
            if not pid or not os.path.exists(f"/proc/{pid}"):  # never started, or killed since
                continue
            now, peak = memory_mb(pid)
            out[alias] = {"rss_mb": round(now, 1), "peak_mb": round(peak, 1),
                          "cpu_s": round(cpu_seconds(pid) - self.cpu[alias], 2)}
        return out


def disk_mb(path):
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except OSError:  # files come and go while a node runs
                pass
    return round(total / 1e6)
