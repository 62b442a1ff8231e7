import { expect, test } from 'vitest';
import type { UnitState } from '../../../pipeline/formats/difference/units.ts';
import { compareUnits } from '../../../pipeline/formats/difference/units.ts';
import type { ContentFile } from '../../../pipeline/formats/image-contents.ts';
import { fileOf, linkOf } from './snapshots.ts';

const UNIT = fileOf('/usr/lib/systemd/system/sail.service');
const wanted = (folder: string, by: string): ContentFile =>
  linkOf(`${folder}/systemd/system/${by}.target.wants/sail.service`, '/usr/lib/systemd/system/sail.service');
const MASK = linkOf('/etc/systemd/system/sail.service', '/dev/null');

test.each<[string, ContentFile[], UnitState | undefined]>([
  ['there, and wanted by nobody', [UNIT], { state: 'there', by: [] }],
  ['enabled by who wants it', [UNIT, wanted('/etc', 'wind')], { state: 'enabled', by: ['wind.target'] }],
  [
    'enabled by its maker too',
    [UNIT, wanted('/usr/lib', 'tide'), wanted('/etc', 'anchor')],
    { state: 'enabled', by: ['anchor.target', 'tide.target'] },
  ],
  ['masked, whoever wants it', [UNIT, wanted('/etc', 'wind'), MASK], { state: 'masked', by: [] }],
  ['not there', [fileOf('/usr/lib/systemd/system/sail.service.d/more.conf'), fileOf('/etc/sail.service')], undefined],
])('%s', (_, files, state) => {
  const changes = compareUnits([], files);
  expect(changes).toEqual(
    state === undefined ? [] : [{ unit: 'sail.service', old: { state: 'absent', by: [] }, new: state }],
  );
  expect(compareUnits(files, files)).toEqual([]);
});
