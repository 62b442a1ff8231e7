/**
 * A network namespace of our own. A user namespace around it gives the right to make one, also to ordinary users; root
 * takes the same way. It lasts as long as somebody is in it: its holder, which ends with us however we end, and
 * programs that do the same.
 */
import type { Environment } from '../environment.ts';
import { holdProcess } from '../run.ts';
import type { Namespace } from './place.ts';

export interface HeldNamespace extends Namespace {
  end(): Promise<void>;
}

/** Throws ProcessFailure where the kernel makes no such namespaces for the caller. */
export async function openNamespace({
  environment,
  signal,
}: {
  environment: Pick<Environment, 'path'>;
  signal: AbortSignal;
}): Promise<HeldNamespace> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const held = holdProcess([...HOLDER], {
      env: { PATH: environment.path },
      title: ['unshare', '--user', '--map-root-user', '--net'],
      onLine: line => {
        if (/^[0-9]+$/.test(line)) resolve({ join: argv => joinArgv(Number(line), argv), end: () => held.end() });
      },
    });
    held.ended.then(() => reject(new Error('the holder of a namespace ended early')), reject);
    signal.addEventListener('abort', held.stop, { once: true });
  });
}

/**
 * Says its process id, by which others join, and stays until its stdin ends. What stands in the namespace is a router to
 * its neighbours: systemd-networkd drops a default route whose router does not say that it forwards (RFC 4861, 7.2.5).
 */
const HOLD = 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding && echo $$ && exec cat >/dev/null';
const HOLDER = ['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', HOLD] as const;

/** nsenter(1) must not call setgroups(2), which the namespace of an ordinary user forbids. */
export function joinArgv(holder: number, argv: readonly string[]): string[] {
  return ['nsenter', '--target', String(holder), '--user', '--net', '--preserve-credentials', ...argv];
}
