/** What is worth knowing of an image that was built: nothing is wrong, but somebody may have wanted it otherwise. Pure. */
import type { BuildReport, ReportWarning } from '../../../formats/build-report.ts';
import { roundSize } from '../../../formats/bytes.ts';

/** Shares of what is allowed, and of a partition. */
const NEAR_BUDGET = 0.9;
const LITTLE_ROOM = 0.1;

type Told = Pick<BuildReport, 'image' | 'trust' | 'budgets' | 'headroom' | 'lock' | 'disk'>;

export function reportNotes({ image, trust, budgets, headroom, lock, disk }: Told): ReportWarning[] {
  const tight = budgets.filter(({ limit, found }) => found >= limit * NEAR_BUDGET && limit > 1);
  const full = headroom.filter(({ size, free, reserve }) => free - reserve < size * LITTLE_ROOM);
  const notes: [message: string, hint: string][] = [
    ...tight.map(({ name, limit, found }): [string, string] => [
      `The budget "${name}" is nearly used up: ${sized(name, found)} of ${sized(name, limit)}`,
      'a build that crosses it fails; see `budgets:` of the definition',
    ]),
    ...full.map(({ content, partitions, free, reserve }): [string, string] => [
      `${partitions.join(' and ')} have little room for a larger ${content}: ${roundSize(free)} free${reserve === 0 ? '' : `, ${roundSize(reserve)} of it reserved`}`,
      'the size of a slot never changes on a machine; make it larger in the layout before machines have it',
    ]),
    ...(disk === null ? [] : bootNotes(image, trust)),
    ...(lock === '' ? [NO_LOCK(image)] : []),
  ];
  return notes.map(([message, hint]) => ({ level: 'note', message, hint }));
}

const NO_LOCK = (image: string): [string, string] => [
  'There is no lock file: with another cache, another day may bring newer packages',
  `\`caisson lock ${image}\` makes one`,
];

function bootNotes(image: string, { verifiedBoot, verity, signers }: BuildReport['trust']): [string, string][] {
  const signed = signers.some(({ what }) => what === 'boot programs');
  return [
    ...(verity === null
      ? ([['The root has no hash tree: nothing notices a changed byte of it', 'a step `stage: verity` makes one']] as [
          string,
          string,
        ][])
      : verifiedBoot === 'off'
        ? ([
            [
              'The root is not verified at boot as built (verifiedBoot: off); its hash tree is there',
              `\`caisson verity on ${image}\` switches it on, or write \`verifiedBoot: on\` or \`enforced\``,
            ],
          ] as [string, string][])
        : []),
    ...(signed
      ? []
      : ([
          [
            'What the firmware starts is not signed by you: it boots only where Secure Boot is off',
            'docs/SIGNING.md says how; pipeline/secure.yaml is an example',
          ],
        ] as [string, string][])),
  ];
}

function sized(name: string, value: number): string {
  return ['root', 'image'].includes(name) ? roundSize(value) : String(value);
}
