/** Arguments of ssh(1) for a guest whose host keys are known from its console. Pure. */
import { WORK } from './place.ts';

/** What the guest is called in known_hosts, whatever address it has. */
export const HOST_ALIAS = 'caisson-guest';
export const KNOWN_HOSTS = 'known_hosts';
/** Where the programs see the key and the certificate that the caller named. */
export const KEY = '/mnt/key';
export const CERTIFICATE = '/mnt/certificate';

export interface Target {
  user: string;
  address: string;
  port: number;
  /** Address that the connection comes from; null leaves it to the kernel. */
  source: string | null;
}

export interface SshOptions {
  key: boolean;
  certificate: boolean;
  /** Put before all others: of an option given twice, ssh takes the first. */
  extra: readonly string[];
}

/** "ssh … user@address", to which a command may be appended. */
export function sshArgv({ user, address, port, source }: Target, { key, certificate, extra }: SshOptions): string[] {
  return [
    'ssh',
    ...extra,
    '-F',
    'none',
    '-p',
    String(port),
    ...(source === null ? [] : ['-b', source]),
    ...option(`UserKnownHostsFile=${WORK}/${KNOWN_HOSTS}`),
    ...option('GlobalKnownHostsFile=none'),
    ...option('StrictHostKeyChecking=yes'),
    ...option(`HostKeyAlias=${HOST_ALIAS}`),
    ...option('UpdateHostKeys=no'),
    ...option('IdentitiesOnly=yes'),
    ...option(`IdentityFile=${key ? KEY : 'none'}`),
    ...(certificate ? option(`CertificateFile=${CERTIFICATE}`) : []),
    ...option('ConnectTimeout=60'),
    ...option('ServerAliveInterval=15'),
    ...option('ServerAliveCountMax=8'),
    `${user}@${address}`,
  ];
}

/** A connection that others go through, for as long as its stdin is open; it says CONNECTED when it stands. */
export function masterArgv(target: Target, socket: string): string[] {
  const extra = ['-M', '-S', `${WORK}/${socket}`, ...option('ControlPersist=no'), ...option('BatchMode=yes')];
  return [
    ...sshArgv(target, { key: true, certificate: false, extra: [...extra, '-T', ...option('IdentityAgent=none')] }),
    `echo ${CONNECTED}; exec cat >/dev/null`,
  ];
}

export const CONNECTED = 'caisson-connected';

/** A command through such a connection, and through nothing else: where it is gone, ssh would make one of its own. */
export function throughArgv({ user, address }: Target, socket: string, rest: readonly string[]): string[] {
  const alone = [...option('ProxyCommand=false'), ...option('ControlMaster=no')];
  return [
    'ssh',
    '-F',
    'none',
    '-T',
    '-S',
    `${WORK}/${socket}`,
    ...alone,
    ...rest.slice(0, -1),
    `${user}@${address}`,
    ...rest.slice(-1),
  ];
}

/** Text of a known_hosts file: sshd(8). */
export function knownHosts(keys: readonly string[]): string {
  return keys.map(key => `${HOST_ALIAS} ${key}\n`).join('');
}

/**
 * The command that runs the script on its stdin as root. The text is read as a whole first, so that no program in it
 * can swallow the rest; what stands in a process list is this line alone.
 */
export const ROOT_SHELL = `sudo -n sh -c 'script=$(cat); eval "$script"' sh`;

function option(text: string): string[] {
  return ['-o', text];
}
