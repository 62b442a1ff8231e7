import { expect, test } from 'vitest';
import { parseDocument } from '../../pipeline/config/document.ts';
import { signingFaults } from '../../pipeline/config/signing.ts';

test('a disk behind forty steps that each read the one before twice is judged at once', () => {
  const steps = Array.from(
    { length: 40 },
    (_, index) => `  - { id: s${index + 1}, stage: files, inputs: { left: s${index}, right: s${index} } }`,
  );
  const text = [
    'verifiedBoot: enforced',
    'stages:',
    '  - { id: s0, stage: tree }',
    '  - { id: signed, stage: sign }',
    ...steps,
    '  - { id: whole, stage: disk, inputs: { data: s40 } }',
  ].join('\n');
  const { document } = parseDocument(text, 'pipeline/deep.yaml');
  expect(document === null ? null : signingFaults(document)).toEqual([]);
});
