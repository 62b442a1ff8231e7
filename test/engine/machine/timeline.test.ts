import { expect, test } from 'vitest';
import { guestClocks, openTimeline } from '../../../pipeline/engine/machine/timeline.ts';

const KEY = `ssh-ed25519 ${Buffer.from('\0\0\0\u000bssh-ed25519\0\0\0\u0004kelp').toString('base64')}`;
const OTHER = `ssh-ed25519 ${Buffer.from('\0\0\0\u000bssh-ed25519\0\0\0\u0004buoy').toString('base64')}`;
const READY = 'caisson: ready: buoy kelp 3 slot B, ssh keeper@192.0.2.7 port 22 (tcp)';

test('times count from power-on or reset, and the last boot is told', () => {
  const clock = { seconds: 100 };
  const timeline = openTimeline(() => clock.seconds);
  const at = (seconds: number, line: string): void => {
    clock.seconds = seconds;
    timeline.see(line);
  };
  expect([timeline.boots, timeline.times.ready]).toEqual([0, null]);
  timeline.begin();
  at(107, '[    0.500000] caisson: slot B, root /dev/sda6');
  at(108, '[    1.500000] more of the kernel');
  at(110, '[    3.500000] systemd[1]: systemd 257 running in system mode');
  at(119, `caisson: host key ${KEY}`);
  at(120, READY);
  at(130, READY);
  expect(timeline.boots).toBe(1);
  expect(timeline.times).toEqual({ kernel: 6.5, init: 10, ready: 20 });
  expect(timeline.hostKeys).toEqual([KEY]);

  clock.seconds = 200;
  timeline.begin();
  expect(timeline.boots).toBe(2);
  expect(timeline.times).toEqual({ kernel: null, init: null, ready: null });
  expect(timeline.hostKeys).toEqual([]);
  for (const line of [`caisson: host key ${OTHER}`, `caisson: host key ${OTHER}`, READY]) at(215, line);
  expect(timeline.times.ready).toBe(15);
  expect(timeline.hostKeys).toEqual([OTHER]);
});

test('what the console did not show is learnt from the clocks of the guest', () => {
  const clock = { seconds: 100 };
  const timeline = openTimeline(() => clock.seconds);
  timeline.begin();
  clock.seconds = 130;
  timeline.learn({ now: 22, init: 4.5 });
  expect(timeline.times).toEqual({ kernel: 8, init: 12.5, ready: null });
  clock.seconds = 140;
  timeline.learn({ now: 31, init: 4.5 });
  expect(timeline.times.kernel).toBe(8);
});

test('the clocks are read out of what the guest printed', () => {
  expect(guestClocks('160.71 201.05\nUserspaceTimestampMonotonic=4500000\n')).toEqual({ now: 160.71, init: 4.5 });
  expect(guestClocks('160.71 201.05\nUserspaceTimestampMonotonic=0\n')).toBe(null);
  expect(guestClocks('sh: systemctl: not found\n')).toBe(null);
});
