"""What the disk itself allows: the bytes of the same blocks, written and synced with nothing in between."""
import os
import threading
import time


def _append(path, block, count, times):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        for _ in range(count):
            begin = time.monotonic()
            view = memoryview(block)
            while view:
                view = view[os.write(descriptor, view):]
            os.fdatasync(descriptor)
            times.append(time.monotonic() - begin)
    finally:
        os.close(descriptor)
        os.unlink(path)


def synced_rate(directory, block_bytes, blocks, replicas):
    """Seconds of each block written to `replicas` files at once, each synced before the next block: the median is the
    least a replicated durable append of that block can take."""
    block = os.urandom(block_bytes)
    times = [[] for _ in range(replicas)]
    writers = [
        threading.Thread(target=_append, args=(os.path.join(directory, f"disk-{n}"), block, blocks, times[n]))
        for n in range(replicas)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return [max(block_times) for block_times in zip(*times)]
