/** A web server beside the machine, for what machines fetch: nginx, with a certificate made for this, over TLS. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BuildFault } from '../fault.ts';
import type { Network } from './network.ts';
import { WORK, type Place } from './place.ts';

export interface WebServer {
  /** `https://ADDRESS`, without a slash at the end. */
  url: string;
  /** PEM text of the certificate that a client must trust. */
  certificate: string;
  stop(): Promise<void>;
}

const [KEY, CERTIFICATE, CONFIGURATION, PID] = ['web.key', 'web.crt', 'web.conf', 'web.pid'];
const START_SECONDS = 30;

/** Serves the folder `folder` of the machine's scratch folder, ranges too. Throws BuildFault when it does not start. */
export async function serveFolder(
  { network, folder }: { network: Network; folder: string },
  { scratch, signal }: Place,
): Promise<WebServer> {
  const { v4 } = await network.take();
  const at = (name: string): string => `${WORK}/${name}`;
  const made = await network.run(requestArgv({ key: at(KEY), certificate: at(CERTIFICATE), address: v4 }), signal);
  if (made.exitCode !== 0) throw new BuildFault(`no certificate for a web server: ${made.stderr.trim()}`);
  await writeFile(path.join(scratch, CONFIGURATION), configuration(v4, folder));
  const over = new AbortController();
  // -e: the log of what happens before the configuration is read.
  const argv = ['nginx', '-e', 'stderr', '-p', WORK, '-c', at(CONFIGURATION)];
  const ended = network.run(argv, AbortSignal.any([signal, over.signal])).then(
    ({ stderr }) => stderr.trim(),
    () => 'it was stopped',
  );
  const stop = async (): Promise<void> => {
    over.abort();
    await ended;
  };
  for (const end = performance.now() + START_SECONDS * 1000; performance.now() < end;) {
    const said = await Promise.race([ended, delay(100).then(() => null)]);
    if (said !== null) throw new BuildFault(`nginx does not run: ${said}`);
    if ((await readFile(path.join(scratch, PID), 'utf8').catch(() => '')) !== '')
      return { url: `https://${v4}`, certificate: await readFile(path.join(scratch, CERTIFICATE), 'utf8'), stop };
  }
  await stop();
  throw new BuildFault(`nginx did not start within ${START_SECONDS} s`);
}

/** A certificate of its own authority, by the address alone: nobody asks for names here. See openssl-req(1). */
function requestArgv({ key, certificate, address }: { key: string; certificate: string; address: string }): string[] {
  const request = ['openssl', 'req', '-config', '/dev/null', '-new', '-x509', '-newkey', 'rsa:2048', '-noenc'];
  const extensions = [`subjectAltName=IP:${address}`, 'basicConstraints=critical,CA:TRUE'];
  const files = ['-keyout', key, '-out', certificate];
  return [
    ...request,
    '-subj',
    `/CN=${address}`,
    '-days',
    '36500',
    ...extensions.flatMap(each => ['-addext', each]),
    ...files,
  ];
}

/** One process that stays in front, as the one user there is, and writes below WORK alone. */
export function configuration(address: string, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(each => `  ${each}_temp_path ${WORK}/web-${each};\n`)
    .join('');
  return `daemon off;
master_process off;
user root;
pid ${WORK}/${PID};
error_log stderr;
events {}
http {
  access_log off;
${temporary}  server {
    listen ${address}:443 ssl;
    ssl_certificate ${WORK}/${CERTIFICATE};
    ssl_certificate_key ${WORK}/${KEY};
    root ${WORK}/${folder};
  }
}
`;
}
