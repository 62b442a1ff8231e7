import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import type { Declaration } from '../formats/declaration.ts';

/** The first of these that the image has is changed: nobody's work depends on them. */
const FILES = ['/etc/issue', '/etc/issue.net', '/etc/debian_version', '/etc/protocols', '/etc/services'];

export const overlayReport = claim({
  name: 'overlay-report',
  promise: () => '`caisson overlay-report` lists files of the upper layers that hide files of the image.',
  tried:
    'a file of the image changed, once newer than the image and once older; a new file made; the report read each time',
  applies: keepsEtc,
  prove: async ({ machine }) => {
    const answers = await ask(
      machine,
      `for each in ${FILES.join(' ')}; do [ -f "$each" ] && file=$each && break; done; say file "$file"
cp -p "$file" /run/caisson-prove-kept
say before "$(caisson overlay-report 2>&1)"
echo '# changed' >>"$file"; : >/etc/caisson-prove-new
say newer "$(caisson overlay-report 2>&1)"
touch -d 1999-12-31 "$file" /etc/caisson-prove-new
say older "$(caisson overlay-report 2>&1)"
cat /run/caisson-prove-kept >"$file"; touch -r /run/caisson-prove-kept "$file"; rm -f /run/caisson-prove-kept /etc/caisson-prove-new`,
    );
    const file = answers.one('file');
    const lists = (key: string): boolean => answers.one(key).includes(file);
    const stray = answers.one('older').includes('caisson-prove-new');
    return [
      fact(!lists('before'), `as it was, ${file} is ${lists('before') ? 'LISTED' : 'not listed'}`),
      fact(!lists('newer'), `newer than the image, it is ${lists('newer') ? 'LISTED' : 'not listed'}`),
      fact(
        lists('older'),
        lists('older') ? 'older, it is listed' : `older, it is NOT listed: ${answers.one('older').slice(0, 80)}`,
      ),
      fact(!stray, `a file that hides none is ${stray ? 'LISTED' : 'not listed'}`),
    ];
  },
});

/** All of /etc may be changed, and stays so. */
export function keepsEtc({ overlays }: Pick<Declaration, 'overlays'>): boolean {
  return overlays?.entries.some(each => each.path === '/etc' && each.mode === 'full') === true;
}
