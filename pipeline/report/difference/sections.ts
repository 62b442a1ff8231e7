/** A difference as tables of text, which terminal, Markdown and HTML draw each in its own way. Pure. */
import type { Difference, ImageDifference } from '../../formats/difference.ts';
import { count } from '../text.ts';
import { changedFileRows, partitionRows, programRows } from './file-rows.ts';
import { accountRows, firewallRows, imageRows, markOf, packageRows, setuidRows, unitRows, wordRows } from './rows.ts';
import type { Row, Section } from './section.ts';

const left = (...titles: string[]): Section['columns'] => titles.map(title => ({ title, align: 'left' as const }));
const right = (...titles: string[]): Section['columns'] => titles.map(title => ({ title, align: 'right' as const }));

/** What matters most comes first; sections with nothing to say are left out. */
export function sectionsOf({ packages, image }: Difference): Section[] {
  const known = typeof packages === 'string' ? [] : packageRows(packages);
  const sections: Section[] = [
    ...(image === null ? [] : [aboutImage(image)]),
    {
      title: 'Packages',
      columns: left('package', 'old', 'new', 'manifests'),
      rows: known,
      note: typeof packages === 'string' ? `not known: ${packages}` : '',
    },
    ...(image === null ? [] : imageSections(image)),
  ];
  return sections.filter(({ rows, note }) => rows.length > 0 || note !== '');
}

/** What documents call the two: by name and version, where these differ; else as their user did, without folders. */
export function namesOf({ old, new: next, image }: Difference): { old: string; new: string } {
  const versions = image?.version;
  if (versions?.old != null && versions.new !== null && versions.old !== versions.new)
    return { old: versions.old, new: versions.new };
  const [one, other] = [old, next].map(each => each.replace(/\/+$/, '').split('/').at(-1) ?? each) as [string, string];
  return one === other ? { old, new: next } : { old: one, new: other };
}

/** `3 changed, 1 new, 2 gone`; what there is none of is left out. */
export function countsOf(rows: readonly Row[]): string {
  const words = { '~': 'changed', '+': 'new', '-': 'gone' } as const;
  const parts = (['~', '+', '-'] as const).map(mark => [rows.filter(each => each.mark === mark).length, words[mark]]);
  return parts
    .filter(([number]) => number !== 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ');
}

/** "and 7 more (--json has all)", "and 1 more row (…)"; empty for none. */
export function moreOf(number: number): string {
  return number <= 0 ? '' : `and ${count(number, 'more row').replace('more rows', 'more')} (--json has all)`;
}

function imageSections(image: ImageDifference): Section[] {
  const files = left('path', 'what').concat(right('old', 'new'));
  return [
    {
      title: 'Setuid and setgid files',
      columns: left('path', 'old', 'new'),
      rows: setuidRows(image.setuid),
      note: '',
    },
    { title: 'Units', columns: left('unit', 'old', 'new'), rows: unitRows(image.units), note: '' },
    { title: 'Firewall', columns: left('what', 'old', 'new'), rows: firewallRows(image.firewall), note: '' },
    {
      title: 'Command line',
      columns: left('old', 'new', 'profiles'),
      rows: wordRows(image.commandLines),
      note: '',
    },
    {
      title: 'Kernel configuration',
      columns: left('option', 'old', 'new'),
      rows: (image.kernelConfig ?? []).map(each => ({
        mark: markOf(each),
        cells: [each.option, each.old ?? '', each.new ?? ''],
      })),
      note: '',
    },
    { title: 'Users and groups', columns: left('name', 'old', 'new'), rows: accountRows(image.accounts), note: '' },
    {
      title: 'Partitions',
      columns: left('partition').concat(right('size', 'old used', 'new used', 'change', 'free')),
      rows: partitionRows(image.partitions),
      note: '',
    },
    {
      title: 'EFI programs',
      columns: left('program').concat(right('old', 'new')),
      rows: programRows(image.programs),
      note: '',
    },
    { title: 'Files', columns: files, rows: changedFileRows(image.files), note: '' },
    { title: 'Files of the initrd', columns: files, rows: changedFileRows(image.initrd), note: '' },
  ];
}

function aboutImage(image: ImageDifference): Section {
  return { title: 'Image', columns: left('', 'old', 'new'), rows: imageRows(image), note: kernelNote(image) };
}

function kernelNote({ kernelConfig }: ImageDifference): string {
  return kernelConfig === null
    ? 'Kernel configuration: not known; releases have it, and images with /boot/config-*.'
    : '';
}
