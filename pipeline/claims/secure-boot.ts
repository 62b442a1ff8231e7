import { ask } from './ask.ts';
import { claim, fact } from './claim.ts';
import { isEnforced } from './enforced.ts';

export const secureBoot = claim({
  name: 'secure-boot',
  promise: () => 'The firmware starts it under Secure Boot, and the kernel is locked down.',
  tried: 'SecureBoot and SetupMode of the firmware read, and the state of lockdown',
  scenario: 'attacked',
  applies: isEnforced,
  prove: async ({ machine }) => {
    // The value follows four bytes of attributes.
    const answers = await ask(
      machine,
      `for each in SecureBoot SetupMode; do
  say "$each" "$(od -An -tu1 -j4 -N1 "/sys/firmware/efi/efivars/$each-8be4df61-93ca-11d2-aa0d-00e098032b8c" | tr -d ' ')"
done
mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
tell lockdown cat /sys/kernel/security/lockdown`,
    );
    const [on, setUp, lockdown] = [answers.one('SecureBoot'), answers.one('SetupMode'), answers.one('lockdown')];
    return [
      fact(on === '1' && setUp === '0', `SecureBoot ${on}, SetupMode ${setUp}`),
      fact(/\[(integrity|confidentiality)\]/.test(lockdown), `lockdown: ${lockdown}`),
    ];
  },
});
