// Quantities with their units, short.

export function durationText(ms: number): string {
  if (ms < 1) return `${Math.max(ms, 0).toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const byteUnits = ["B", "KB", "MB", "GB", "TB", "PB"];

/** In powers of 1024, as memory and disks are told by operating systems. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${byteUnits[unit]}`;
}

export function clockText(time: Date): string {
  return time.toLocaleTimeString([], { hour12: false });
}
