import { describe, expect, test } from 'vitest';
import { compareSnapshots } from '../../pipeline/formats/difference.ts';
import { differenceHtml } from '../../pipeline/report/difference-html.ts';
import { differenceMarkdown } from '../../pipeline/report/difference-markdown.ts';
import { drawDifference } from '../../pipeline/report/difference.ts';
import { outsideLinks, unclosedTags } from './html.ts';
import { voyage } from './voyage-difference.ts';
import { columnsOf } from '../../pipeline/report/text.ts';
import { fileOf, snapshotOf } from '../formats/difference/snapshots.ts';

const nothing = compareSnapshots(snapshotOf(), snapshotOf());
const crowd = compareSnapshots(
  snapshotOf(),
  snapshotOf({ files: Array.from({ length: 2100 }, (_, i) => fileOf(`/crew/${String(i).padStart(4, '0')}`)) }),
);
const hostile = compareSnapshots(
  snapshotOf({ name: '<i>old', packages: '<b>no</b> *record*' }),
  snapshotOf({ name: 'a|b_c', files: [fileOf('/x|`y``z<script>alert(1)</script>\u001b[31m\nnext')] }),
);

describe('terminal', () => {
  test('80 columns', () => {
    const text = drawDifference(voyage, { width: 80, color: false });
    expect(Math.max(...text.split('\n').map(columnsOf))).toBeLessThanOrEqual(80);
    expect(text).toMatchInlineSnapshot(`
      "galleon-1 -> galleon-2

      Image  3 changed
                    old            new
      ~  version    galleon 4.5.6  galleon 4.6.0
      ~  root hash  aa11           bb22
      ~  file       9 MiB          10 MiB

      Packages  1 changed, 1 new, 1 gone
         package  old    new    manifests
      ~  oak      1.0-1  1.1-1  hull, mast
      +  pine            5      hull
      -  tar      2             hull

      Setuid and setgid files  1 new
         path            old  new
      +  /usr/bin/hoist       4755 0:0

      Units  1 changed
         unit          old          new
      ~  sail.service  not enabled  masked

      Firewall  1 changed
         what    old     new
      ~  output  accept  drop

      Command line  1 new, 1 gone
         old    new      profiles
      +         panic=5  a
      -  quiet           a

      Kernel configuration  1 changed
         option       old  new
      ~  CONFIG_MAST  m    y

      Users and groups  1 changed
         name   old                       new
      ~  bosun  uid 7, gid 8, /, /bin/sh  uid 7, gid 8, /, /bin/bash

      Partitions  1 changed
         partition    size  old used  new used  change    free
      ~  RootFSA    64 MiB    40 MiB    43 MiB  +3 MiB  21 MiB

      EFI programs  1 changed
         program                      old              new
      ~  BootA:/slot.efi  abcdef01 18 MiB  0123abcd 18 MiB

      Files  2 changed, 2 new, 1 gone
         path                           what                              old      new
      ~  /bin                           -> usr/sbin, was usr/bin
      ~  /etc/keel                      content, 0644 -> 0600, 0:0 ->…  900 B  2.0 KiB
      -  /etc/log                       0644                              7 B
      +  /etc/systemd/system/sail.ser…  -> /dev/null
      +  /usr/bin/hoist                 4755                                       7 B

      Files of the initrd  1 changed
         path   what     old  new
      ~  /init  content       7 B"
    `);
  });

  test('long lists are cut, and it is told where all of them are', () => {
    const lines = drawDifference(crowd, { width: 80, color: false }).split('\n');
    expect(lines.filter(line => line.startsWith('+'))).toHaveLength(20);
    expect(lines).toContain('   and 2080 more (--json has all)');
  });

  test('nothing differs; what is not known is said', () => {
    expect(drawDifference(nothing, { width: 80, color: false })).toBe(
      'galleon -> galleon\n\nThey are the same.\n\nImage\nKernel configuration: not known; releases have it, and images with\n/boot/config-*.',
    );
    expect(drawDifference(hostile, { width: 80, color: false })).toContain('Packages\nnot known: <b>no</b> *record*');
  });

  test('no control character of an image gets to the terminal', () => {
    const text = drawDifference(hostile, { width: 200, color: false });
    expect(text).not.toContain('\u001b');
    expect(text).toContain('/x|`y``z<script>alert(1)</script> next');
  });
});

describe('Markdown', () => {
  test('calls two of one version as their user does, without folders where that is enough', () => {
    const title = (old: string, next: string): string =>
      differenceMarkdown(compareSnapshots(snapshotOf({ name: old }), snapshotOf({ name: next }))).split('\n')[0] ?? '';
    expect(title('/srv/a/galleon.vhdx', 'out/sloop/')).toBe('## galleon.vhdx → sloop');
    expect(title('a/galleon', 'b/galleon')).toBe('## a/galleon → b/galleon');
  });

  test('tables of GitHub', () => {
    expect(differenceMarkdown(voyage)).toMatchInlineSnapshot(`
      "## galleon 4.5.6 → galleon 4.6.0

      ### Image: 3 changed

      |  |  | old | new |
      | --- | --- | --- | --- |
      | changed | \`version\` | \`galleon 4.5.6\` | \`galleon 4.6.0\` |
      | changed | \`root hash\` | \`aa11\` | \`bb22\` |
      | changed | \`file\` | \`9 MiB\` | \`10 MiB\` |

      ### Packages: 1 changed, 1 new, 1 gone

      |  | package | old | new | manifests |
      | --- | --- | --- | --- | --- |
      | changed | \`oak\` | \`1.0-1\` | \`1.1-1\` | \`hull, mast\` |
      | new | \`pine\` |  | \`5\` | \`hull\` |
      | gone | \`tar\` | \`2\` |  | \`hull\` |

      ### Setuid and setgid files: 1 new

      |  | path | old | new |
      | --- | --- | --- | --- |
      | new | \`/usr/bin/hoist\` |  | \`4755 0:0\` |

      ### Units: 1 changed

      |  | unit | old | new |
      | --- | --- | --- | --- |
      | changed | \`sail.service\` | \`not enabled\` | \`masked\` |

      ### Firewall: 1 changed

      |  | what | old | new |
      | --- | --- | --- | --- |
      | changed | \`output\` | \`accept\` | \`drop\` |

      ### Command line: 1 new, 1 gone

      |  | old | new | profiles |
      | --- | --- | --- | --- |
      | new |  | \`panic=5\` | \`a\` |
      | gone | \`quiet\` |  | \`a\` |

      ### Kernel configuration: 1 changed

      |  | option | old | new |
      | --- | --- | --- | --- |
      | changed | \`CONFIG_MAST\` | \`m\` | \`y\` |

      ### Users and groups: 1 changed

      |  | name | old | new |
      | --- | --- | --- | --- |
      | changed | \`bosun\` | \`uid 7, gid 8, /, /bin/sh\` | \`uid 7, gid 8, /, /bin/bash\` |

      ### Partitions: 1 changed

      |  | partition | size | old used | new used | change | free |
      | --- | --- | ---: | ---: | ---: | ---: | ---: |
      | changed | \`RootFSA\` | \`64 MiB\` | \`40 MiB\` | \`43 MiB\` | \`+3 MiB\` | \`21 MiB\` |

      ### EFI programs: 1 changed

      |  | program | old | new |
      | --- | --- | ---: | ---: |
      | changed | \`BootA:/slot.efi\` | \`abcdef01 18 MiB\` | \`0123abcd 18 MiB\` |

      ### Files: 2 changed, 2 new, 1 gone

      |  | path | what | old | new |
      | --- | --- | --- | ---: | ---: |
      | changed | \`/bin\` | \`-> usr/sbin, was usr/bin\` |  |  |
      | changed | \`/etc/keel\` | \`content, 0644 -> 0600, 0:0 -> 7:0\` | \`900 B\` | \`2.0 KiB\` |
      | gone | \`/etc/log\` | \`0644\` | \`7 B\` |  |
      | new | \`/etc/systemd/system/sail.service\` | \`-> /dev/null\` |  |  |
      | new | \`/usr/bin/hoist\` | \`4755\` |  | \`7 B\` |

      ### Files of the initrd: 1 changed

      |  | path | what | old | new |
      | --- | --- | --- | ---: | ---: |
      | changed | \`/init\` | \`content\` |  | \`7 B\` |
      "
    `);
  });

  test('names cannot become markup, nor end a cell', () => {
    const text = differenceMarkdown(hostile);
    expect(text).toContain(String.raw`## \<i\>old → a\|b\_c`);
    expect(text).toContain(String.raw`not known: \<b\>no\</b\> \*record\*`);
    expect(text).toContain('``` /x\\|`y``z<script>alert(1)</script> next ```');
  });

  test('long lists are cut', () => {
    const text = differenceMarkdown(crowd);
    expect(text.match(/^\| new \|/gm)).toHaveLength(50);
    expect(text).toContain('and 2050 more (--json has all)\n');
  });
});

describe('HTML', () => {
  test('one file: fetches nothing, runs nothing, takes no markup', () => {
    const text = differenceHtml(hostile);
    expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(text).not.toMatch(/<script|<img|https?:|url\(|<i>|<b>no/);
    expect(text).toContain('&lt;script&gt;alert(1)');
    expect(outsideLinks(text)).toEqual([]);
    expect(unclosedTags(text)).toEqual([]);
  });

  test('every section that has something, and a link to each', () => {
    const text = differenceHtml(voyage);
    const titles = Array.from(text.matchAll(/<h2 [^>]*>([^<]+) <span class="note">([^<]*)</g), ([, title, counts]) => [
      title,
      counts,
    ]);
    expect(titles).toEqual([
      ['Image', '3 changed'],
      ['Packages', '1 changed, 1 new, 1 gone'],
      ['Setuid and setgid files', '1 new'],
      ['Units', '1 changed'],
      ['Firewall', '1 changed'],
      ['Command line', '1 new, 1 gone'],
      ['Kernel configuration', '1 changed'],
      ['Users and groups', '1 changed'],
      ['Partitions', '1 changed'],
      ['EFI programs', '1 changed'],
      ['Files', '2 changed, 2 new, 1 gone'],
      ['Files of the initrd', '1 changed'],
    ]);
    const targets = Array.from(text.matchAll(/href="#([^"]+)"/g), ([, target]) => target);
    expect(targets).toHaveLength(titles.length);
    for (const target of targets) expect(text).toContain(`<section id="${target}" `);
  });

  test('long lists are cut', () => {
    expect(differenceHtml(crowd)).toContain('and 100 more (--json has all)');
  });
});
