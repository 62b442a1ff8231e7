import { expect, test } from 'vitest';
import { drawBundle, type DescribedBundle } from '../../pipeline/report/bundle.ts';

test('a fault of a bundle brings no control characters to the terminal', () => {
  const found: DescribedBundle = {
    compatible: 'buoy',
    version: '7',
    description: '',
    from: null,
    images: [],
    selector: null,
    rootHash: 'ab',
    downgrade: 'refuse',
    certificates: [],
    faults: ['the signature does not hold: by \u001b[2Jnobody\nat all'],
  };
  const lines = drawBundle({ file: 'buoy.raucb', size: 4096, found }, { width: 80, color: false }).split('\n');
  expect(lines.at(-1)).toBe('FAULT: the signature does not hold: by nobody at all');
});
