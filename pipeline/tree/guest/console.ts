/** Who gets a shell on the consoles: nobody, or the user without being asked. Pure. */
import type { Switch } from '../../formats/declaration.ts';

const GETTY = ['getty@.service', 'serial-getty@.service', 'console-getty.service', 'autovt@.service'] as const;

export function consoleUnits(console: Switch): { enable: string[]; mask: string[] } {
  return console === 'on'
    ? { enable: ['getty@tty1.service', 'serial-getty@ttyS0.service'], mask: [] }
    : { enable: [], mask: [...GETTY] };
}

/** Path -> text. `-o` keeps agetty from asking for a name; see agetty(8). */
export function consoleFiles(console: Switch, user: string): Record<string, string> {
  // Units are masked; the generator would only spend time.
  if (console === 'off') return {};
  const login = (line: string): string =>
    `[Service]\nExecStart=\nExecStart=-/usr/sbin/agetty --noreset --noclear --autologin ${user} ${line}\n`;
  return {
    '/usr/lib/systemd/system/getty@.service.d/caisson.conf': login('- ${TERM}'),
    '/usr/lib/systemd/system/serial-getty@.service.d/caisson.conf': login(
      '--keep-baud 115200,57600,38400,9600 - ${TERM}',
    ),
  };
}
