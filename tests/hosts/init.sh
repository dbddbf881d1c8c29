#!/bin/bash
# The first process of a host, inside its new namespaces: makes the host's own tree of files and stays until it is killed.
#   init.sh ROOT NAME SHARED...    ROOT: the host's own files; SHARED: paths of the machine that the host sees, at the same place
set -eu
root=$1 name=$2
shift 2
hostname "$name"
mount --make-rprivate /
mount --bind "$root" "$root"
for entry in bin sbin lib lib32 lib64 libx32 usr etc sys dev; do
  if [ -h "/$entry" ]; then
    ln -sfn "$(readlink "/$entry")" "$root/$entry"
  elif [ -d "/$entry" ]; then
    mkdir -p "$root/$entry"
    mount --rbind "/$entry" "$root/$entry"
  fi
done
for entry in usr etc; do mount -o remount,bind,ro "$root/$entry"; done
mkdir -p "$root"/{home,opt,ssd,root/.ssh,run/sshd,var/log,var/tmp,tmp,proc,old}
chmod 700 "$root/root" "$root/root/.ssh"
chmod 1777 "$root/tmp" "$root/var/tmp"
for file in hosts shadow; do mount --bind "$root/run/$file" "$root/etc/$file"; done
for path in "$@"; do
  mkdir -p "$root$path"
  mount --rbind "$path" "$root$path"
done
mount -t proc proc "$root/proc"
# A machine of its own has been started at a time of its own.
cat "$root/proc/sys/kernel/random/uuid" >"$root/run/boot_id"
mount --bind "$root/run/boot_id" "$root/proc/sys/kernel/random/boot_id"
cd "$root"
pivot_root . old
umount -l /old
cd /root
touch /run/up
# bash takes the ends of processes nobody else waits for.
exec bash -c 'sleep infinity & wait' </dev/null >/dev/null 2>&1
