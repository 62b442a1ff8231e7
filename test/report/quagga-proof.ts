import type { Proof } from '../../pipeline/formats/proof.ts';

export const ESC = String.fromCodePoint(0x1b);
const EVIL = `<script>alert("1")</script>${ESC}[2Jgone\u202e & 'so'`;

/** A proof with every verdict, and a guest that says what it should not. */
export const PROOF: Proof = {
  format: 1,
  image: 'quagga',
  version: '7.3',
  file: { name: 'quagga.vhd', bytes: 3 * 2 ** 20, sha256: 'ab'.repeat(32), sha256After: 'ab'.repeat(32) },
  passed: false,
  seconds: 201.4,
  host: { accelerator: 'tcg', cpus: 2, memoryMiB: 700, node: '20.0.0', network: 'tap' },
  boots: [{ scenario: 'first', kernelSeconds: 3.25, initSeconds: 6, readySeconds: 17.04 }],
  claims: [
    {
      name: 'dry-hull',
      promise: 'The hull is dry.',
      scenario: 'first',
      tried: 'by hand',
      verdict: 'passed',
      reason: '',
      seconds: 1,
      facts: [
        { fits: true, text: 'sand is dry' },
        { fits: true, text: 'so is the rope' },
      ],
    },
    {
      name: 'tight-hatches',
      promise: EVIL,
      scenario: 'full',
      tried: EVIL,
      verdict: 'failed',
      reason: '',
      seconds: 2,
      facts: [
        { fits: true, text: 'one is tight' },
        { fits: false, text: EVIL },
      ],
    },
    {
      name: 'wind',
      promise: 'There is wind.',
      scenario: 'first',
      tried: 'a flag',
      verdict: 'not tried',
      reason: 'no flag here',
      seconds: 0,
      facts: [],
    },
    {
      name: 'rudder',
      promise: 'It turns.',
      scenario: 'first',
      tried: 'turned',
      verdict: 'bug',
      reason: `TypeError: ${EVIL}\n    at helm`,
      seconds: 0,
      facts: [],
    },
  ],
};
