/** Bundles that a machine must not take: refused before anything is written. */
import { claim, type Claim } from './claim.ts';
import { bundleFile, refusedFacts, takesUpdates, type BundleName } from './updates.ts';

const USUAL: Pick<Claim, 'scenario' | 'applies'> = { scenario: 'updating', applies: takesUpdates };

const refused = (name: BundleName, why: RegExp): Pick<Claim, 'prove'> => ({
  prove: async subject => refusedFacts(subject, { command: `caisson update ${bundleFile(name)}`, why }),
});

export const updateOtherKey = claim({
  name: 'update-other-key',
  promise: () => 'An update that is signed by a key the image does not trust is refused.',
  tried: 'the same bundle, signed by a key of the same names that was made for this',
  ...USUAL,
  ...refused('other-key', /signature verification failed/),
});

export const updateExpired = claim({
  name: 'update-expired',
  promise: () => 'An update whose certificate has expired is refused.',
  tried: 'the good bundle, with the clock of the machine behind the end of its certificate',
  ...USUAL,
  prove: async subject => {
    const command = `sh -c 'was=$(date +%s); systemctl stop chrony; date -s 2101-01-01 >/dev/null; caisson update ${bundleFile('good')}; code=$?; date -s "@$was" >/dev/null; systemctl start chrony; exit $code'`;
    return refusedFacts(subject, { command, why: /certificate has expired/ });
  },
});

export const updateOtherCompatible = claim({
  name: 'update-other-compatible',
  promise: ({ updates }) => `An update that is not made for ${updates?.compatible ?? 'this image'} is refused.`,
  tried: 'a bundle with another word for `compatible`, signed by the right key',
  ...USUAL,
  ...refused('other-compatible', /compatible mismatch/i),
});

export const updateLower = claim({
  name: 'update-lower',
  promise: ({ version }) =>
    `An update with a version below ${version} is refused, unless it says, signed, that it may.`,
  tried: 'a bundle with version 0, signed by the right key',
  ...USUAL,
  ...refused('lower', /^version 0 is lower than /),
});

export const updateTooLarge = claim({
  name: 'update-too-large',
  promise: () => 'An update that does not fit into its slot is refused.',
  tried: 'a bundle whose second image is larger than its partition',
  ...USUAL,
  ...refused('too-large', / takes \d+ bytes, and its partition /),
});

export const updateTruncated = claim({
  name: 'update-truncated',
  promise: () => 'An update that is cut short is refused.',
  tried: 'a bundle without its last 4096 bytes',
  ...USUAL,
  ...refused('truncated', /signature|bundle size/i),
});

export const updateAltered = claim({
  name: 'update-altered',
  promise: () => 'An update of which one bit was turned is refused before anything is written.',
  tried: 'one bit in the middle of a bundle turned',
  ...USUAL,
  ...refused('altered', /the bundle is damaged/),
});
