import { expect, test } from 'vitest';
import { mergedPath } from '../../pipeline/debian/merged-usr.ts';

test.each([
  ['/bin/furl', '/usr/bin/furl'],
  ['/sbin/reef', '/usr/sbin/reef'],
  ['/lib/modules/6/x.ko', '/usr/lib/modules/6/x.ko'],
  ['/lib64/ld.so', '/usr/lib64/ld.so'],
  ['/usr/bin/furl', '/usr/bin/furl'],
  ['/etc/bin/x', '/etc/bin/x'],
  ['/library/x', '/library/x'],
  ['/bin', '/bin'],
])('%s is %s', (path, merged) => expect(mergedPath(path)).toBe(merged));
