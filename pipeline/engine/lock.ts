/**
 * Locks between processes: flock(2), held by a child that ends with us, however we end. Nothing is left to clean up,
 * no age or process id has to be guessed at, and it holds between containers that share a cache.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from './environment.ts';
import { holdProcess, type HeldProcess } from './run.ts';

export interface LockOptions {
  environment: Pick<Environment, 'path'>;
  signal: AbortSignal;
  /** Called when another process has the lock and this one begins to wait for it. */
  onWait: () => void;
}

/**
 * Runs `work` while no other process holds the lock `file`, which is made when it is not there and removed at the end.
 * Whoever was first is waited for, until `signal` fires.
 */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  const held = await holdLock(file, { ...options, mode: 'wait' });
  try {
    return await work();
  } finally {
    await held?.end();
  }
}

/**
 * $1 the file, $2 how: `wait` (alone, the file goes at the end), `try` (alone or not at all), `share`. The file may
 * have been removed by its last holder between open and flock: then the lock is on a file that has no name any more.
 * What it says on stdout is all we hear of it; it holds the lock for as long as its stdin is open.
 */
const HOLDER = `
case "$2" in share) kind=--shared ;; *) kind=--exclusive ;; esac
while :; do
  exec 9>>"$1" || exit 3
  if ! flock $kind --nonblock 9; then
    [ "$2" = try ] && exit 0
    echo waiting
    flock $kind 9 || exit 3
  fi
  [ "$1" -ef /proc/self/fd/9 ] && break
done
echo held
cat >/dev/null
[ "$2" != wait ] || rm -f "$1"
`;

/** Null when `try` found another holder. Until the lock is held, `signal` ends the wait. */
export async function holdLock(
  file: string,
  { environment, signal, onWait, mode }: LockOptions & { mode: 'wait' | 'try' | 'share' },
): Promise<HeldProcess | null> {
  signal.throwIfAborted();
  let waiting = false;
  return new Promise((resolve, reject) => {
    const settle = (settled: () => void): void => {
      signal.removeEventListener('abort', abort);
      settled();
    };
    const held = holdProcess(['sh', '-c', HOLDER, 'sh', file, mode], {
      env: { PATH: environment.path },
      title: ['flock', file],
      onLine: line => {
        // It may come once more, when the lock it waited for was on a file that is gone.
        if (line === 'waiting' && !waiting) onWait();
        if (line === 'waiting') waiting = true;
        if (line === 'held') settle(() => resolve(held));
      },
    });
    const abort = (): void => {
      held.stop();
      settle(() => reject(signal.reason as Error));
    };
    signal.addEventListener('abort', abort);
    held.ended.then(
      () => settle(() => resolve(null)),
      error => settle(() => reject(error as Error)),
    );
  });
}
