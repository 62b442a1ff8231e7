import { ask, endOf, quoted } from './ask.ts';
import { claim, fact } from './claim.ts';

/** Kept out of the way on most machines: file systems, protocols and buses that nobody asked for. */
const UNWANTED = [
  'sctp',
  'dccp',
  'rds',
  'tipc',
  'cramfs',
  'hfsplus',
  'udf',
  'usb_storage',
  'firewire_core',
  'bluetooth',
  'n_hdlc',
  'can',
  'atm',
  'appletalk',
  'ax25',
  'ksmbd',
  'nfsd',
  'floppy',
  'kvm',
];

export const modules = claim({
  name: 'modules',
  promise: ({ modules }) =>
    `Of the kernel modules, ${modules?.length ?? 0} that are declared may be loaded, and no others.`,
  tried: `modprobe asked what it bars, of every module of the kernel; ${UNWANTED.length} that nobody asked for loaded for real, and a declared one`,
  applies: ({ modules }) => modules !== null,
  prove: async ({ machine, declaration }) => {
    const declared = new Set((declaration.modules ?? []).map(plain));
    const answers = await ask(
      machine,
      String.raw`
sed -n 's/:.*//; s/.*\///; s/\.ko.*//; s/^/known=/p' "/lib/modules/$(uname -r)/modules.dep"
sed 's/ .*//; s/^/loaded=/' /proc/modules
for each in ${UNWANTED.map(quoted).join(' ')}; do
  if ! grep -q "^$each " /proc/modules; then modprobe --quiet "$each" 2>/dev/null; fi
  grep -q "^$each " /proc/modules && say slipped "$each" || say refused "$each"
done
modprobe --showconfig | sed -n 's/^install \([^ ]*\) \(\/usr\)\{0,1\}\/bin\/\(false\|true\).*/barred=\1/p'
ends loads modprobe ${quoted(declaration.modules?.at(0) ?? 'overlay')}`,
    );
    const known = answers.all('known').map(plain);
    const barred = new Set(answers.all('barred').map(plain));
    const free = known.filter(each => !declared.has(each) && !barred.has(each));
    const strays = answers.all('loaded').filter(each => !declared.has(plain(each)));
    const slipped = answers.all('slipped').filter(each => !declared.has(plain(each)));
    const loads = endOf(answers.one('loads'));
    return [
      fact(
        known.length > 0 && free.length === 0,
        `${known.length} modules in the image${free.length === 0 ? ', all others barred' : `; NOT barred: ${free.slice(0, 12).join(', ')}${free.length > 12 ? ` and ${free.length - 12} more` : ''}`}`,
      ),
      fact(
        slipped.length === 0,
        slipped.length === 0
          ? `${answers.all('refused').length} unwanted ones do not load`
          : `LOADED: ${slipped.join(', ')}`,
      ),
      fact(
        strays.length === 0,
        strays.length === 0
          ? `${answers.all('loaded').length} loaded, all declared`
          : `loaded but NOT declared: ${strays.join(', ')}`,
      ),
      fact(loads.code === 0, `a declared one loads${loads.code === 0 ? '' : `: ${loads.text}`}`),
    ];
  },
});

/** The kernel writes `_` where file names have `-`. */
function plain(name: string): string {
  return name.replaceAll('-', '_');
}
